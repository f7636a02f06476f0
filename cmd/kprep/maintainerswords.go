package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/maintainers"
)

// maintainersWords is a command line of the verb: its own options, and the words
// that are the script's.
type maintainersWords struct {
	script, json, explain bool
	era                   maintainers.Era
	chiefs                []string // as [maintainers.Project] has them; nil for the script's
	question              []string // flags of --to or --cc
	words                 []string // what Options.Parse is to read
	theirs                []string // as the user wrote them
}

func readMaintainersWords(words []string) (maintainersWords, error) {
	var m maintainersWords
	asked := ""
	for i := 0; i < len(words); i++ {
		word := words[i]
		name, value, attached := strings.Cut(word, "=")
		switch {
		case word == "--":
			m.theirs = append(m.theirs, words[i:]...)
			i = len(words)
		case word == "--to" || word == "--cc":
			if asked != "" && asked != word {
				return m, usagef("maintainers", "--to and --cc cannot stand together")
			}
			asked, m.question = word, maintainers.ToFlags()
			if word == "--cc" {
				m.question = maintainers.CcFlags()
			}
		case word == "--json":
			m.json = true
		case word == "--explain":
			m.explain = true
		case word == "--script":
			m.script = true
		case name == "--era" || name == "--chief":
			if !attached && i+1 < len(words) {
				i++
				value = words[i]
			}
			if name == "--chief" {
				chief, address, ok := strings.Cut(value, ":")
				if !ok || strings.TrimSpace(chief) == "" || !strings.Contains(address, "@") {
					return m, usagef("maintainers", "--chief wants NAME:ADDRESS, not %q", value)
				}
				m.chiefs = append(m.chiefs, strings.TrimSpace(chief)+" <"+strings.TrimSpace(address)+">")
				continue
			}
			if m.era = map[string]maintainers.Era{"old": maintainers.Old, "new": maintainers.New}[value]; m.era == 0 {
				return m, usagef("maintainers", "--era is old or new, not %q", value)
			}
		default:
			m.theirs = append(m.theirs, word)
		}
	}
	if m.json && m.explain {
		return m, usagef("maintainers", "--json and --explain cannot stand together")
	}
	if m.script && (m.json || m.explain || m.era != 0 || m.chiefs != nil) {
		return m, usagef("maintainers", "--script goes with --to, --cc and the script's own options only")
	}
	m.words = slices.Concat([]string{"--nogit", "--nogit-fallback"}, m.question, m.theirs)
	return m, nil
}

// maintainersScript runs the tree's own script in the top, where it wants to be.
// The user asks for exactly that, so nothing more is asked.
func (e *env) maintainersScript(ctx context.Context, top string, given maintainersWords) error {
	script := filepath.Join(top, filepath.FromSlash(maintainers.ScriptPath))
	if info, err := os.Stat(script); err != nil || !gitrepo.Executable(info) {
		return fmt.Errorf("there is no executable %s in %s", maintainers.ScriptPath, top)
	}
	args := slices.Clone(given.question)
	for _, word := range given.theirs {
		if !strings.HasPrefix(word, "-") {
			if full, err := filepath.Abs(e.path(word)); err == nil {
				if _, err := os.Stat(full); err == nil {
					word = full
				}
			}
		}
		args = append(args, word)
	}
	cmd := exec.CommandContext(ctx, script, args...)
	cmd.Dir, cmd.Env = top, e.environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.stdin, e.stdout, e.complaints()
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		return &exitError{status: exit.ExitCode()}
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", maintainers.ScriptPath, cause(err))
	}
	return nil
}

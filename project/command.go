package project

import (
	"fmt"
	"strings"
)

// A Command is a command line to run, where it came from, and what speaks
// against running it. The zero value is no command.
type Command struct {
	Name     string   // the setting it answers, such as "send-auto-to-cmd"
	Key      string   // the full key it came from, or the path of the project's script
	Line     string   // as written
	Args     []string // what kprep puts behind the words of Line
	FromTree bool     // from the project, not from the user; or a preset's that runs a script of the tree
	Where    string   // of FromTree, for people: "in .b4-config", "in .gitpublish", "from a preset"
	// Changed is the SHA-256 of the script in the work tree that Line runs, when
	// it is not the base commit's; else "". It is known for FromTree only.
	Changed string

	words   []string
	unasked bool // the project's own script, which needs consent only when Changed
}

// Words is the command line taken apart: the program, then its arguments. A
// relative path is meant from the top of the work tree.
func (c Command) Words() []string {
	return append(c.words[:len(c.words):len(c.words)], c.Args...)
}

// String is the command line for people.
func (c Command) String() string {
	return strings.Join(append([]string{c.Line}, c.Args...), " ")
}

// NeedsConsent says whether the command may run only with the user's consent.
func (c Command) NeedsConsent() bool {
	return c.FromTree && !(c.unasked && c.Changed == "")
}

// Command returns the command that a setting holds; the last one in a source
// counts. It does not look at consent: see [Consents.Check]. A line that is
// empty counts as not set, as for b4; one that cannot be taken apart is an
// error.
func (s *Settings) Command(name string) (Command, bool, error) {
	all, err := s.Commands(name)
	if err != nil || len(all) == 0 {
		return Command{}, false, err
	}
	return all[len(all)-1], true, nil
}

// Commands returns all commands of a setting that may hold several, from the
// first source that has any.
func (s *Settings) Commands(name string) ([]Command, error) {
	for _, src := range s.sources(name, true) {
		var list []Command
		for _, line := range src.values() {
			c, ok, err := s.command(name, src, line)
			if err != nil {
				return nil, err
			}
			if ok {
				list = append(list, c)
			}
		}
		if len(list) > 0 {
			return list, nil
		}
	}
	return nil, nil
}

// command is a line of a source; false for an empty one.
func (s *Settings) command(name string, src source, line string) (Command, bool, error) {
	words, err := splitWords(line)
	if err != nil {
		return Command{}, false, fmt.Errorf("%s: command line %q: %w", src.where(), line, err)
	}
	if len(words) == 0 {
		return Command{}, false, nil
	}
	c := Command{Name: name, Key: src.key, Line: line, words: words}
	script := s.script(words)
	switch {
	case src.file != "":
		c.FromTree, c.Where = true, "in "+src.file
	case src.preset && script != "":
		c.FromTree, c.Where = true, "from a preset"
	default:
		return c, true, nil
	}
	if c.Changed, err = s.changed(script); err != nil {
		return Command{}, false, fmt.Errorf("%s: command line %q: %w", src.where(), line, err)
	}
	return c, true, nil
}

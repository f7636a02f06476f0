package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/docs"
)

// What pages and hints say of command lines: each names a verb that there is,
// with options that it has.

// spelledOut are words that stand where a verb or an action would, in sentences
// about kprep.
func spelledOut() []string { return []string{"VERB", "…", "..."} }

// wrongLine returns what is wrong with a command line that a text quotes, or
// nil. Values, which a text may leave out, are not looked at.
func wrongLine(app *cli.App, line string) error {
	line = regexp.MustCompile(`[|>;&#].*`).ReplaceAllString(line, "")
	var words []string
	for _, w := range strings.Fields(line)[1:] {
		w = strings.Trim(w, `'",.()`)
		if w == "" || strings.HasPrefix(w, "[") || slices.Contains(spelledOut(), w) {
			break
		}
		words = append(words, w)
	}
	if len(words) == 0 {
		return nil
	}
	if words[0] == "help" && len(words) > 1 {
		return wrongTopic(app, words[len(words)-1])
	}
	_, err := normalise(app, words)
	if usage := (*usageError)(nil); errors.As(err, &usage) && strings.Contains(usage.text, "unknown ") {
		return err
	}
	return nil
}

// wrongTopic says that help knows nothing about a topic, or nil.
func wrongTopic(app *cli.App, topic string) error {
	pages, err := docs.Pages()
	if err != nil {
		return err
	}
	if topic == "TOPIC" || find(app.Commands, topic) != nil || slices.Contains(topicNames(pages), topic) {
		return nil
	}
	return fmt.Errorf("there is no help about %q", topic)
}

func TestPagesSpellCommandLinesRight(t *testing.T) {
	t.Parallel()
	e := testEnv(t).env
	app := newApp(e, commands(e))
	span := regexp.MustCompile("`(kprep [^`]+)`")
	count := 0
	for page, text := range userPages(t) {
		lines := []string{}
		for _, m := range span.FindAllStringSubmatch(text, -1) {
			lines = append(lines, m[1])
		}
		for _, c := range documentedCommands(page, text) {
			lines = append(lines, kprepIn(c.line)...)
		}
		for _, line := range lines {
			count++
			if err := wrongLine(app, line); err != nil {
				t.Errorf("%s: %q: %v", page, line, err)
			}
		}
	}
	if count < 200 {
		t.Errorf("the pages quote only %d command lines: are they read?", count)
	}
}

// foreignOptions are those of git, gpg and checkpatch.pl that pages name.
func foreignOptions() []string {
	return []string{"--end-of-options", "--no-auto-key-retrieve", "--codespell"}
}

// An option that a page names without its verb is one of some verb.
func TestPagesSpellOptionsRight(t *testing.T) {
	t.Parallel()
	e := testEnv(t).env
	app := newApp(e, commands(e))
	known := allOptions(app.Commands, app.Flags)
	span := regexp.MustCompile("`(--[a-z0-9][a-z0-9-]*)")
	foreign := foreignOptions()
	for page, text := range userPages(t) {
		if v := find(app.Commands, strings.TrimSuffix(page, ".md")); v != nil && v.SkipFlagParsing {
			continue // it takes another program's
		}
		for _, m := range span.FindAllStringSubmatch(text, -1) {
			if !known[m[1]] && !slices.Contains(foreign, m[1]) {
				t.Errorf("%s: no verb has the option %s", page, m[1])
			}
		}
	}
}

// allOptions are the long names of flags and of those of verbs, with dashes.
func allOptions(verbs []*cli.Command, flags []cli.Flag) map[string]bool {
	known := map[string]bool{"--help": true}
	for _, f := range flags {
		for _, name := range f.Names() {
			known["--"+name] = true
			known["--no-"+name] = !takesValue(f)
		}
	}
	for _, v := range verbs {
		maps.Copy(known, allOptions(v.Subcommands, v.Flags))
	}
	return known
}

// kprepIn returns the command lines of kprep in one for a shell.
func kprepIn(line string) []string {
	var lines []string
	for _, m := range regexp.MustCompile(`(?m)(?:^|[|;&(<'] *)(kprep [a-z-][^\n|;&]*)`).FindAllStringSubmatch(line, -1) {
		lines = append(lines, m[1])
	}
	return lines
}

// A hint that names what is not there leads nowhere.
func TestHintsSpellCommandLinesRight(t *testing.T) {
	t.Parallel()
	e := testEnv(t).env
	app := newApp(e, commands(e))
	quoted := regexp.MustCompile(`'(kprep [^']+)'`)
	count := 0
	for _, text := range programTexts(t) {
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			count++
			if strings.HasPrefix(m[1], "kprep %") {
				continue // a verb that is put in
			}
			if err := wrongLine(app, m[1]); err != nil {
				t.Errorf("%q: %v", m[1], err)
			}
		}
	}
	if count < 100 {
		t.Errorf("the program quotes only %d command lines: is it read?", count)
	}
}

// programTexts are all literal texts of the program, joined where the source
// joins them.
func programTexts(t testing.TB) []string {
	t.Helper()
	var texts []string
	files, err := filepath.Glob(filepath.Join("..", "..", "*", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob(filepath.Join("..", "..", "*", "*", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, deeper...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			expression, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text, literal := literalText(expression)
			if literal {
				texts = append(texts, text)
			}
			return !literal
		})
	}
	return texts
}

// literalText is the text of literals joined by "+".
func literalText(x ast.Expr) (string, bool) {
	switch x := x.(type) {
	case *ast.BasicLit:
		if x.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(x.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, ok := literalText(x.X)
		right, also := literalText(x.Y)
		return left + right, ok && also && x.Op == token.ADD
	}
	return "", false
}

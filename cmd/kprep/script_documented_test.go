package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kprep/kprep/docs"
)

// runDocumented: documented PAGE COMMAND [SHOWN=>HERE]... It runs a command that
// the page shows, in a shell, each SHOWN in it replaced by HERE: what a reader
// puts there. With "!" it has to fail.
func runDocumented(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: documented PAGE COMMAND [SHOWN=>HERE]...")
	}
	page, line := args[0], args[1]
	for _, c := range pageCommands(ts, page) {
		if c.line == line {
			err := shell(ts, line, args[2:])
			if (err != nil) != neg {
				ts.Fatalf("%s: %q: %v", page, line, err)
			}
			return
		}
	}
	ts.Fatalf("%s shows no command %q", page, line)
}

// walkPage: walk PAGE [SHOWN=>HERE]... It runs all commands of a page in order,
// each where the one before has ended, and compares what they print with what
// the page shows: "…" stands for any part of a line, alone for any lines. Where
// the page shows nothing, anything may be printed.
func walkPage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: walk PAGE [SHOWN=>HERE]...")
	}
	for _, c := range pageCommands(ts, args[0]) {
		err := shell(ts, c.line, args[1:])
		printed := ts.ReadFile("stdout")
		if err != nil {
			ts.Fatalf("%s: %q: %v\n%s", args[0], c.line, err, printed)
		}
		if c.output != "" && !shownAs(c.output).MatchString(printed) {
			ts.Fatalf("%s: %q printed\n%s\nbut the page shows\n%s", args[0], c.line, printed, c.output)
		}
	}
}

func pageCommands(ts *testscript.TestScript, page string) []documentedCommand {
	text, err := readPage(page)
	ts.Check(err)
	list := documentedCommands(page, text)
	if len(list) == 0 {
		ts.Fatalf("%s shows no command", page)
	}
	return list
}

func readPage(page string) (string, error) {
	if page == "README.md" {
		text, err := os.ReadFile(filepath.Join("..", "..", page))
		return string(text), err
	}
	all, err := docs.Pages()
	if err != nil {
		return "", err
	}
	p, found := docs.Find(all, strings.TrimSuffix(page, ".md"))
	if !found {
		return "", fmt.Errorf("there is no page %s", page)
	}
	return p.Text, nil
}

// copySources: sources. It makes $WORK/sources, from which make builds kprep with
// what Go has in its caches, and goes there.
func copySources(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: sources")
	}
	dir := filepath.Join(ts.Getenv("WORK"), "sources")
	root := filepath.Join("..", "..")
	ts.Check(filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch to := filepath.Join(dir, name); {
		case name == ".git" || name == "bin" || name == "dist" || entry.Name() == "testdata" && entry.IsDir():
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return os.MkdirAll(to, 0o700)
		case entry.Type().IsRegular():
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(to, text, 0o600)
		}
		return nil
	}))
	for _, key := range []string{"GOCACHE", "GOMODCACHE", "GOROOT"} {
		value, err := exec.Command("go", "env", key).Output()
		ts.Check(err)
		ts.Setenv(key, strings.TrimSpace(string(value)))
	}
	ts.Check(ts.Chdir(dir))
}

// shell runs a command as a reader's shell would, all that it prints being its
// output, and goes where it ends.
func shell(ts *testscript.TestScript, line string, replacements []string) error {
	for _, r := range replacements {
		shown, here, ok := strings.Cut(r, "=>")
		if !ok {
			ts.Fatalf("a replacement is SHOWN=>HERE, not %q", r)
		}
		line = strings.ReplaceAll(line, shown, here)
	}
	place := filepath.Join(ts.Getenv("WORK"), ".place")
	err := ts.Exec("bash", "-e", "-c", "exec 2>&1\n"+line+"\npwd >"+place)
	if err != nil {
		return err
	}
	dir, err := os.ReadFile(place)
	if err != nil {
		return err
	}
	return ts.Chdir(strings.TrimSpace(string(dir)))
}

// shownAs matches what a page shows as output.
func shownAs(output string) *regexp.Regexp {
	var b strings.Builder
	for line := range strings.Lines(output) {
		if line == "…\n" {
			b.WriteString(`(?:.*\n)*`)
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*"))
	}
	return regexp.MustCompile("^" + b.String() + "$")
}

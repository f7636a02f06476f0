package project_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/project"
)

// asked makes a repository whose .b4-config wants to run something.
func asked(t *testing.T, line string) (*gittest.Repo, *gitrepo.Repo, project.Command) {
	t.Helper()
	r := gittest.New(t)
	writeScript(t, r, "scripts/who", "#!/bin/sh\n")
	r.Write(".b4-config", "[b4]\nsend-auto-to-cmd = "+line+"\nsend-auto-cc-cmd = "+line+"\n")
	s, repo := load(t, r, r.Commit("base\n"))
	cmd, ok, err := s.Command("send-auto-to-cmd")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	return r, repo, cmd
}

func TestConsentIsForExactlyOneCommand(t *testing.T) {
	t.Parallel()
	c := project.Consents{File: filepath.Join(t.TempDir(), "data", "kprep", "consent.json")}
	r, repo, cmd := asked(t, "./scripts/who --to <&>")

	wants := (*project.ConsentError)(nil)
	if err := c.Check(repo, cmd); !errors.As(err, &wants) || wants.Command.Line != cmd.Line ||
		err.Error() != `b4.send-auto-to-cmd in .b4-config wants to run "./scripts/who --to <&>", and does not without consent` {
		t.Fatalf("before: %v", err)
	}
	for range 2 {
		if err := c.Give(repo, cmd); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Check(repo, cmd); err != nil {
		t.Errorf("after: %v", err)
	}

	_, elsewhere, _ := asked(t, "./scripts/who --to <&>")
	if given, err := c.Given(elsewhere, cmd); given || err != nil {
		t.Errorf("another repository: %v, %v", given, err)
	}
	s, _ := load(t, r, r.Git("rev-parse", "HEAD"))
	cc, _, _ := s.Command("send-auto-cc-cmd")
	if given, err := c.Given(repo, cc); given || err != nil {
		t.Errorf("another key: %v, %v", given, err)
	}
	r.Write(".b4-config", "[b4]\nsend-auto-to-cmd = ./scripts/who  --to <&>\n")
	s, _ = load(t, r, r.Commit("another line\n"))
	other, _, _ := s.Command("send-auto-to-cmd")
	if given, err := c.Given(repo, other); given || err != nil {
		t.Errorf("another line, by one blank: %v, %v", given, err)
	}
	writeScript(t, r, "scripts/who", "#!/bin/sh\nevil\n")
	changed, _, _ := s.Command("send-auto-to-cmd")
	if err := c.Give(repo, other); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(repo, changed); err == nil || !strings.Contains(err.Error(), "whose script is not the base commit's") {
		t.Errorf("another script: %v", err)
	}

	info, err := os.Stat(c.File)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file: %v, %v", info.Mode(), err)
	}
	if info, err = os.Stat(filepath.Dir(c.File)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(c.File)
	if err != nil || strings.Count(string(text), `"command"`) != 2 || !strings.Contains(string(text), `--to <&>"`) {
		t.Errorf("%v\n%s", err, text)
	}
	if all, _ := os.ReadDir(filepath.Dir(c.File)); len(all) != 1 {
		t.Errorf("something was left behind: %v", all)
	}
}

func TestWhatNeedsNoConsent(t *testing.T) {
	t.Parallel()
	r, _, _ := asked(t, "tree")
	r.Git("config", "b4.send-auto-to-cmd", "./scripts/who")
	s, repo := load(t, r, r.Git("rev-parse", "HEAD"))
	cmd, _, _ := s.Command("send-auto-to-cmd")
	if err := (project.Consents{}).Check(repo, cmd); err != nil {
		t.Errorf("the user's own: %v", err)
	}
}

func TestConsentToAChangedScriptEndsWithTheNextChange(t *testing.T) {
	t.Parallel()
	const script = "scripts/get_maintainer.pl"
	c := project.Consents{File: filepath.Join(t.TempDir(), "consent.json")}
	r := gittest.New(t)
	writeScript(t, r, script, "#!/usr/bin/perl\n")
	s, repo := load(t, r, r.Commit("base\n"))
	writeScript(t, r, script, "#!/usr/bin/perl\n# mine\n")
	to, _, _ := s.RecipientCommands()
	if err := c.Check(repo, to); err == nil || err.Error() != "scripts/get_maintainer.pl of the work tree is not the base commit's, and does not run without consent" {
		t.Fatalf("before: %v", err)
	}
	if err := c.Give(repo, to); err != nil {
		t.Fatal(err)
	}
	to, cc, _ := s.RecipientCommands()
	if err := errors.Join(c.Check(repo, to), c.Check(repo, cc)); err != nil {
		t.Errorf("one consent is for the script, whatever kprep asks it: %v", err)
	}
	writeScript(t, r, script, "#!/usr/bin/perl\n# theirs\n")
	to, _, _ = s.RecipientCommands()
	if err := c.Check(repo, to); !errors.As(err, new(*project.ConsentError)) {
		t.Errorf("changed again: %v", err)
	}
}

func TestUntrustworthyConsentFiles(t *testing.T) {
	t.Parallel()
	_, repo, cmd := asked(t, "./scripts/who")
	for _, c := range []struct {
		why, text string
		mode      os.FileMode
		want      string
	}{
		{"no JSON", "{", 0o600, "consent.json"},
		{"a later form", `{"version": 2}`, 0o600, "form 2"},
		{"others may write it", `{"version": 1}`, 0o622, "can be written by others"},
	} {
		file := filepath.Join(t.TempDir(), "consent.json")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, c.mode); err != nil {
			t.Fatal(err)
		}
		consents := project.Consents{File: file}
		for _, err := range []error{consents.Check(repo, cmd), consents.Give(repo, cmd)} {
			if err == nil || !strings.Contains(err.Error(), c.want) || errors.As(err, new(*project.ConsentError)) {
				t.Errorf("%s: %v", c.why, err)
			}
		}
		if text, _ := os.ReadFile(file); string(text) != c.text {
			t.Errorf("%s: the file is now %q", c.why, text)
		}
	}
	if err := (project.Consents{}).Give(repo, cmd); err == nil {
		t.Error("the zero value took a consent")
	}
	_, repo, cmd = asked(t, "./scripts/who \xfe")
	if err := (project.Consents{File: filepath.Join(t.TempDir(), "f")}).Give(repo, cmd); err == nil || !strings.Contains(err.Error(), "not UTF-8") {
		t.Errorf("a line that JSON cannot keep: %v", err)
	}
}

func TestUserConsents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, data, home, want string }{
		{"XDG", "/data", "/home/j", "/data/kprep/consent.json"},
		{"default", "", "/home/j", "/home/j/.local/share/kprep/consent.json"},
		{"a relative one is not valid", "data", "/home/j", "/home/j/.local/share/kprep/consent.json"},
		{"nothing", "", "", ""},
	} {
		env := map[string]string{"XDG_DATA_HOME": c.data, "HOME": c.home}
		got, err := project.UserConsents(func(key string) string { return env[key] })
		if got.File != c.want || (c.want == "") != (err != nil) {
			t.Errorf("%s: %+v, %v", c.why, got, err)
		}
	}
}

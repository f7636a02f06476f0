package project_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// writeScript puts a program into the work tree.
func writeScript(t *testing.T, r *gittest.Repo, name, content string) {
	t.Helper()
	r.Write(name, content)
	if err := os.Chmod(filepath.Join(r.Dir, name), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestCommandSources(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	writeScript(t, r, "scripts/who", "#!/bin/sh\n")
	r.Write(".b4-config", "[b4]\nsend-auto-to-cmd = ./scripts/who --to 'a b'\nsend-auto-cc-cmd = tree\n"+
		"prep-perpatch-check-cmd = one\nprep-perpatch-check-cmd = two\n")
	base := r.Commit("base\n")
	r.Git("config", "b4.send-auto-cc-cmd", "mine --cc")
	s, _ := load(t, r, base)

	to, ok, err := s.Command("send-auto-to-cmd")
	if !ok || err != nil || !to.FromTree || !to.NeedsConsent() || to.Changed != "" || to.Key != "b4.send-auto-to-cmd" ||
		to.Line != "./scripts/who --to 'a b'" || !slices.Equal(to.Words(), []string{"./scripts/who", "--to", "a b"}) {
		t.Errorf("To command: %+v, %v, %v", to, ok, err)
	}
	cc, ok, err := s.Command("send-auto-cc-cmd")
	if !ok || err != nil || cc.FromTree || cc.NeedsConsent() || cc.Line != "mine --cc" {
		t.Errorf("Cc command: %+v, %v, %v", cc, ok, err)
	}
	if all, err := s.Commands("prep-perpatch-check-cmd"); len(all) != 2 || all[1].Line != "two" || err != nil {
		t.Errorf("check commands: %+v, %v", all, err)
	}

	r.Git("config", "b4.send-auto-cc-cmd", "")
	s, _ = load(t, r, base)
	if cc, _, _ = s.Command("send-auto-cc-cmd"); cc.Line != "tree" {
		t.Errorf("an empty line is not set: %+v", cc)
	}
	r.Git("config", "kprep.send-auto-cc-cmd", `mine "open`)
	s, _ = load(t, r, base)
	if _, _, err = s.Command("send-auto-cc-cmd"); err == nil || !strings.Contains(err.Error(), "configuration kprep.send-auto-cc-cmd: command line") {
		t.Errorf("a broken line says where: %v", err)
	}
}

func TestChangedScripts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, line string
		change    bool // that the change to scripts/who is noticed
	}{
		{"the program", "./scripts/who --x", true},
		{"the program without ./", "scripts/who", true},
		{"the program by a detour", "scripts/../scripts/who", true},
		{"what an interpreter runs", "sh -e scripts/who --x", true},
		{"another program", "./scripts/other scripts/who", false},
		{"a program in PATH", "true --x", false},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			writeScript(t, r, "scripts/who", "#!/bin/sh\n")
			writeScript(t, r, "scripts/other", "#!/bin/sh\n")
			r.Write(".b4-config", "[b4]\nsend-auto-to-cmd = "+c.line+"\n")
			base := r.Commit("base\n")
			s, _ := load(t, r, base)
			if cmd, _, err := s.Command("send-auto-to-cmd"); err != nil || cmd.Changed != "" {
				t.Errorf("unchanged: %+v, %v", cmd, err)
			}
			writeScript(t, r, "scripts/who", "#!/bin/sh\nevil\n")
			if cmd, _, err := s.Command("send-auto-to-cmd"); err != nil || (cmd.Changed != "") != c.change {
				t.Errorf("changed: %+v, %v", cmd, err)
			}
		})
	}
}

func TestRecipientCommands(t *testing.T) {
	t.Parallel()
	const script = "scripts/get_maintainer.pl"
	want := []string{script, "--nogit", "--nogit-fallback", "--nogit-chief-penguins", "--norolestats", "--nol"}
	r := gittest.New(t)
	writeScript(t, r, script, "#!/usr/bin/perl\n")
	base := r.Commit("base\n")
	s, _ := load(t, r, base)

	to, cc, err := s.RecipientCommands()
	if err != nil || !slices.Equal(to.Words(), want) || to.NeedsConsent() || to.Name != "send-auto-to-cmd" || to.Key != script {
		t.Errorf("To: %+v, %v", to, err)
	}
	want[5] = "--nom"
	if !slices.Equal(cc.Words(), want) || cc.NeedsConsent() {
		t.Errorf("Cc: %+v", cc)
	}

	t.Run("a changed script needs consent", func(t *testing.T) {
		writeScript(t, r, script, "#!/usr/bin/perl\nevil();\n")
		if to, _, err := s.RecipientCommands(); err != nil || !to.NeedsConsent() {
			t.Errorf("To: %+v, %v", to, err)
		}
	})
	t.Run("without a base there is nothing to compare with", func(t *testing.T) {
		s, _ := load(t, r, "")
		if to, _, err := s.RecipientCommands(); err != nil || !to.NeedsConsent() {
			t.Errorf("To: %+v, %v", to, err)
		}
	})
	t.Run("a script the base commit lacks needs consent", func(t *testing.T) {
		r := gittest.New(t)
		base := r.Commit("empty\n")
		writeScript(t, r, script, "#!/usr/bin/perl\n")
		s, _ := load(t, r, base)
		if to, _, err := s.RecipientCommands(); err != nil || !to.NeedsConsent() {
			t.Errorf("To: %+v, %v", to, err)
		}
	})
	t.Run("the user's command wins, each for itself", func(t *testing.T) {
		r.Git("config", "b4.send-auto-to-cmd", "mine")
		s, _ := load(t, r, base)
		to, cc, err := s.RecipientCommands()
		if err != nil || to.Line != "mine" || to.NeedsConsent() || cc.Key != script {
			t.Errorf("To: %+v, Cc: %+v, %v", to, cc, err)
		}
	})
	for why, prepare := range map[string]func(*gittest.Repo){
		"a script that is not executable": func(r *gittest.Repo) { r.Write(script, "#!/usr/bin/perl\n") },
		"a directory of that name":        func(r *gittest.Repo) { r.Write(script+"/file", "") },
		"a file in place of scripts":      func(r *gittest.Repo) { r.Write("scripts", "") },
		"a sparse checkout": func(r *gittest.Repo) {
			writeScript(t, r, script, "#!/usr/bin/perl\n")
			r.Commit("with script\n")
			r.Git("sparse-checkout", "set", "doc")
		},
	} {
		t.Run(why+" is no command", func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			prepare(r)
			s, _ := load(t, r, r.Commit("base\n"))
			if to, cc, err := s.RecipientCommands(); err != nil || to.Line != "" || cc.Line != "" {
				t.Errorf("To: %+v, Cc: %+v, %v", to, cc, err)
			}
		})
	}
}

func TestNoWorkTree(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	writeScript(t, r, "scripts/get_maintainer.pl", "#!/usr/bin/perl\n")
	r.Write(".b4-config", "[b4]\nprep-cover-template = ./cover\n")
	r.Write("cover", "text\n")
	base := r.Commit("base\n")
	bare := *r
	bare.Dir = filepath.Join(r.Dir, ".git")
	s, _ := load(t, &bare, base)
	if to, cc, err := s.RecipientCommands(); err != nil || to.Line != "" || cc.Line != "" {
		t.Errorf("To: %+v, Cc: %+v, %v", to, cc, err)
	}
	if v, _ := s.Get("prep-cover-template"); v.Text != "./cover" {
		t.Errorf("there is no top to resolve against: %+v", v)
	}
	if data, err := s.ReadFile("prep-cover-template"); string(data) != "text\n" || err != nil {
		t.Errorf("the base commit is there: %q, %v", data, err)
	}
}

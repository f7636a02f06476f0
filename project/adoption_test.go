package project_test

import (
	"context"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/project"
)

// adopt sets the repository up for a preset.
func adopt(t *testing.T, r *gittest.Repo, base, name string) {
	t.Helper()
	s, _ := load(t, r, base)
	preset, err := project.FindPreset(name)
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Adopt(context.Background(), project.Choice{Match: project.Match{Preset: preset}})
	if err == nil {
		err = a.Apply(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The line is ours and the script the project's: it does not run unasked,
// until the user writes the line himself.
func TestPresetCommandsNeedConsent(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	writeScript(t, r, "utils/get-developers", "#!/bin/sh\n")
	base := r.Commit("base\n")
	adopt(t, r, base, "buildroot")

	s, _ := load(t, r, base)
	c, ok, err := s.Command("send-auto-cc-cmd")
	if !ok || err != nil || !c.NeedsConsent() || c.Key != "b4.send-auto-cc-cmd" || c.Where != "from a preset" || c.Changed != "" {
		t.Errorf("%+v, %v, %v", c, ok, err)
	}
	writeScript(t, r, "utils/get-developers", "#!/bin/sh\nevil\n")
	if c, _, _ := s.Command("send-auto-cc-cmd"); c.Changed == "" {
		t.Error("a changed script is not noticed")
	}
	r.Git("config", "b4.send-auto-cc-cmd", "./utils/get-developers -e - --mine")
	s, _ = load(t, r, base)
	if c, _, _ := s.Command("send-auto-cc-cmd"); c.NeedsConsent() {
		t.Errorf("the user's own line waits for consent: %+v", c)
	}
}

// What runs nothing of the tree waits for nobody.
func TestPresetCommandsOutsideTheTree(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	base := r.Commit("base\n")
	adopt(t, r, base, "qemu")
	s, _ := load(t, r, base)
	if c, ok, err := s.Command("send-auto-to-cmd"); !ok || err != nil || c.Line != "echo" || c.NeedsConsent() {
		t.Errorf("%+v, %v, %v", c, ok, err)
	}
}

func TestProjectFilesBeforePresets(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	base := r.Commit("base\n")
	adopt(t, r, base, "git")
	get := func(commit, want string, fromTree bool) {
		t.Helper()
		s, _ := load(t, r, commit)
		if v, _ := s.Get("send-series-to"); v.Text != want || v.FromTree() != fromTree {
			t.Errorf("%+v, want %s", v, want)
		}
	}
	get(base, "git@vger.kernel.org", false)
	r.Write(".gitpublish", "[gitpublishprofile \"default\"]\nto = published@example.org\n")
	get(r.Commit("publish\n"), "published@example.org", true)
	r.Write(".b4-config", "[b4]\nsend-series-to = tree@example.org\n")
	both := r.Commit("configure\n")
	get(both, "tree@example.org", true)
	r.Git("config", "--global", "b4.send-series-to", "me@example.org")
	get(both, "me@example.org", false)
	r.Git("config", "b4.send-series-to", "here@example.org")
	get(both, "here@example.org", false)
}

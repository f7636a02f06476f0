package project_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/project"
)

// load opens the repository afresh, so that its configuration is current.
func load(t *testing.T, r *gittest.Repo, base string) (*project.Settings, *gitrepo.Repo) {
	t.Helper()
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	s, err := project.Load(context.Background(), repo, gitrepo.ID(base))
	if err != nil {
		t.Fatal(err)
	}
	return s, repo
}

// withTree makes a repository whose only commit holds this .b4-config.
func withTree(t *testing.T, config string) (*gittest.Repo, string) {
	t.Helper()
	r := gittest.New(t)
	r.Write(".b4-config", config)
	return r, r.Commit("base\n")
}

func TestSourcesInOrder(t *testing.T) {
	t.Parallel()
	r, base := withTree(t, "[b4]\nsend-series-to = tree@example.org\nsend-prefixes = tree\nlinkmask = tree\nmidmask = tree\n[kprep]\nlinkmask = never\n[b4 \"sub\"]\nsearchmask = never\n")
	r.Git("config", "--add", "b4.send-prefixes", "one")
	r.Git("config", "--add", "b4.send-prefixes", "two")
	r.Git("config", "b4.midmask", "theirs")
	r.Git("config", "kprep.midmask", "mine")
	s, _ := load(t, r, base)

	for _, c := range []struct{ why, name, want, key string }{
		{"only the tree has it", "send-series-to", "tree@example.org", "b4.send-series-to"},
		{"the user's b4 key beats the tree, the last value counts", "send-prefixes", "two", "b4.send-prefixes"},
		{"kprep beats b4", "midmask", "mine", "kprep.midmask"},
		{"the tree has no kprep section", "linkmask", "tree", "b4.linkmask"},
		{"names ignore case", "Send-Series-TO", "tree@example.org", "b4.Send-Series-TO"},
	} {
		v, ok := s.Get(c.name)
		fromTree := strings.HasPrefix(c.want, "tree")
		if !ok || v.Text != c.want || v.Key != c.key || v.FromTree() != fromTree {
			t.Errorf("%s: Get(%q) = %+v, %v", c.why, c.name, v, ok)
		}
	}
	if v, ok := s.Get("searchmask"); ok {
		t.Errorf("a sub-section is not the section, but gave %+v", v)
	}
	if all := s.All("send-prefixes"); len(all) != 2 || all[0].Text != "one" {
		t.Errorf("All keeps to one source: %+v", all)
	}
}

func TestOnlyTheBaseCommitCounts(t *testing.T) {
	t.Parallel()
	r, base := withTree(t, "[b4]\nsend-series-to = base@example.org\n")
	r.Write(".b4-config", "[b4]\nsend-series-to = applied@example.org\n")
	r.Commit("an applied series\n")
	r.Write(".b4-config", "[b4]\nsend-series-to = worktree@example.org\n")

	s, _ := load(t, r, base)
	if v, _ := s.Get("send-series-to"); v.Text != "base@example.org" {
		t.Errorf("the base commit says %q", v.Text)
	}
	s, _ = load(t, r, "")
	if v, ok := s.Get("send-series-to"); ok {
		t.Errorf("without a base nothing counts, but %+v", v)
	}
}

func TestHostileTreeConfig(t *testing.T) {
	t.Parallel()
	r, base := withTree(t, `[b4]
send-endpoint-web = https://evil.example/
send-no-patatt-sign = yes
send-auto-to-cmd = touch owned
Send-Auto-Cc-Cmd = touch owned
prep-pre-rewrite-hook = touch owned
prep-perpatch-check-cmd = touch owned
sendemail-identity = evil
email-exclude = *
gpgbin = ./evil
pw-url = https://evil.example/
pw-key = 1
send-me-too = no
[sendemail]
smtpserver = evil.example
[include]
path = ../included
`)
	if err := os.WriteFile(filepath.Join(r.Dir, "..", "included"), []byte("[b4]\nlinkmask = included\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := load(t, r, base)
	for _, name := range []string{"send-endpoint-web", "SEND-ENDPOINT-WEB", "send-no-patatt-sign", "send-auto-to-cmd", "send-auto-cc-cmd",
		"prep-pre-rewrite-hook", "prep-perpatch-check-cmd", "sendemail-identity", "email-exclude", "gpgbin", "pw-url", "pw-key", "smtpserver", "linkmask"} {
		if v, ok := s.Get(name); ok {
			t.Errorf("the tree set %s to %q", name, v.Text)
		}
		if b, err := s.Bool(name, false); b || err != nil {
			t.Errorf("Bool(%q) = %v, %v", name, b, err)
		}
	}
	if b, err := s.Bool("send-me-too", true); b || err != nil {
		t.Errorf("what the tree may say is lost: %v, %v", b, err)
	}
	if c, ok, err := s.Command("prep-pre-rewrite-hook"); ok || err != nil {
		t.Errorf("a hook is no command of a tree: %+v, %v", c, err)
	}
	var keys []string
	for _, v := range s.Withheld() {
		keys = append(keys, v.Key)
	}
	if got := strings.Join(keys, " "); got != "b4.send-endpoint-web b4.send-no-patatt-sign b4.pw-url b4.pw-key" {
		t.Errorf("withheld: %s", got)
	}
	r.Git("config", "b4.send-endpoint-web", "https://mine.example/")
	s, _ = load(t, r, base)
	if v, _ := s.Get("send-endpoint-web"); v.Text != "https://mine.example/" || v.FromTree() {
		t.Errorf("the user's own endpoint: %+v", v)
	}
}

func TestBrokenTreeConfigSaysWhere(t *testing.T) {
	t.Parallel()
	r, base := withTree(t, "[b4\nthis is not a configuration\n")
	_, repo := load(t, r, "")
	_, err := project.Load(context.Background(), repo, gitrepo.ID(base))
	if err == nil || !strings.Contains(err.Error(), ".b4-config of commit "+base[:12]) {
		t.Errorf("got %v", err)
	}
}

func TestBool(t *testing.T) {
	t.Parallel()
	r, base := withTree(t, "[b4]\nsend-same-thread = shallow\nsend-me-too\nsend-hide-cover-to = Y\n")
	r.Git("config", "b4.send-series", "n")
	s, _ := load(t, r, base)
	for _, c := range []struct {
		name      string
		def, want bool
		err       string
	}{
		{"send-me-too", false, true, ""},
		{"send-hide-cover-to", false, true, ""},
		{"send-series", true, false, ""},
		{"send-unset", true, true, ""},
		{"send-same-thread", true, true, `b4.send-same-thread in .b4-config: "shallow" is not a boolean`},
	} {
		got, err := s.Bool(c.name, c.def)
		if text := errorText(err); got != c.want || text != c.err {
			t.Errorf("Bool(%q, %v) = %v, %q", c.name, c.def, got, text)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Write("doc/cover.txt", "base\n")
	r.Write(".b4-config", "[b4]\nprep-cover-template = ./doc/cover.txt\nthanks-pr-template = doc/missing\nthanks-am-template = ./doc\n"+
		"x-template = ../secret\ny-template = ~/secret\nz-template = ./doc/../../secret\n")
	base := r.Commit("base\n")
	r.Write("doc/cover.txt", "work tree\n")
	root := filepath.Dir(r.Dir)
	if err := os.WriteFile(filepath.Join(root, "secret"), []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, repo := load(t, r, base)
	s.Home = root

	if v, _ := s.Get("prep-cover-template"); v.Text != filepath.Join(repo.TopLevel, "doc/cover.txt") || !v.FromTree() {
		t.Errorf("Get resolves ./ against the top: %+v", v)
	}
	for _, c := range []struct{ name, want, err string }{
		{"prep-cover-template", "base\n", ""},
		{"thanks-pr-template", "", `b4.thanks-pr-template in .b4-config: read "doc/missing"`},
		{"thanks-am-template", "", "is a tree, not a file"},
		{"x-template", "", `"../secret" is no file of the tree`},
		{"y-template", "", `"~/secret" is no file of the tree`},
		{"z-template", "", "is no file of the tree"},
		{"unset-template", "", "setting unset-template names no file"},
	} {
		data, err := s.ReadFile(c.name)
		if text := errorText(err); string(data) != c.want || !strings.Contains(text, c.err) || (c.err == "") != (err == nil) {
			t.Errorf("ReadFile(%q) = %q, %v", c.name, data, err)
		}
	}

	// The user's own files are where the user says.
	r.Git("config", "b4.prep-cover-template", "~/secret")
	s, _ = load(t, r, base)
	if _, err := s.ReadFile("prep-cover-template"); err == nil {
		t.Error("~ without a home directory is refused")
	}
	s.Home = root
	if data, err := s.ReadFile("prep-cover-template"); string(data) != "secret\n" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
	r.Git("config", "b4.prep-cover-template", "doc/cover.txt")
	s, _ = load(t, r, base)
	if data, err := s.ReadFile("prep-cover-template"); string(data) != "work tree\n" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
}

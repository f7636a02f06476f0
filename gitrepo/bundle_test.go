package gitrepo_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// The mailbox is the same under any configuration, and git am makes the same
// trees of it: with text that is not UTF-8, an empty commit, a mode change, a
// binary file and a rename.
func TestMailbox(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := gittest.New(t)
	r.Write("file", "one\ntwo\nthree\nfour\n")
	base := r.Commit("base\n")
	r.Write("latin", "\xe4\xf6\xfc\n")
	r.Commit("not UTF-8: Grüße\n\nFrom here on.\n")
	r.Commit("nothing at all\n")
	r.Write("binary", "a\x00b\xff")
	r.Git("mv", "file", "other")
	if err := os.Chmod(filepath.Join(r.Dir, "other"), 0o755); err != nil {
		t.Fatal(err)
	}
	tip := r.Commit("a binary file, a rename and a mode\n")

	mailbox := func() string {
		repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env})
		if err != nil {
			t.Fatal(err)
		}
		defer repo.Close()
		box, err := repo.Mailbox(ctx, gitrepo.ID(base), gitrepo.ID(tip))
		if err != nil {
			t.Fatal(err)
		}
		return string(box)
	}
	plain := mailbox()
	if n := strings.Count(plain, "\nSubject: [PATCH] "); n != 3 {
		t.Errorf("%d messages, want 3\n%s", n, plain)
	}
	for key, value := range map[string]string{
		"format.attach": "boundary", "format.signOff": "true", "format.coverLetter": "true", "format.headers": "X-Evil: yes",
		"format.to": "x@example.org", "format.cc": "x@example.org", "format.from": "Other <x@example.org>", "format.thread": "deep",
		"format.numbered": "true", "format.signature": "sig", "format.useAutoBase": "true", "format.notes": "true", "format.pretty": "oneline",
		"format.subjectPrefix": "EVIL", "format.encodeEmailHeaders": "false", "format.suffix": ".x", "format.outputDirectory": "elsewhere",
		"diff.noprefix": "true", "diff.mnemonicPrefix": "true", "diff.renames": "false", "diff.context": "9", "diff.external": "false",
		"diff.algorithm": "patience", "core.quotePath": "false", "color.ui": "always", "i18n.logOutputEncoding": "latin1", "log.showSignature": "true",
		"core.abbrev": "40", "diff.relative": "true", "diff.statGraphWidth": "3", "diff.submodule": "log",
	} {
		r.Git("config", key, value)
	}
	if hostile := mailbox(); hostile != plain {
		t.Errorf("under hostile settings:\n%s\nwithout:\n%s", hostile, plain)
	}
	other := gittest.New(t)
	other.Write("file", "one\ntwo\nthree\nfour\n")
	other.Commit("base\n")
	other.GitInput(plain, "am", "--quiet", "--empty=keep")
	if got, want := other.Git("log", "--format=%T %s%n%b"), r.Git("-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8", "-c", "color.ui=never", "log", "--format=%T %s%n%b"); got != want {
		t.Errorf("git am made\n%s\nof\n%s", got, want)
	}
}

// What a bundle may leave out.
func TestPrerequisites(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := gittest.New(t)
	var ids []gitrepo.ID
	for _, name := range []string{"published", "local", "patch"} {
		r.Write(name, name)
		ids = append(ids, gitrepo.ID(r.Commit(name+"\n")))
	}
	r.Git("update-ref", "refs/remotes/mine/b4/topic", string(ids[2]))
	repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	check := func(why string, want []gitrepo.ID, bases ...gitrepo.ID) {
		t.Helper()
		got, err := repo.Prerequisites(ctx, "b4/topic", bases)
		if err != nil || strings.Join(words(got), " ") != strings.Join(words(want), " ") {
			t.Errorf("%s: %q, %v; want %q", why, got, err, want)
		}
	}
	check("nothing is published but the branch itself", nil, ids[1])
	check("no base is known", nil)
	r.Git("update-ref", "refs/remotes/origin/main", string(ids[0]))
	check("a published base", ids[:1], ids[0])
	check("a base above what is published", ids[:1], ids[1])
}

func words(ids []gitrepo.ID) []string {
	var all []string
	for _, id := range ids {
		all = append(all, string(id))
	}
	return all
}

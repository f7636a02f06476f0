package series_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
)

// mailed is what a send hands over for the reroll.
func mailed() series.Mailed {
	return series.Mailed{FirstID: "1@example.org", Subject: "t", Text: "t\n\nbody\n", LinkMask: "https://example.org/%s"}
}

// note annotates the tip, and returns what git shows for it.
func note(r *gittest.Repo) string {
	r.Git("notes", "add", "-m", "remember this", "HEAD")
	r.Git("notes", "--ref=review", "add", "-m", "and this", "HEAD~1")
	return notesNow(r)
}

func notesNow(r *gittest.Repo) string {
	return r.Git("notes", "show", "HEAD") + "\n" + r.Git("notes", "--ref=review", "show", "HEAD~1")
}

func TestNotesFollowARewrite(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why     string
		setUp   func(*testing.T) *gittest.Repo
		rewrite func(*testing.T, *gittest.Repo) error
	}{
		{"edit", func(t *testing.T) *gittest.Repo { r, _ := started(t); return r }, func(t *testing.T, r *gittest.Repo) error {
			_, err := load(t, r).Edit(ctx, "new title\n", "kprep: test")
			return err
		}},
		{"enroll", project, func(t *testing.T, r *gittest.Repo) error {
			_, err := series.Enroll(ctx, open(t, r), "v1.0~1", origin("", ""))
			return err
		}},
		{"reroll", func(t *testing.T) *gittest.Repo { r, _ := started(t); return r }, func(t *testing.T, r *gittest.Repo) error {
			reroll, err := load(t, r).PrepareReroll(ctx, mailed(), false)
			if err != nil {
				return err
			}
			before := r.Git("rev-parse", "refs/notes/commits")
			r.Git("notes", "add", "-m", "while the mail goes out", "HEAD~2")
			if before == r.Git("rev-parse", "refs/notes/commits") {
				t.Error("the notes ref did not move")
			}
			data, err := json.Marshal(reroll) // as the journal keeps it
			if err != nil {
				return err
			}
			var again series.Reroll
			if err := json.Unmarshal(data, &again); err != nil {
				return err
			}
			if err := series.FinishReroll(ctx, open(t, r), &again); err != nil {
				return err
			}
			if got := r.Git("notes", "show", "HEAD~2"); got != "while the mail goes out" {
				t.Errorf("a note of meanwhile is %q", got)
			}
			return series.FinishReroll(ctx, open(t, r), &again)
		}},
		{"reroll of a branch that moved", func(t *testing.T) *gittest.Repo { r, _ := started(t); return r }, func(t *testing.T, r *gittest.Repo) error {
			reroll, err := load(t, r).PrepareReroll(ctx, mailed(), false)
			if err != nil {
				return err
			}
			if _, err := load(t, r).Edit(ctx, "meanwhile\n", "kprep: test"); err != nil {
				return err
			}
			return series.FinishReroll(ctx, open(t, r), reroll)
		}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := tc.setUp(t)
			want, before := note(r), r.Git("rev-parse", "HEAD")
			if err := tc.rewrite(t, r); err != nil {
				t.Fatal(err)
			}
			if r.Git("rev-parse", "HEAD") == before {
				t.Fatal("nothing was rewritten")
			}
			if got := notesNow(r); got != want {
				t.Errorf("notes are %q, were %q", got, want)
			}
			if got := r.Git("notes", "show", before); got != "remember this" {
				t.Errorf("the old note is %q", got)
			}
		})
	}
}

// A rewrite that the hook forbids, or that cannot be signed, changes nothing.
func TestRewriteRefusesAndChangesNothing(t *testing.T) {
	t.Parallel()
	errForbidden := errors.New("not now")
	forbidden := func(err error) bool { return errors.Is(err, errForbidden) }
	unsigned := func(err error) bool { return errors.As(err, new(*gitrepo.SignError)) }
	start := func(repo *gitrepo.Repo) error {
		_, err := series.Start(ctx, repo, origin("other", ""))
		return err
	}
	edit := func(repo *gitrepo.Repo) error {
		s, err := series.Load(ctx, repo, "")
		if err != nil {
			return err
		}
		_, err = s.Edit(ctx, "new\n", "kprep: test")
		return err
	}
	enroll := func(repo *gitrepo.Repo) error {
		_, err := series.Enroll(ctx, repo, "v1.0~1", origin("", ""))
		return err
	}
	reroll := func(repo *gitrepo.Repo) error {
		s, err := series.Load(ctx, repo, "")
		if err != nil {
			return err
		}
		_, err = s.PrepareReroll(ctx, mailed(), false)
		return err
	}
	for _, tc := range []struct {
		why    string
		plain  bool // a branch that is no series yet
		config string
		verb   func(*gitrepo.Repo) error
		want   func(error) bool
	}{
		{"edit, forbidden", false, "", edit, forbidden},
		{"enroll, forbidden", true, "", enroll, forbidden},
		{"start, no key", false, "commit.gpgSign", start, unsigned},
		{"edit, no key", false, "commit.gpgSign", edit, unsigned},
		{"enroll, no key", true, "commit.gpgSign", enroll, unsigned},
		{"reroll, no key", false, "commit.gpgSign", reroll, unsigned},
		{"reroll, no key for the tag", false, "tag.gpgSign", reroll, unsigned},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			var r *gittest.Repo
			if r = project(t); !tc.plain {
				r, _ = started(t)
			}
			var hooks gitrepo.RewriteHooks
			if tc.config != "" {
				r.Git("config", tc.config, "true")
				r.Git("config", "gpg.program", "false")
			} else {
				hooks.Before = func(context.Context, *gitrepo.Repo) error { return errForbidden }
				hooks.After = func(context.Context, *gitrepo.Repo) { t.Error("told that a rewrite is over which did not begin") }
			}
			before := r.State()
			repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env, Rewrite: hooks})
			if err != nil {
				t.Fatal(err)
			}
			defer repo.Close()
			if err := tc.verb(repo); err == nil || !tc.want(err) {
				t.Errorf("got %T %v", err, err)
			}
			if after := r.State(); after != before {
				t.Errorf("state changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}

func TestHooksRunAroundARewrite(t *testing.T) {
	t.Parallel()
	r, _ := started(t)
	var calls []string
	call := func(what string) {
		calls = append(calls, what+" "+r.Git("log", "-1", "--format=%s", "HEAD~2"))
	}
	repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env, Rewrite: gitrepo.RewriteHooks{
		Before: func(context.Context, *gitrepo.Repo) error { call("before"); return nil },
		After:  func(context.Context, *gitrepo.Repo) { call("after") },
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	s, err := series.Load(ctx, repo, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{s.Text, "bad\n\nTo: nobody\nSigned-off-by: A <a@example.org>\n"} {
		s.Edit(ctx, text, "kprep: test") // no change, or a refusal
	}
	if len(calls) > 0 {
		t.Errorf("without a rewrite: %q", calls)
	}
	old := r.Git("log", "-1", "--format=%s", "HEAD~2")
	if _, err := s.Edit(ctx, "new title\n", "kprep: test"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"before " + old, "after new title"}; !slices.Equal(calls, want) {
		t.Errorf("got %q, want %q", calls, want)
	}
	calls = nil
	reroll, err := load(t, r).PrepareReroll(ctx, mailed(), false)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := series.FinishReroll(ctx, repo, reroll); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"after new title"}; !slices.Equal(calls, want) {
		t.Errorf("after a reroll: got %q, want %q", calls, want)
	}
}

// A signed series stays one from new to sent, for git as for kprep.
func TestASignedSeries(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "ssh-keygen")
	r := project(t)
	key := filepath.Join(filepath.Dir(r.Dir), "id")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	r.Write("../allowed", "jane@example.org "+string(public))
	for name, value := range map[string]string{"gpg.format": "ssh", "user.signingKey": key, "commit.gpgSign": "true", "tag.gpgSign": "true",
		"gpg.ssh.allowedSignersFile": filepath.Join(filepath.Dir(r.Dir), "allowed")} {
		r.Git("config", name, value)
	}
	if _, err := series.Start(ctx, open(t, r), origin("signed", "")); err != nil {
		t.Fatal(err)
	}
	r.Git("commit", "-q", "--allow-empty", "-m", "patch")
	verify := func(revs ...string) {
		t.Helper()
		for _, rev := range revs {
			r.Git("verify-commit", r.Git("rev-parse", rev+"^{commit}"))
		}
	}
	verify("HEAD", "HEAD~1")
	r.Git("config", "--unset", "commit.gpgSign") // what was signed is signed again
	if _, err := load(t, r).Edit(ctx, "new title\n", "kprep: test"); err != nil {
		t.Fatal(err)
	}
	verify("HEAD", "HEAD~1")
	m := mailed()
	m.Text += "---\nbase-commit: " + r.Git("rev-parse", "main") + "\nchange-id: 20250102-signed-0123456789ab\n"
	reroll, err := load(t, r).PrepareReroll(ctx, m, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := series.FinishReroll(ctx, open(t, r), reroll); err != nil {
		t.Fatal(err)
	}
	verify("HEAD", "HEAD~1", reroll.Tag)
	r.Git("verify-tag", reroll.Tag)
	sent, err := load(t, r).SentRevision(ctx, 1)
	if err != nil || string(sent.Base) != r.Git("rev-parse", "main") {
		t.Errorf("the signed tag reads %+v, %v", sent, err)
	}
}

// A cover letter in the configuration is no history: no hook runs, as in b4.
func TestNoHookRunsWithoutARewrite(t *testing.T) {
	t.Parallel()
	r := kept(t, series.BranchDescription)
	repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env, Rewrite: gitrepo.RewriteHooks{
		Before: func(context.Context, *gitrepo.Repo) error { return errors.New("asked") },
		After:  func(context.Context, *gitrepo.Repo) { t.Error("told") },
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	s, err := series.Load(ctx, repo, "")
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := s.Edit(ctx, "new title\n", "kprep: test"); err != nil || !changed {
		t.Error(changed, err)
	}
	reroll, err := load(t, r).PrepareReroll(ctx, mailed(), false)
	if err != nil || reroll.Rewrites() {
		t.Fatalf("rewrites history: %+v, %v", reroll, err)
	}
	if err := series.FinishReroll(ctx, repo, reroll); err != nil {
		t.Error(err)
	}
}

package series_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
)

// inMail is a revision of one patch, which adds a file to v1.0.
func inMail(r *gittest.Repo, changeID string, revision int, id string) series.Posted {
	r.Git("checkout", "-q", "--detach", "v1.0")
	r.Write("mailed", "text\n")
	r.Commit("add mailed\n")
	mail := r.Git("format-patch", "-1", "--stdout")
	base := r.Git("rev-parse", "v1.0^{commit}")
	r.Git("checkout", "-q", "-")
	return series.Posted{ChangeID: changeID, Revision: revision, From: "sam@example.org", Where: "mbox", IDs: []string{id}, Base: base,
		Read: func(context.Context) ([][]byte, error) { return [][]byte{[]byte(mail + "\n")}, nil }}
}

func TestNewerLooksIntoMailLast(t *testing.T) {
	t.Parallel()
	r, s := stacked(t)
	lower, _, _ := strings.Cut(strings.TrimPrefix(s.Tracking.Prerequisites[0], "change-id: "), ":v")
	thread := []string{"message-id: <one@example.org>"}
	for _, tc := range []struct {
		why   string
		needs []string
		mail  []series.Posted
		now   int // 0 for nothing newer
	}{
		{"no mail", s.Tracking.Prerequisites, nil, 0},
		{"the revision of the branch: that may be work in progress", s.Tracking.Prerequisites, []series.Posted{inMail(r, lower, 1, "one@example.org")}, 0},
		{"a newer one than the branch", s.Tracking.Prerequisites, []series.Posted{inMail(r, lower, 1, "one@example.org"), inMail(r, lower, 3, "three@example.org"), inMail(r, lower, 2, "two@example.org")}, 3},
		{"of another series", s.Tracking.Prerequisites, []series.Posted{inMail(r, "20250102-x-0123456789ab", 2, "two@example.org")}, 0},
		{"a thread", thread, []series.Posted{inMail(r, "x", 1, "one@example.org"), inMail(r, "x", 2, "two@example.org")}, 2},
		{"a thread without a newer revision", thread, []series.Posted{inMail(r, "x", 1, "one@example.org")}, 0},
		{"a thread without a change-id", thread, []series.Posted{inMail(r, "", 1, "one@example.org"), inMail(r, "", 2, "two@example.org")}, 0},
	} {
		s.Tracking.Prerequisites = tc.needs
		newer, err := s.Newer(ctx, series.Archives{Series: tc.mail})
		if err != nil || len(newer) != min(tc.now, 1) || tc.now > 0 && newer[0].Now != tc.now {
			t.Errorf("%s: %+v, %v", tc.why, newer, err)
		}
	}
}

// Whatever a stranger has mailed: what cannot be used changes nothing.
func TestRestackRefusesMailAndChangesNothing(t *testing.T) {
	t.Parallel()
	r, s := stacked(t)
	s.Tracking.Prerequisites = []string{"message-id: <one@example.org>"}
	first := inMail(r, "x", 1, "one@example.org")
	was := r.Git("for-each-ref") + r.Git("status", "--porcelain") + r.Git("symbolic-ref", "HEAD")
	for _, tc := range []struct {
		why, id string
		change  func(*series.Posted)
		want    any
	}{
		{"a message-id that is no line", "two\x1b@example.org", func(*series.Posted) {}, new(*series.PrerequisiteError)},
		{"one that is none", "two", func(*series.Posted) {}, new(*series.PrerequisiteError)},
		{"incomplete", "two@example.org", func(p *series.Posted) { p.Problem = "patch 2 of 2 is not there" }, new(*series.PostedError)},
		{"no base commit", "two@example.org", func(p *series.Posted) { p.Base = "" }, new(*series.PostedError)},
		{"a base commit that is not here", "two@example.org", func(p *series.Posted) { p.Base = strings.Repeat("0", 40) }, new(*series.PostedError)},
		{"one that is an option", "two@example.org", func(p *series.Posted) { p.Base = "--all" }, new(*series.PostedError)},
		{"prerequisites of its own", "two@example.org", func(p *series.Posted) { p.Needs = []string{"patch-id: 0123"} }, new(*series.PostedError)},
		{"a patch that does not apply", "two@example.org", func(p *series.Posted) {
			p.Read = func(context.Context) ([][]byte, error) {
				return [][]byte{[]byte("From: A <a@example.org>\nSubject: x\n\n---\ndiff --git a/no b/no\n--- a/no\n+++ b/no\n@@ -1 +1 @@\n-a\n+b\n")}, nil
			}
		}, new(*series.PostedError)},
	} {
		second := inMail(r, "x", 2, tc.id)
		tc.change(&second)
		_, _, err := s.Restack(ctx, series.Archives{Series: []series.Posted{first, second}}, series.RebaseOptions{Quiet: true})
		if !errors.As(err, tc.want) {
			t.Errorf("%s: %v", tc.why, err)
		}
		if now := r.Git("for-each-ref") + r.Git("status", "--porcelain") + r.Git("symbolic-ref", "HEAD"); now != was {
			t.Errorf("%s: was\n%s\nnow\n%s", tc.why, was, now)
		}
	}
}

// What a check found in mail is known from then on, until the line changes.
func TestWhatWasInMailIsRemembered(t *testing.T) {
	t.Parallel()
	r, _ := started(t)
	s := load(t, r)
	if _, err := s.ChangePrerequisites(ctx, []string{"change-id: 20250102-x-0123456789ab:v1"}, nil); err != nil {
		t.Fatal(err)
	}
	r.Write("own", "text\n")
	r.Commit("add own\n")
	s = load(t, r)
	mail := series.Archives{Looked: []string{"mbox"}, Series: []series.Posted{inMail(r, "20250102-x-0123456789ab", 1, "one@example.org")}}
	_, before, err := s.Stands(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.CheckDeps(ctx, mail)
	if err != nil || !got.Passed() || got.Absent() || got.Applied < 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := s.RememberDeps(ctx, got, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	_, after, err := s.Stands(ctx)
	if err != nil || len(after) != len(before)+1 || !strings.HasPrefix(after[len(after)-1], "prerequisite-patch-id: ") {
		t.Errorf("before %q, after %q, %v", before, after, err)
	}
	if unchecked, err := s.DepsUnchecked(ctx); err != nil || unchecked {
		t.Errorf("unchecked %v, %v", unchecked, err)
	}
	if _, err := s.ChangePrerequisites(ctx, []string{"change-id: 20250102-x-0123456789ab:v2"}, nil); err != nil {
		t.Fatal(err)
	}
	s = load(t, r)
	if _, lines, err := s.Stands(ctx); err != nil || slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "prerequisite-patch-id: ") }) {
		t.Errorf("of another revision %q, %v", lines, err)
	}
}

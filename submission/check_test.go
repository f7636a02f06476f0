package submission

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
)

// exit is how a command ends with a status.
func exit(t *testing.T, status string) error {
	t.Helper()
	err := exec.Command("sh", "-c", status).Run()
	if err == nil {
		t.Fatalf("%s did not fail", status)
	}
	return err
}

func TestJudge(t *testing.T) {
	t.Parallel()
	one := exit(t, "exit 1")
	for _, tc := range []struct {
		why            string
		stdout, stderr string
		err            error
		want           string
	}{
		{"silence is consent", "", "", nil, ""},
		{"blank lines are silence", "\n \t\n\r\n", "\n", nil, ""},
		{"silence with a status fails", "", "", one, "failed: exit status 1"},
		{"results are warnings", "a.c:1: WARNING: x\n", "", nil, "warning: a.c:1: WARNING: x"},
		{"also with a status, as checkpatch.pl ends", "a.c:1: WARNING: x\n", "", one, "warning: a.c:1: WARNING: x"},
		{"also without a final newline", "x", "", nil, "warning: x"},
		{"ERROR: anywhere", "a.c:1: ERROR:x\nERRORS: y\n", "", nil, "failed: a.c:1: ERROR:x|warning: ERRORS: y"},
		{"standard input has no name", "-:12: CHECK: x\n", "", nil, "warning: 12: CHECK: x"},
		{"complaints fail", "x\n", "cannot open dictionary\n", nil, "warning: x|failed: cannot open dictionary"},
		{"a crash fails whatever was said", "x\n", "", exit(t, "kill -9 $$"), "warning: x|failed: signal: killed"},
		{"time that is up fails whatever was said", "x\n", "", context.DeadlineExceeded, "warning: x|failed: context deadline exceeded"},
	} {
		var got []string
		for _, f := range judge(tc.stdout, tc.stderr, tc.err) {
			got = append(got, f.Line())
		}
		if text := strings.Join(got, "|"); text != tc.want {
			t.Errorf("%s: %s, want %s", tc.why, text, tc.want)
		}
	}
}

// A failure beyond what is kept stays one.
func TestJudgeShortens(t *testing.T) {
	t.Parallel()
	got := judge(strings.Repeat("w\n", maxFindings+5)+"ERROR: x\n", "", nil)
	if last := got[len(got)-1]; len(got) != maxFindings+1 || last.Line() != "failed: ... and 6 lines more" {
		t.Errorf("%d findings, the last %q", len(got), last.Line())
	}
}

func TestMisplaced(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why, message, cover string
		want                bool
	}{
		{"a message", "t\n\nText.\n", "", false},
		{"none at all", "t\n", "", false},
		{"only trailers", "t\n\nAcked-by: A <a@example.org>\n", "", false},
		{"a message, and notes", "t\n\nText.\n---\nNotes.\n", "", false},
		{"prose below the cut", "t\n\n---\nNotes.\n", "", true},
		{"prose below trailers and the cut", "t\n\nAcked-by: A <a@example.org>\n---\nNotes.\n", "", true},
		{"blank below the cut", "t\n\n---\n\n \n", "", false},
		{"bare trailers below", "t\n\n---\nAcked-by: A <a@example.org>\n\nCc: B <b@example.org>\n", "", false},
		{"a diffstat below", "t\n\n---\n a.c | 2 +-\n b.bin => c.bin | Bin 0 -> 3 bytes\n 2 files changed, 1 insertion(+), 1 deletion(-)\n create mode 100644 a.c\n", "", false},
		{"a diff below", "t\n\n---\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-prose\n+Prose.\n", "", false},
		{"a signature below", "t\n\n---\n-- \n2.39.5\n", "", false},
		{"the cover letter of a single patch", "t\n", "Why.", true},
		{"the cover letter of a single patch with a message", "t\n\nText.\n", "Why.", false},
	} {
		if got := isMisplaced(&gitrepo.Commit{Message: tc.message}, tc.cover); got != tc.want {
			t.Errorf("%s: %v", tc.why, got)
		}
	}
}

// checked is a series of some patches with a check command.
func checked(t *testing.T, patches int, script string) (*gittest.Repo, *series.Series, func(context.Context) (*Checked, error)) {
	t.Helper()
	r := gittest.New(t)
	r.Write("base", "1\n")
	r.Commit("base\n")
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	s, err := series.Start(context.Background(), repo, series.Origin{Name: "topic", BranchPrefix: "b4/",
		Today: time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), Random: "0123456789ab"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range patches {
		r.Write(fmt.Sprintf("f%d", i), "1\n")
		r.Commit(fmt.Sprintf("add f%d\n\nText.\n", i))
	}
	if script != "" {
		r.Git("config", "kprep.prep-perpatch-check-cmd", script)
	}
	repo.ForgetConfig()
	if s, err = series.Load(context.Background(), repo, s.Branch); err != nil {
		t.Fatal(err)
	}
	return r, s, func(ctx context.Context) (*Checked, error) {
		return Check(ctx, repo, s, CheckOptions{Now: time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), Env: r.Env, Limit: time.Minute, Consent: func(project.Command) error { return nil }})
	}
}

func TestCheckJudgesEveryPatchInOrder(t *testing.T) {
	t.Parallel()
	_, _, check := checked(t, 9, `sh -c "grep -q 'add f[36]' && exit 2; exit 0"`)
	got, err := check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var verdicts []string
	for _, p := range got.Patches {
		verdicts = append(verdicts, p.Verdict.String())
	}
	if text := strings.Join(verdicts, " "); text != "good good good failed good good failed good good" {
		t.Error(text)
	}
	again, err := check(context.Background())
	if err != nil || again.Reused() != 7 || again.Count(Failed) != 2 {
		t.Errorf("again: %+v, %v", again, err)
	}
}

// An interrupt is an error, never a verdict.
func TestCheckInterrupted(t *testing.T) {
	t.Parallel()
	_, s, check := checked(t, 3, `sh -c "sleep 60"`)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if got, err := check(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%+v, %v", got, err)
	}
	if st, err := s.State(); err != nil || len(st.Checks) != 0 {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestCheckInterruptedKeepsWhatPassed(t *testing.T) {
	t.Parallel()
	r, s, _ := checked(t, 3, `sh -c "grep -q 'add f0' || sleep 60"`)
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err = Check(ctx, repo, s, CheckOptions{Now: time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), Env: r.Env, Limit: time.Minute,
		Consent: func(project.Command) error { return nil }, Progress: func(int, int) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if st, err := s.State(); err != nil || len(st.Checks) != 1 {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestCheckWithoutCommand(t *testing.T) {
	t.Parallel()
	_, _, check := checked(t, 1, "")
	if _, err := check(context.Background()); !errors.Is(err, ErrNoChecks) {
		t.Error(err)
	}
}

func TestCheckRefusedConsentRunsNothing(t *testing.T) {
	t.Parallel()
	r, s, _ := checked(t, 1, "touch ran")
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	no := errors.New("no")
	_, err = Check(context.Background(), repo, s, CheckOptions{Now: time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), Env: r.Env, Limit: time.Minute, Consent: func(project.Command) error { return no }})
	if !errors.Is(err, no) || r.Git("status", "--porcelain") != "" {
		t.Errorf("%v, %s", err, r.Git("status", "--porcelain"))
	}
}

// What is remembered does not grow with every version of a patch.
func TestCheckForgetsOldPatches(t *testing.T) {
	t.Parallel()
	r, s, check := checked(t, 2, "true")
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	for i := range 3 {
		r.Git("commit", "--quiet", "--amend", "-m", fmt.Sprint("version ", i))
		now, err := series.Load(context.Background(), repo, s.Branch)
		if err != nil {
			t.Fatal(err)
		}
		*s = *now
		if _, err := check(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if st, err := s.State(); err != nil || len(st.Checks) != 2 {
		t.Errorf("%+v, %v", st, err)
	}
}

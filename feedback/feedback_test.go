package feedback_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
)

var ctx = context.Background()

const changeID = "20250102-ring-0123456789ab"

// firstIDs are the message-ids of the cover letters that were sent.
func firstIDs() map[string]string {
	return map[string]string{
		"v1": "20250102-ring-v1-0-aaaaaaaaaaaa@example.org",
		"v2": "20250102-ring-v2-0-bbbbbbbbbbbb@example.org",
		"v3": "20250102-ring-v3-0-cccccccccccc@example.org",
	}
}

// A world is a repository with a series, and an archive with what was said about
// it.
type world struct {
	*gittest.Repo
	repo   *gitrepo.Repo
	series *series.Series
}

// ring makes the branch of testdata/branch.txtar, which was sent three times.
func ring(t testing.TB) *world {
	t.Helper()
	w := &world{Repo: gittest.New(t)}
	w.Git("config", "user.email", "jane@example.org")
	w.Git("config", "user.name", "Jane Dev")
	w.Env = append(w.Env, "GIT_COMMITTER_EMAIL=jane@example.org", "GIT_AUTHOR_EMAIL=jane@example.org")
	files, err := txtar.ParseFile("testdata/branch.txtar")
	if err != nil {
		t.Fatal(err)
	}
	w.Write("core.c", string(files.Files[0].Data))
	base := w.Commit("base")
	at := ""
	for _, f := range files.Files[2:] {
		revision, rest, _ := strings.Cut(f.Name, "/")
		title, name, _ := strings.Cut(rest, "/")
		_, title, _ = strings.Cut(title, " ")
		if revision != at {
			w.tag(at, base)
			at = revision
			w.Git("checkout", "-q", "--detach", base)
			if revision == "today" {
				w.Write("core.c", string(files.Files[1].Data))
				w.Git("branch", "-f", "main", w.Commit("licence"))
				w.cover()
			}
		}
		w.Write(name, string(f.Data))
		w.Commit(title + "\n\n" + message(title))
	}
	w.Git("checkout", "-q", "-b", "b4/ring")
	w.open(t)
	return w
}

// message is what the patch says that changes core.c first.
func message(title string) string {
	if strings.HasPrefix(title, "core: check") {
		return "Lengths can be negative.\n"
	}
	return "Text.\n"
}

func (w *world) tag(revision, base string) {
	if revision != "" {
		w.Git("tag", "-a", "-m", "A ring of numbers\n\nbase-commit: "+base+"\nchange-id: "+changeID, "sent/"+changeID+"-"+revision)
	}
}

func (w *world) cover() {
	var history []string
	for _, v := range []string{"v1", "v2", "v3"} {
		history = append(history, fmt.Sprintf("%q: [%q]", v, firstIDs()[v]))
	}
	w.GitInput("A ring of numbers\n\nThis adds a ring.\n\n--- b4-submit-tracking ---\n# This section is used internally by b4 prep for tracking purposes.\n"+
		`{"series": {"revision": 4, "change-id": "`+changeID+`", "prefixes": [], "base-branch": "main", "history": {`+strings.Join(history, ", ")+"}}}\n",
		"commit", "-q", "--allow-empty", "-F", "-")
}

func (w *world) open(t testing.TB) {
	t.Helper()
	var err error
	if w.repo, err = gitrepo.Open(ctx, w.Dir, gitrepo.Options{Env: w.Env}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.repo.Close() })
	if w.series, err = series.Load(ctx, w.repo, "b4/ring"); err != nil {
		t.Fatal(err)
	}
}

// mailed are the mails of the revisions that an archive would have; keep says
// which of them this one has.
func (w *world) mailed(keep func(revision, number int) bool) string {
	var out strings.Builder
	for v, hash := range map[int]string{1: "aaaaaaaaaaaa", 2: "bbbbbbbbbbbb", 3: "cccccccccccc"} {
		tag := fmt.Sprintf("sent/%s-v%d", changeID, v)
		ids := strings.Fields(w.Git("rev-list", "--reverse", w.Git("log", "--format=%H", "--grep=^base$", tag)+".."+tag))
		for n := range len(ids) + 1 {
			if !keep(v, n) {
				continue
			}
			prefix := "PATCH"
			if v > 1 {
				prefix = fmt.Sprintf("PATCH v%d", v)
			}
			id := func(n int) string { return fmt.Sprintf("<20250102-ring-v%d-%d-%s@example.org>", v, n, hash) }
			title, body, above := "A ring of numbers", "This adds a ring.\n", ""
			if n > 0 {
				title = w.Git("log", "-1", "--format=%s", ids[n-1])
				body = w.Git("format-patch", "-1", "--stdout", ids[n-1])
				_, body, _ = strings.Cut(body, "\n\n")
				above = "In-Reply-To: " + id(0) + "\n"
			}
			fmt.Fprintf(&out, "From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: Jane Dev <jane@example.org>\nDate: Thu, %d Jan 2025 09:%02d:00 +0000\n"+
				"Message-ID: %s\n%sSubject: [%s %d/%d] %s\n\n%s\nchange-id: %s\n\n", 7*v-5, n, id(n), above, prefix, n, len(ids), title, body, changeID)
		}
	}
	return out.String()
}

// collect collects the feedback of what archives have, each the text of an mbox.
func (w *world) collect(t testing.TB, archives ...string) *feedback.Feedback {
	t.Helper()
	h, err := feedback.ReadHistory(ctx, w.repo, w.series)
	if err != nil {
		t.Fatal(err)
	}
	found := &inbox.Archive{Lists: inbox.ParsePreference(inbox.DefaultPreference)}
	for n, text := range archives {
		path := filepath.Join(t.TempDir(), fmt.Sprint(n))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		found.Sources = append(found.Sources, &inbox.Files{Path: path, Tracking: func(string) string { return "" }})
	}
	result, err := found.Find(ctx, feedback.Query(w.series), func(err error) { t.Log(err) })
	if err != nil {
		t.Fatal(err)
	}
	marks, err := w.series.Marks()
	if err != nil {
		t.Fatal(err)
	}
	f, err := h.Collect(ctx, result.Messages, feedback.Options{Bots: feedback.DefaultBots(), Marks: marks})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func all(revision, number int) bool { return true }

// thread is what was said, an mbox.
func thread(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/thread.mbox")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// truth reads the table, by the name of the reply.
func truth(t testing.TB) map[string]string {
	t.Helper()
	file, err := os.Open("testdata/truth.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	table := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), " #")
		if name, want, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") {
			table[name] = want
		}
	}
	if len(table) != 40 {
		t.Fatalf("the table has %d replies", len(table))
	}
	return table
}

// drawn is a reply as the table has it.
func drawn(r *feedback.Reply) string {
	what, today := fmt.Sprint(r.Place.Number), "-"
	if r.Place.Cover {
		what = "cover"
	}
	if r.Place.Patch >= 0 {
		today = fmt.Sprint(r.Place.Patch + 1)
	}
	text := fmt.Sprintf("%s v%d %s -> %s %d", r.Kind, r.Place.Revision, what, today, r.Depth)
	for _, remark := range r.Remarks {
		if at := remark.At; at != nil {
			text += fmt.Sprintf(" %s:%d", at.File, at.Line)
			if at.Patch > 0 {
				text += fmt.Sprintf("@%d", at.Patch)
			}
			if at.Gone {
				text += "-gone"
			}
		}
	}
	return text
}

// Every reply is there once, under the right patch and line, however much of what
// it answers an archive still has. Only what nothing but a subject leads to is not
// found where the message with that subject is lost.
func TestTruth(t *testing.T) {
	t.Parallel()
	w := ring(t)
	for _, tc := range []struct {
		why  string
		keep func(revision, number int) bool
		lost []string
	}{
		{"an archive that has all", all, nil},
		{"an archive of which patches are lost", func(_, number int) bool { return number != 2 && number != 4 }, []string{"r25"}},
		{"an archive that has nothing of mine", func(int, int) bool { return false }, []string{"r06", "r25"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			f := w.collect(t, w.mailed(tc.keep)+thread(t))
			got := map[string]string{}
			for _, r := range f.Replies {
				name, _, _ := strings.Cut(r.ID, "@")
				if got[name] != "" {
					t.Errorf("%s is there twice", name)
				}
				got[name] = drawn(&r)
			}
			for name, want := range truth(t) {
				if slices.Contains(tc.lost, name) {
					want = ""
				}
				if got[name] != want {
					t.Errorf("%s: got %q, want %q", name, got[name], want)
				}
				delete(got, name)
			}
			for name, text := range got {
				t.Errorf("%s is no reply to the series: %s", name, text)
			}
			checkOrder(t, f)
		})
	}
}

// checkOrder sees to the order, which is that of what the replies are about.
func checkOrder(t *testing.T, f *feedback.Feedback) {
	t.Helper()
	var groups []string
	for _, r := range f.Replies {
		group := fmt.Sprint(r.Place.Patch + 1)
		if r.Place.Cover {
			group = "cover"
		}
		if len(groups) == 0 || groups[len(groups)-1] != group {
			groups = append(groups, group)
		}
	}
	if got := strings.Join(groups, " "); got != "cover 1 2 3 4 0" {
		t.Errorf("groups %s", got)
	}
	if got := strings.Join(f.Patches, "; "); !strings.HasPrefix(got, "core: check the length; ring: add a bounded ring buffer; ") {
		t.Errorf("patches %s", got)
	}
}

// Marks are for messages: no rewriting of the branch touches them.
func TestMarksOutliveRewriting(t *testing.T) {
	t.Parallel()
	w := ring(t)
	archive := []string{w.mailed(all), thread(t)}
	first := w.collect(t, archive...)
	var seen []string
	for _, r := range first.Replies {
		if r.New == (r.Kind == feedback.Own) {
			t.Errorf("%s: new is %v before anybody looked", r.ID, r.New)
		}
		seen = append(seen, r.ID)
	}
	err := w.series.UpdateState(ctx, "feedback", time.Unix(1, 0), func(st *series.State) {
		st.MarkDone("r03@review.example", "r33@review.example")
		st.MarkUndone("r33@review.example")
	})
	if err := errors.Join(err, w.series.MarkSeen(seen...)); err != nil {
		t.Fatal(err)
	}
	w.Git("-c", "sequence.editor=sed -i -e '2{h;d};3{G}'", "rebase", "-q", "-i", "--no-autosquash", "--keep-empty", string(w.series.Patches[0].Parents[0])+"~1")
	w.open(t)
	if w.series.Patches[0].Subject() == "core: check the length" {
		t.Fatal("nothing was rewritten")
	}
	again := w.collect(t, archive...)
	if len(again.Replies) != len(first.Replies) {
		t.Errorf("%d replies, and %d before", len(again.Replies), len(first.Replies))
	}
	for _, r := range again.Replies {
		if r.New || r.Done != (r.ID == "r03@review.example") {
			t.Errorf("%s: new %v, done %v", r.ID, r.New, r.Done)
		}
		if r.ID == "r20@review.example" && drawn(&r) != "review v2 1 -> 2 0 core.c:8" {
			t.Errorf("after the rebase: %s", drawn(&r))
		}
	}
}

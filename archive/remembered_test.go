package archive_test

import (
	"archive/tar"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/archive"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
)

const remembered = `{"version": 1, "dropped": ["max@example.org"], "collected": {"diffs": "abc", "when": "2025-01-02T03:04:05Z"}}`

// remembering is a finished series with notes in two refs, state, settings of
// its own, and a send that is over.
func remembering(t *testing.T) *gittest.Repo {
	t.Helper()
	r := finished(t, series.CoverCommit)
	r.Git("notes", "add", "-m", "about a", "b4/topic~")
	r.Git("notes", "--ref=review", "add", "-m", "about latin", "b4/topic")
	r.Git("notes", "add", "-m", "about what was sent", "sent/"+changeID+"-v1")
	r.Git("notes", "add", "-m", "about another commit", "main")
	for _, kv := range [][2]string{{"zeta", "1"}, {"pushRemote", "origin"}, {"alpha", " x;y\n\"z\" "}, {"more", "one"}, {"more", "two"}, {"beta", ""}} {
		r.Git("config", "--add", "branch.b4/topic."+kv[0], kv[1])
	}
	writeFile(t, kprepFile(r, "series", changeID, "state.json"), remembered)
	writeFile(t, kprepFile(r, "series", changeID, "seen"), "a@example.org\nb@example.org\n")
	journal(t, r, 1, "closed")
	return r
}

func kprepFile(r *gittest.Repo, path ...string) string {
	return filepath.Join(append([]string{r.Dir, ".git", "kprep"}, path...)...)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// journal writes the journal of a send with some marks.
func journal(t *testing.T, r *gittest.Repo, revision int, marks ...string) {
	t.Helper()
	raw := []byte("From: a@example.org\nSubject: x\n\nText.\n")
	message := sendmail.Outgoing{Name: "0000-x.eml", ID: "x@example.org", Subject: "x", Recipients: []string{"b@example.org"}, Date: day, Raw: raw}
	j, err := sendmail.Create(kprepFile(r, "send", changeID, "v1", "0001-send"),
		sendmail.Plan{Kind: "send", ChangeID: changeID, Revision: revision, Created: day},
		func(yield func(sendmail.Outgoing, error) bool) { yield(message, nil) })
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range marks {
		if err := j.Mark(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// files are those below a folder, with what is in them; locks do not count.
func files(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || strings.HasSuffix(path, "lock") {
			return err
		}
		text, err := os.ReadFile(path)
		info, _ := d.Info()
		all.WriteString(strings.TrimPrefix(path, dir) + " " + info.Mode().String() + "\n" + string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// known is all that a series leaves behind: notes by what they say, settings
// in their order, state and journals.
func known(t *testing.T, r *gittest.Repo) string {
	t.Helper()
	return strings.Join([]string{
		r.Git("notes", "list"), r.Git("notes", "--ref=review", "list"),
		r.Git("config", "--local", "--get-regexp", `^branch\.b4/topic\.`),
		files(t, kprepFile(r, "series")), files(t, kprepFile(r, "send")),
	}, "\n---\n")
}

// Restored where nothing of it is left, a series is known as it was.
func TestRestoreRemembers(t *testing.T) {
	t.Parallel()
	r := remembering(t)
	before, whole, noted := known(t, r), r.State(), r.Git("rev-parse", "b4/topic~")
	file, err := putAway(t, r, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(kprepFile(r, "series", changeID, "state.json")); err == nil {
		t.Error("what was remembered is still there")
	}
	repo := open(t, r)
	if _, err := logOf(repo).Undo(ctx, 1, oplog.UndoOptions{}); err != nil {
		t.Fatal(err)
	}
	if after := known(t, r) + r.State(); after != before+whole {
		t.Errorf("undone:\n%s\nbefore:\n%s", after, before+whole)
	}
	if _, err := logOf(repo).Redo(ctx, 1, oplog.UndoOptions{}); err != nil {
		t.Fatal(err)
	}

	r.Git("notes", "remove", noted)
	r.Git("update-ref", "-d", "refs/notes/review")
	if err := os.RemoveAll(kprepFile(r)); err != nil {
		t.Fatal(err)
	}
	r.Git("update-ref", "-d", oplog.KeepRef)
	r.Git("reflog", "expire", "--expire=now", "--all")
	r.Git("gc", "-q", "--prune=now")
	restore := func() bool {
		repo := open(t, r)
		_, changed, err := archive.Restore(ctx, repo, logOf(repo), file, day)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	if !restore() {
		t.Error("nothing was brought back")
	}
	if after := known(t, r); after != before {
		t.Errorf("restored:\n%s\nbefore:\n%s", after, before)
	}
	r.Git("fsck", "--strict")
	if restore() {
		t.Error("brought back twice")
	}
	// Each part alone.
	r.Git("notes", "--ref=review", "remove", "b4/topic")
	if !restore() || known(t, r) != before {
		t.Errorf("after a note was lost:\n%s", known(t, r))
	}
	if err := os.RemoveAll(kprepFile(r, "send", changeID)); err != nil {
		t.Fatal(err)
	}
	if !restore() || known(t, r) != before {
		t.Errorf("after the journals were lost:\n%s", known(t, r))
	}
}

// What is there stays: a restore that would write over it changes nothing.
func TestRestoreWritesOverNothing(t *testing.T) {
	t.Parallel()
	from := remembering(t)
	file, err := putAway(t, from, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		why, want string
		change    func(*testing.T, *gittest.Repo)
	}{
		{"another note", "the note of", func(t *testing.T, r *gittest.Repo) { r.Git("notes", "add", "-f", "-m", "other", "b4/topic~") }},
		{"a notes ref that is none", "the note of", func(t *testing.T, r *gittest.Repo) {
			r.Git("notes", "add", "-m", "about another commit", "main")
			r.Git("symbolic-ref", "refs/notes/review", "refs/notes/commits")
		}},
		{"another journal", "the journal of the send v1/0001-send", func(t *testing.T, r *gittest.Repo) { journal(t, r, 1) }},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			there := finished(t, series.CoverCommit)
			tc.change(t, there)
			before := seen(t, there)
			repo := open(t, there)
			_, changed, err := archive.Restore(ctx, repo, logOf(repo), file, day)
			if conflict := (*archive.ConflictError)(nil); !errors.As(err, &conflict) || changed || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, %v; want %q", changed, err, tc.want)
			}
			if after := seen(t, there); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
	t.Run("what is remembered by now", func(t *testing.T) {
		t.Parallel()
		there := finished(t, series.CoverCommit)
		const newer = `{"version": 1}`
		writeFile(t, kprepFile(there, "series", changeID, "state.json"), newer)
		writeFile(t, kprepFile(there, "series", changeID, "seen"), "c@example.org\nb@example.org\n")
		repo := open(t, there)
		if _, changed, err := archive.Restore(ctx, repo, logOf(repo), file, day); err != nil || !changed {
			t.Fatalf("%v, %v", changed, err)
		}
		if text, _ := os.ReadFile(kprepFile(there, "series", changeID, "state.json")); string(text) != newer {
			t.Errorf("now it is %s", text)
		}
		if text, _ := os.ReadFile(kprepFile(there, "series", changeID, "seen")); string(text) != "c@example.org\nb@example.org\na@example.org\n" {
			t.Errorf("seen is now\n%s", text)
		}
	})
}

func seen(t *testing.T, r *gittest.Repo) string {
	t.Helper()
	return r.State() + files(t, kprepFile(r, "series")) + files(t, kprepFile(r, "send"))
}

// unproved takes the first record, which has the plan's checksum, from every
// log and file of what departed: journals of older versions have none, and
// whoever can write a plan can write a checksum.
func unproved(edit func([]entry) []entry) func([]entry) []entry {
	return func(all []entry) []entry {
		for i := range all {
			if strings.HasSuffix(all[i].Name, "/log") || strings.HasSuffix(all[i].Name, "/departed") {
				_, all[i].data, _ = strings.Cut(all[i].data, "\n")
			}
		}
		return edit(all)
	}
}

// What comes with the new members from elsewhere is held against what kprep
// writes, too.
func TestHostileMembers(t *testing.T) {
	t.Parallel()
	from := remembering(t)
	main := from.Git("rev-parse", "main")
	noted := from.Git("rev-parse", "b4/topic~")
	file, err := putAway(t, from, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const plan, log = "send/v1/0001-send/plan", "send/v1/0001-send/log"
	for _, tc := range []struct {
		why  string
		edit func([]entry) []entry
		want string
	}{
		{"a journal that leads out", with(tar.TypeReg, changeID+"/send/v1/../../../hooks/x", "", "x"), "none of kprep's"},
		{"a journal of no revision", with(tar.TypeReg, changeID+"/send/v0/0001-send/plan", "", "x"), "none of kprep's"},
		{"a message that leads out", with(tar.TypeReg, changeID+"/send/v1/0001-send/msg/../../x", "", "x"), "none of kprep's"},
		{"a symbolic link in a journal", with(tar.TypeSymlink, changeID+"/send/v1/0001-send/msg/0001.eml", "/etc/passwd", ""), "no file"},
		{"a hard link in a journal", with(tar.TypeLink, changeID+"/send/v1/0001-send/msg/0001.eml", "/etc/passwd", ""), "no file"},
		{"a plan twice", with(tar.TypeReg, changeID+"/"+plan, "", "x"), "twice"},
		{"a state twice", with(tar.TypeReg, changeID+"/state.json", "", "{}"), "twice"},
		{"a journal of another series", unproved(edit(plan, changeID, "20250102-other-0123456789ab")), "of the series"},
		{"a journal of another revision", unproved(edit(plan, `"revision": 1`, `"revision": 2`)), "of v2"},
		{"a journal of another kind", unproved(edit(plan, `"kind": "send"`, `"kind": "reflect"`)), "of the kind"},
		{"a send that would go on", edit(log, "closed", "closet"), "the send is not over"},
		{"a message from elsewhere", unproved(edit(plan, "msg/0000.eml", "../../../../config")), "config"},
		{"a plan that is none", edit(plan, "{", "["), "send/v1/0001-send"},
		{"a plan that does not fit its checksum", edit(plan, `"revision": 1`, `"revision": 1 `), "the plan is not the one"},
		{"no plan", without(plan), "send/v1/0001-send"},
		{"no log", without(log), "send/v1/0001-send"},
		{"a state that cannot be read", edit("state.json", `"version": 1`, `"version": 9`), "state.json"},
		{"notes that are none", edit("notes.json", "[", "{"), "notes.json"},
		{"a note in another ref", edit("notes.json", "refs/notes/review", "refs/heads/review"), "no notes ref"},
		{"a note in a ref that git does not allow", edit("notes.json", "refs/notes/review", "refs/notes/../heads/x"), "does not allow"},
		{"a note of no commit", edit("notes.json", noted, "main"), "no object name"},
		{"a note of a commit that is not of the series", edit("notes.json", noted, strings.Repeat("1", 40)), "not of the series"},
		{"too many notes", edit("notes.json", `"data":"`, `"data":"`+strings.Repeat("x", 5<<20)), "unreasonable size"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			there := gittest.New(t)
			there.Write("file", "1\n")
			if there.Commit("one\n") != main {
				t.Fatal("not the same base")
			}
			refuse(t, there, pack(t, tc.edit(unpack(t, file))), tc.want)
			if left := files(t, kprepFile(there)); left != "" {
				t.Errorf("left behind: %s", left)
			}
		})
	}
}

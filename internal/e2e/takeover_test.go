package e2e

import (
	"strings"
	"testing"
)

// b4Edits makes b4's editor replace what matches a pattern of sed.
func (w *world) b4Edits(pattern, with string) {
	w.t.Helper()
	w.git("config", "--global", "core.editor", "sed -i -e 's/"+pattern+"/"+with+"/'")
	w.b4("prep", "--edit-cover")
}

// b4Writes makes b4's editor write a cover letter.
func (w *world) b4Writes(cover string) {
	w.t.Helper()
	name := w.home + "/cover.txt"
	w.at(w.home).write("cover.txt", cover)
	w.git("config", "--global", "core.editor", "cp "+name)
	w.b4("prep", "--edit-cover")
}

// amend changes a line of the last patch.
func (w *world) amend(old, new string) {
	w.t.Helper()
	w.edit("x/plain.txt", old, new)
	w.git("commit", "--quiet", "--all", "--amend", "--no-edit")
}

func (w *world) expect(key, want string) {
	w.t.Helper()
	if got := w.info()[key]; got != want {
		w.t.Errorf("%s is %q, want %q", key, got, want)
	}
}

// b4 takes a branch over that kprep sent, sends v2, and kprep goes on with v3.
func TestB4TakesOverAndGivesBack(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, compat  string
		patches       int
		second, third string // counters
	}{
		{"three patches", "false", 3, "[PATCH RFC v2 0/3]", "[PATCH RFC v3 0/3]"},
		{"three patches with compat-tags", "true", 3, "[PATCH RFC v2 0/3]", "[PATCH RFC v3 0/3]"},
		{"one patch with compat-tags", "true", 1, "[PATCH RFC v2]", "[PATCH RFC v3]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			all := someChanges(tc.patches)
			w, upstream, s := smallClone(t)
			w.git("config", "kprep.compat-tags", tc.compat)
			base := w.git("rev-parse", "HEAD")
			w.kprep("new", "There and back")
			w.make(all)
			w.cover(someCover)
			w.kprep("send", "--yes")
			w.checkApplies(upstream, base, s.received(), all)

			w.amend("line 30\n", "line thirty\n")
			id := w.info()["change-id"]
			names := []string{"sent/" + id + "-v1"}
			if tc.compat == "true" {
				names = append(names, "v1")
			}
			want := pairsOf(w.kprep("diff", "v1"))
			if !strings.Contains(want, "1:") || strings.Count(want, "\n") < tc.patches {
				t.Errorf("kprep diff v1 shows\n%s", want)
			}
			for _, name := range names {
				if got := w.b4("prep", "--compare-to", name); got != want {
					t.Errorf("b4 prep --compare-to %s:\n%s\nkprep diff v1:\n%s", name, got, want)
				}
			}

			w.b4Edits("- EDITME.*", "- b4 was here")
			w.b4("prep", "--set-prefixes", "RFC")
			w.checkInfo()
			w.b4("send")
			v2 := s.received()
			w.checkApplies(upstream, base, v2, all)
			checkThread(t, v2)
			if subject := open(t, v2[0]).subject; !strings.HasPrefix(subject, tc.second+" x: change ") {
				t.Errorf("b4 sent %q", subject)
			}

			w.expect("revision", "3")
			w.expect("change-id", id)
			w.expect("prefixes", "RFC")
			w.checkInfo()
			w.amend("line 1\n", "line one\n")
			if got, want := pairsOf(w.kprep("diff", "v2")), w.b4("prep", "--compare-to", "v2"); got != want || got == "" {
				t.Errorf("kprep diff v2:\n%s\nb4:\n%s", got, want)
			}
			if got := w.kprep("diff"); got != w.kprep("diff", "v2") {
				t.Errorf("kprep diff does not take v2 for the last revision:\n%s", got)
			}
			w.editCover("- EDITME.*", "- kprep again")
			w.kprep("send", "--yes")
			v3 := s.received()
			w.checkApplies(upstream, base, v3, all)
			cover := open(t, v3[0])
			if !strings.HasPrefix(cover.subject, tc.third+" x: change ") {
				t.Errorf("kprep sent %q", cover.subject)
			}
			links := []string{"- kprep again", "- b4 was here", strings.Trim(open(t, v2[0]).id, "<>")}
			for _, text := range links {
				if !strings.Contains(cover.body, text) {
					t.Errorf("the cover of v3 lacks %q:\n%s", text, cover.body)
				}
			}
			w.checkInfo()
			w.expect("revision", "4")
		})
	}
}

// A series that b4 began, and sent, goes on with kprep.
func TestB4Begins(t *testing.T) {
	t.Parallel()
	w, upstream, s := smallClone(t)
	base := w.git("rev-parse", "HEAD")
	w.git("config", "b4.send-auto-to-cmd", "echo Tom To <tom@example.org>")
	w.git("config", "b4.send-auto-cc-cmd", "echo cc@lists.example.org")
	w.b4("prep", "-n", "begun by b4", "-f", "main")
	w.make(someChanges(2))
	w.checkInfo()
	w.b4Writes(someCover)
	w.b4("send")
	v1 := s.received()
	w.checkApplies(upstream, base, v1, someChanges(2))

	w.expect("branch", "b4/begun-by-b4")
	w.expect("revision", "2")
	w.checkInfo()
	w.amend("line 30\n", "line thirty\n")
	if got, want := pairsOf(w.kprep("diff", "v1")), w.b4("prep", "--compare-to", "v1"); got != want || got == "" {
		t.Errorf("kprep diff v1:\n%s\nb4:\n%s", got, want)
	}
	w.kprep("collect")
	w.editCover("- EDITME.*", "- kprep was here")
	w.kprep("send", "--yes")
	v2 := s.received()
	w.checkApplies(upstream, base, v2, someChanges(1))
	cover := open(t, v2[0])
	if cover.subject != "[PATCH v2 0/2] x: change some lines" {
		t.Errorf("kprep sent %q", cover.subject)
	}
	if to := strings.Join(cover.to, ", "); !strings.Contains(to, "Tom To <tom@example.org>") {
		t.Errorf("kprep sent to %q", to)
	}
	if list := w.kprep("list"); !strings.Contains(list, "v2 sent") {
		t.Errorf("kprep list shows %q", list)
	}
	w.checkInfo()
}

// A branch that b4 enrolled, though kprep never saw it begin.
func TestB4Enrolls(t *testing.T) {
	t.Parallel()
	w, upstream, s := smallClone(t)
	base := w.git("rev-parse", "HEAD")
	w.git("checkout", "--quiet", "-b", "my-own-name")
	w.make(someChanges(3))
	w.b4("prep", "-e", "main")
	w.checkInfo()
	w.cover(someCover)
	w.checkInfo()
	w.kprep("send", "--yes")
	w.checkApplies(upstream, base, s.received(), someChanges(3))
	w.expect("branch", "my-own-name")
	w.expect("revision", "2")

	w.amend("line 30\n", "line thirty\n")
	w.b4Edits("- EDITME.*", "- b4 was here")
	w.b4("send")
	w.checkApplies(upstream, base, s.received(), someChanges(2))
	w.expect("revision", "3")
	if got := w.kprep("diff", "v2"); !strings.Contains(got, "1:") {
		t.Errorf("kprep diff v2 shows\n%s", got)
	}
	w.checkInfo()
}

// b4 continues a branch that kprep enrolled.
func TestB4ContinuesAnEnrolledBranch(t *testing.T) {
	t.Parallel()
	w, upstream, s := smallClone(t)
	base := w.git("rev-parse", "HEAD")
	w.git("checkout", "--quiet", "-b", "topic")
	w.make(someChanges(2))
	w.kprep("enroll", "main")
	w.checkInfo()
	w.b4Writes(someCover)
	w.b4("send")
	w.checkApplies(upstream, base, s.received(), someChanges(2))
	w.expect("revision", "2")
	w.checkInfo()
}

// pairsOf is what kprep diff prints below its summary: git's range-diff.
func pairsOf(diff string) string {
	_, below, _ := strings.Cut(diff, "\n\n")
	_, pairs, _ := strings.Cut(below, "\n\n")
	return pairs
}

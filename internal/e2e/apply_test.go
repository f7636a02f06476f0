package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// An applied commit is what has to survive the journey by mail.
type applied struct{ tree, author, message string }

// commits lists a range, oldest first.
func (w *world) commits(revisions string) []applied {
	w.t.Helper()
	var all []applied
	log := w.run("", "git", "log", "--reverse", "--no-mailmap", "--format=%T%x00%an <%ae>%x00%B%x01", revisions)
	for _, record := range strings.Split(log, "\x01") {
		fields := strings.SplitN(strings.TrimPrefix(record, "\n"), "\x00", 3)
		if len(fields) == 3 {
			all = append(all, applied{fields[0], fields[1], strings.TrimRight(fields[2], "\n") + "\n"})
		}
	}
	return all
}

// saved writes messages to files and returns their names.
func (w *world) saved(messages [][]byte) []string {
	w.t.Helper()
	dir := w.t.TempDir()
	var names []string
	for i, m := range messages {
		name := filepath.Join(dir, fmt.Sprintf("%04d.eml", i))
		if err := os.WriteFile(name, m, 0o644); err != nil {
			w.t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// patchesOf leaves the cover letter out.
func patchesOf(messages [][]byte) [][]byte {
	if len(messages) > 1 {
		return messages[1:]
	}
	return messages
}

// checkApplies has git am apply the mails of a series in a new clone of
// upstream, and compares every commit with what the contributor has between
// base and HEAD. w is the contributor.
func (w *world) checkApplies(upstream, base string, messages [][]byte, changes []change) {
	w.t.Helper()
	mine := w.commits(base + "..HEAD")
	mine = mine[1:] // the cover letter
	patches := patchesOf(messages)
	if len(patches) != len(mine) {
		w.t.Fatalf("%d patches were received for %d commits", len(patches), len(mine))
	}
	dir := filepath.Join(w.t.TempDir(), "maintainer")
	maintainer := newWorld(w.t)
	maintainer.git("clone", "--quiet", "--shared", "--no-checkout", upstream, dir)
	maintainer = maintainer.at(dir)
	maintainer.git("reset", "--quiet", "--hard", base)
	names := w.saved(patches)
	maintainer.git(append([]string{"am", "--quiet"}, names...)...)
	theirs := maintainer.commits(base + "..HEAD")
	if len(theirs) != len(mine) {
		w.t.Fatalf("git am made %d commits of %d", len(theirs), len(mine))
	}
	for i := range mine {
		why := fmt.Sprintf("patch %d", i+1)
		title, _, _ := strings.Cut(mine[i].message, "\n")
		title = strings.ReplaceAll(title, "\t", " ")
		if got := open(w.t, patches[i]).subject; !strings.HasSuffix(got, "] "+title) {
			w.t.Errorf("%s has the subject %q, the commit the title %q", why, got, title)
		}
		if i < len(changes) {
			why += " (" + changes[i].why + ")"
			if changes[i].arrives != "" {
				mine[i].message = changes[i].arrives
			}
		}
		if theirs[i] != mine[i] {
			w.t.Errorf("%s arrived as\n%q\nwant\n%q\nmail:\n%s", why, theirs[i], mine[i], patches[i])
		}
	}
	w.checkPatchIDs(base, names)
}

// checkPatchIDs compares the patch-id of each mail with that of the commit.
func (w *world) checkPatchIDs(base string, names []string) {
	w.t.Helper()
	var ofCommits []string
	log := w.run("", "git", "log", "--reverse", "-p", "--binary", "--full-index", base+"..HEAD")
	for line := range strings.Lines(w.run(log, "git", "patch-id", "--stable")) {
		ofCommits = append(ofCommits, strings.Fields(line)[0])
	}
	var patches strings.Builder
	for i, name := range names {
		mail, err := os.ReadFile(name)
		if err != nil {
			w.t.Fatal(err)
		}
		patch := name + ".patch"
		w.run(string(mail), "git", "mailinfo", name+".msg", patch)
		text, err := os.ReadFile(patch)
		if err != nil {
			w.t.Fatal(err)
		}
		fmt.Fprintf(&patches, "From %040d Mon Sep 17 00:00:00 2001\n\n%s", i+1, text)
	}
	var ofMails []string
	for line := range strings.Lines(w.run(patches.String(), "git", "patch-id", "--stable")) {
		ofMails = append(ofMails, strings.Fields(line)[0])
	}
	if len(ofCommits) == 0 {
		w.t.Errorf("git patch-id found no patches in %s..HEAD", base)
	}
	if strings.Join(ofMails, " ") != strings.Join(ofCommits, " ") {
		w.t.Errorf("patch-ids of the mails\n%q\nof the commits\n%q", ofMails, ofCommits)
	}
}

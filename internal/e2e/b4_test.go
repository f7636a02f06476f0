package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/mailtest"
)

// smallClone is a clone of a small upstream, with b4 at hand and a server that
// both programs send to.
func smallClone(t *testing.T) (w *world, upstream string, s *ownServer) {
	t.Helper()
	needPeer(t, "b4", "b4")
	w = newWorld(t)
	upstream = w.upstream(history{commits: 60, files: 20})
	s = startOwn(t, mailtest.Options{})
	w.uses(s)
	clone := filepath.Join(w.home, "clone")
	w.git("clone", "--quiet", "--branch=main", upstream, clone)
	return w.at(clone), upstream, s
}

const someCover = `x: change some lines

They were wrong: größer, schöner.

	indented prose

To: Max Maintainer <max@example.org>
To: "Odd, Name" <odd@example.org>
Cc: list@lists.example.org
Cc: Zoë Ünïcode <zoe@example.org>
Signed-off-by: Jane Dév <jane@example.org>
`

// someChanges are the first of changes() that b4 0.12 can mail as well. It
// cuts off CRs, leaves out binary files, cannot read what is not UTF-8, and
// makes no file names of titles longer than they may be.
func someChanges(n int) []change {
	beyond := []string{"CRLF", "line ends", "Latin-1", "binary", "dots", "like a header", "two blanks", "very long title"}
	return slices.DeleteFunc(changes(), func(c change) bool {
		return slices.ContainsFunc(beyond, func(word string) bool { return strings.Contains(c.why, word) })
	})[:n]
}

// What kprep says and renders is what b4 says and renders.
func TestB4Agrees(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		do   func(w *world)
	}{
		{"patches and a cover letter", func(w *world) {
			w.make(someChanges(4))
			w.cover(someCover)
		}},
		{"many patches, some by others", func(w *world) {
			w.make(someChanges(15))
			w.cover(someCover)
		}},
		{"a single patch", func(w *world) {
			w.make(someChanges(1))
			w.cover(someCover)
		}},
		{"a single patch with its own recipients", func(w *world) {
			w.edit("x/plain.txt", "line 3\n", "line three\n")
			w.commit("x: change a line\n\nIt was wrong.\n\nReported-by: Rita Reporter <rita@example.net>\nSigned-off-by: Jane Dév <jane@example.org>\n")
			w.cover("x: change\n\nOf a line.\n\nTo: max@example.org\nAcked-by: Ann Acker <ann@example.org>\nSigned-off-by: Jane Dév <jane@example.org>\n")
		}},
		{"a single patch without trailers", func(w *world) {
			w.edit("x/plain.txt", "line 3\n", "line three\n")
			w.commit("x: change a line\n\nIt was wrong.\n")
			w.cover(someCover)
		}},
		{"a single patch without trailers, nor the cover", func(w *world) {
			w.edit("x/plain.txt", "line 3\n", "line three\n")
			w.commit("x: change a line\n\nIt was wrong.\n")
			w.cover("x: change\n\nProse.\n\nTo: max@example.org\n")
		}},
		{"a single patch without a body", func(w *world) {
			w.edit("x/plain.txt", "line 3\n", "line three\n")
			w.commit("x: change a line\n")
			w.cover(someCover)
		}},
		{"a single patch by somebody else, no prose", func(w *world) {
			w.edit("x/plain.txt", "line 3\n", "line three\n")
			w.commit("x: change a line\n\nIt was wrong.\n", "--author=Sam Other <sam@example.net>")
			w.cover("x: change\n\nTo: max@example.org\n")
		}},
		{"prefixes of the series", func(w *world) {
			w.make(someChanges(3))
			w.cover(someCover)
			w.b4("prep", "--set-prefixes", "RFC", "net-next")
		}},
		{"brackets in titles", func(w *world) {
			w.make(someChanges(2))
			w.edit("x/plain.txt", "line 29\n", "line twenty-nine\n")
			w.commit("[tag other] x: change line 29\n\nBecause.\n")
			w.cover(someCover)
			w.b4("prep", "--set-prefixes", "RFC")
		}},
		{"a template and a signature of one's own", func(w *world) {
			w.at(w.home).write(".signature", "Jane\nBüro 7\n")
			w.at(w.home).write("template", "# a comment\n${cover}\n\n---\n${diffstat}\n\n${shortlog}\n---\nCosts $$5, ${unknown} and $nothing.\n\nbase-commit: ${base_commit}\nchange-id: $change_id\n-- \n${signature}\n")
			w.git("config", "--global", "b4.prep-cover-template", "~/template")
			w.make(someChanges(2))
			w.cover(someCover)
		}},
		{"a signature below a single patch", func(w *world) {
			w.at(w.home).write(".signature", "Jane\nBüro 7\n")
			w.make(someChanges(1))
			w.cover(someCover)
		}},
		{"standing recipients", func(w *world) {
			w.git("config", "b4.send-series-to", "first@example.org, \"Second, The\" <second@example.org>")
			w.git("config", "b4.send-series-cc", "Max Maintainer <max@example.org>, third@example.org")
			w.make(someChanges(2))
			w.cover(someCover)
		}},
		{"a sender other than the author", func(w *world) {
			w.git("config", "sendemail.from", "J. Dév <work@example.com>")
			w.make(someChanges(2))
			w.cover(someCover)
		}},
		{"comments in the cover letter", func(w *world) {
			w.make(someChanges(2))
			w.cover("x: change\n\n# not to be sent\n\nProse.\n# neither\n\n\n\nMore.\n\nTo: max@example.org\nCc: cc@example.org\n# nor this\n")
		}},
		{"a cover letter without trailers but those", func(w *world) {
			w.make(someChanges(2))
			w.cover("x: change\n\nProse.\n\nTo: max@example.org\n")
		}},
		{"sections in the cover letter", func(w *world) {
			w.make(someChanges(2))
			w.cover("x: change\n\nProse.\n\nTo: max@example.org\nSigned-off-by: Jane Dév <jane@example.org>\n\n---\nChanges in v1:\n- none\n\n---\nTested on x86.\n")
		}},
		{"sections below a single patch", func(w *world) {
			w.make(someChanges(1))
			w.cover("x: change\n\nProse.\n\nTo: max@example.org\nSigned-off-by: Jane Dév <jane@example.org>\n\n---\nChanges in v1:\n- none\n\n---\nTested on x86.\n")
		}},
		{"trailers of all kinds", func(w *world) {
			w.edit("x/plain.txt", "line 3\n", "line three\n")
			w.commit("x: change\n\nProse.\n\nFixes: 012345678901 (\"x: an old change\")\nLink: https://example.org/x@y\nReported-by: \"Ritter, Rita\" <rita@example.net>\nCc: stable@example.org # v5.10+\nCo-developed-by: Bär K. <k@example.org>\nSigned-off-by: Jane Dév <jane@example.org>\n")
			w.edit("x/plain.txt", "line 4\n", "line four\n")
			w.commit("x: change\n\nTested-by: Ted Tester <ted@example.org>\n")
			w.cover(someCover)
		}},
		{"the second revision, with a changelog", func(w *world) {
			w.make(someChanges(3))
			w.cover(someCover)
			w.kprep("send", "--yes")
			w.edit("x/plain.txt", "line 29\n", "line twenty-nine\n")
			w.commit("x: change line 29\n\nAs asked.\n\nSuggested-by: Rita Reporter <rita@example.net>\n")
			w.editCover("EDITME.*", "One more line, said Rita.")
		}},
		{"the second revision of a single patch", func(w *world) {
			w.make(someChanges(1))
			w.cover(someCover)
			w.kprep("send", "--yes")
			w.editCover("EDITME.*", "Nothing.")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, _, _ := smallClone(t)
			w.kprep("new", "Two tools")
			tc.do(w)
			w.checkInfo()
			w.kprep("send", "-o", "../by-kprep")
			w.b4("send", "-o", "../by-b4")
			compareLetters(t, w.directory("../by-kprep"), w.directory("../by-b4"))
		})
	}
}

// What info says follows core.abbrev, as b4's answer does.
func TestB4AgreesOnNames(t *testing.T) {
	t.Parallel()
	w, _, _ := smallClone(t)
	w.git("config", "core.abbrev", "15")
	w.kprep("new", "Two tools")
	w.make(someChanges(2))
	w.cover(someCover)
	w.checkInfo()
}

// editCover replaces what matches a pattern of sed in the cover letter.
func (w *world) editCover(pattern, with string) {
	w.t.Helper()
	w.cover(w.run(w.kprep("cover", "--show"), "sed", "-e", "s/"+pattern+"/"+with+"/"))
}

// checkInfo compares every fact that b4 knows.
func (w *world) checkInfo() {
	w.t.Helper()
	mine, theirs := w.info(), facts(w.b4("prep", "--show-info"))
	if len(theirs) < 8 {
		w.t.Errorf("b4 knows only %q", theirs)
	}
	for key, value := range theirs {
		if strings.HasPrefix(key, "series-v") { // b4 0.12 names the tag where newer ones name its object
			start, rest, _ := strings.Cut(value, "..")
			tag, id, _ := strings.Cut(rest, " ")
			value = start + ".." + w.git("rev-parse", tag)[:12] + " " + id
		}
		if key == "base-commit" && theirs["cover-strategy"] != "commit" {
			// b4 0.12 names the parent of the fork point there; newer ones and
			// its own mails name the fork point.
			value = theirs["start-commit"]
		}
		if mine[key] != value {
			w.t.Errorf("%s: kprep says %q, b4 %q", key, mine[key], value)
		}
	}
}

func compareLetters(t *testing.T, mine, theirs [][]byte) {
	t.Helper()
	if len(mine) != len(theirs) {
		t.Fatalf("kprep rendered %d messages, b4 %d", len(mine), len(theirs))
	}
	first, firstB4 := open(t, mine[0]).id, open(t, theirs[0]).id
	for i := range mine {
		m, b := open(t, mine[i]), open(t, theirs[i])
		if m.subject != b.subject {
			t.Errorf("message %d: subject %q, b4 %q", i, m.subject, b.subject)
		}
		if m.from != b.from || !slices.Equal(m.to, b.to) || !slices.Equal(m.cc, b.cc) {
			t.Errorf("message %d: from %s to %q cc %q\nb4: from %s to %q cc %q", i, m.from, m.to, m.cc, b.from, b.to, b.cc)
		}
		// Below a signature b4 writes one line feed more, and two where a
		// single patch has no body.
		if b.body = strings.TrimPrefix(b.body, "\n\n"); b.body != m.body && b.body != m.body+"\n" {
			t.Errorf("message %d: body\n%s\nb4:\n%s", i, m.body, b.body)
		}
		if (m.parent == first) != (b.parent == firstB4) || (m.parent == "") != (b.parent == "") {
			t.Errorf("message %d replies to %q, its first is %q; b4: %q and %q", i, m.parent, first, b.parent, firstB4)
		}
	}
}

package feedback

import (
	"bytes"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/rangediff/xdiff"
)

// A Location is the line that a reply is about.
type Location struct {
	// File and Line are those of today's branch, after its last patch. Of a line
	// that is not there any more they are where it was. Nothing is known of today
	// without File: what was mailed is not in the repository.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Gone bool   `json:"gone,omitempty"` // the line, or the file
	// Patch is set when a later patch of today's branch changes the line: File and
	// Line are those after that patch, from 1, then.
	Patch int `json:"patch,omitempty"`
	// As it was when it was mailed.
	SentFile string `json:"sent-file"`
	SentLine int    `json:"sent-line"`
}

// A tracer finds lines of patches that were mailed in the branch of today.
type tracer struct {
	read  func(name string) (gitrepo.Object, error) // as of [gitrepo.Repo.Read]
	today []gitrepo.ID                              // the patches of the branch
	files []map[string]bool                         // that each of them is about
	known map[string]*lineMap                       // by what is compared
}

// maxBlob bounds the files that are compared.
const maxBlob = 8 << 20

// trace finds a line of a file as a commit left it. Patch is what became of that
// commit in the branch, -1 when that is not known.
func (t *tracer) trace(commit gitrepo.ID, file string, line, patch int) Location {
	at := Location{File: file, Line: line, SentFile: file, SentLine: line}
	end := len(t.today) - 1
	if end < 0 {
		at.Gone = true
		return at
	}
	last := at
	if t.move(&last, commit, end); !last.Gone || patch < 0 {
		return last
	}
	if t.move(&at, commit, patch); at.Gone {
		return last
	}
	at.Patch = patch + 1
	return at
}

// move takes a location from a commit to a patch of the branch.
func (t *tracer) move(at *Location, from gitrepo.ID, patch int) {
	old, ok := t.text(from, at.File)
	if !ok { // of a file that the patch deletes nothing is left either
		_, there := t.text(t.today[patch], at.File)
		at.Gone = !there
		return
	}
	key := string(from) + "\x00" + string(t.today[patch]) + "\x00" + at.File
	m, known := t.known[key]
	if !known {
		m = t.compare(old, at.File, patch)
		t.known[key] = m
	}
	if m == nil {
		at.Gone = true
		return
	}
	at.File = m.file
	at.Line, at.Gone = m.today(at.Line)
}

// compare compares a text with the file of that name after a patch of the branch,
// or with the one most like it that the patch is about; nil when there is none.
func (t *tracer) compare(old []byte, file string, patch int) *lineMap {
	commit := t.today[patch]
	if now, ok := t.text(commit, file); ok {
		return newLineMap(old, now, file)
	}
	var best *lineMap
	for name := range t.files[patch] {
		now, ok := t.text(commit, name)
		if !ok {
			continue
		}
		if m := newLineMap(old, now, name); 2*m.kept >= m.old && (best == nil || m.kept > best.kept || m.kept == best.kept && name < best.file) {
			best = m
		}
	}
	return best
}

func (t *tracer) text(commit gitrepo.ID, file string) ([]byte, bool) {
	if file == "" || strings.ContainsAny(file, "\n\x00") {
		return nil, false
	}
	obj, err := t.read(string(commit) + ":" + file)
	if err != nil || obj.Kind != "blob" || len(obj.Data) > maxBlob || bytes.IndexByte(obj.Data, 0) >= 0 {
		return nil, false
	}
	return obj.Data, true
}

// A lineMap says where the lines of a text are in a file.
type lineMap struct {
	file     string
	changes  []xdiff.Change
	old, new int // lines
	kept     int
}

func newLineMap(old, now []byte, file string) *lineMap {
	var table xdiff.Table
	a, b := table.File(old), table.File(now)
	m := &lineMap{file: file, changes: xdiff.Diff(a, b, xdiff.Options{IndentHeuristic: true}), old: len(a.Lines), new: len(b.Lines)}
	m.kept = m.old
	for _, c := range m.changes {
		m.kept -= c.OldCount
	}
	return m
}

// today is where a line is, or, when it is gone, where it would be. Lines count
// from 1.
func (m *lineMap) today(line int) (now int, gone bool) {
	at := min(max(line-1, 0), max(m.old-1, 0))
	shift := 0
	for _, c := range m.changes {
		if at < c.Old {
			break
		}
		if at < c.Old+c.OldCount {
			return min(c.New+min(at-c.Old, max(c.NewCount-1, 0)), max(m.new-1, 0)) + 1, true
		}
		shift = c.New + c.NewCount - c.Old - c.OldCount
	}
	return at + shift + 1, false
}

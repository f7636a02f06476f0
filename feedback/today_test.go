package feedback

import (
	"fmt"
	"testing"

	"github.com/kprep/kprep/gitrepo"
)

// texts stands for a repository, by "commit:file".
type texts map[string]string

func (t texts) read(name string) (gitrepo.Object, error) {
	if text, ok := t[name]; ok {
		return gitrepo.Object{Kind: "blob", Data: []byte(text)}, nil
	}
	return gitrepo.Object{}, &gitrepo.MissingError{Name: name}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	repo := texts{
		"v1:f": "a\nb\nc\nd\n", "one:f": "0\na\nb\nc2\nd\n", "two:f": "0\na\nb2\nc2\nd\n",
		"v1:old": "1\n2\n3\n4\n", "one:new": "1\n2\n2a\n3\n4\n", "two:new": "1\n2\n2a\n3\n4\n", "one:unlike": "x\n",
		"v1:lost": "p\nq\n", "v1:binary": "\x00", "two:binary": "x\n",
	}
	for _, tc := range []struct {
		why, file   string
		line, patch int
		want        string
	}{
		{"it moved", "f", 4, 0, "f:5"},
		{"it changed", "f", 3, 0, "f:4 gone"},
		{"a later patch changes it", "f", 2, 0, "f:3 patch 1"},
		{"nobody knows which patch it became", "f", 2, -1, "f:3 gone"},
		{"the file has another name", "old", 3, 1, "new:4"},
		{"the file is gone", "lost", 1, 1, "lost:1 gone"},
		{"beyond the end", "f", 99, 0, "f:5"},
		{"no text", "binary", 1, 0, "binary:1"},
		{"a file that nobody had", "../etc/passwd", 1, 0, "../etc/passwd:1 gone"},
		{"a name that would be two lines", "f\nv1:f", 1, 0, "f\nv1:f:1 gone"},
	} {
		tr := &tracer{read: repo.read, today: []gitrepo.ID{"one", "two"}, files: []map[string]bool{{"f": true}, {"unlike": true, "new": true}}, known: map[string]*lineMap{}}
		at := tr.trace("v1", tc.file, tc.line, tc.patch)
		got := fmt.Sprintf("%s:%d", at.File, at.Line)
		if at.Gone {
			got += " gone"
		}
		if at.Patch > 0 {
			got += fmt.Sprintf(" patch %d", at.Patch)
		}
		if got != tc.want || at.SentFile != tc.file || at.SentLine != tc.line {
			t.Errorf("%s: got %q, want %q; sent %s:%d", tc.why, got, tc.want, at.SentFile, at.SentLine)
		}
	}
	empty := &tracer{read: repo.read, known: map[string]*lineMap{}}
	if at := empty.trace("v1", "f", 1, -1); !at.Gone {
		t.Errorf("a branch without patches: %+v", at)
	}
}

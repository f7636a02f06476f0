package rangecache

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kprep/kprep/rangediff"
)

func TestStoreHasBounds(t *testing.T) {
	t.Parallel()
	s := storeIn(t.TempDir())
	if s.used() {
		t.Error("a store that is not there is used")
	}
	for n, name := range []string{"c", "a", "b"} {
		if err := s.put(name, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		made := time.Unix(1700000000+int64(n), 0)
		if err := os.Chtimes(filepath.Join(s.dir, name), made, made); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.put("large", make([]byte, maxEntry+1)); err != nil || s.get("large") != nil {
		t.Errorf("a large entry: %v, kept %t", err, s.get("large") != nil)
	}
	if !s.used() || s.get("c") == nil {
		t.Error("what was put is not there")
	}
	if err := s.prune(20); err != nil {
		t.Fatal(err)
	}
	if s.get("c") != nil || s.get("a") == nil || s.get("b") == nil {
		t.Error("not the oldest entry is gone")
	}
	if s.get("none") != nil {
		t.Error("an entry that was not put")
	}
}

func TestStoreThatCannotBeMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kprep"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := storeIn(dir)
	if s.put("name", []byte("x")) == nil || s.used() || s.get("name") != nil {
		t.Error("a file in the way is no error of put")
	}
}

func made() *entry {
	return &entry{files: []string{"a", "b c", ""}, attributes: [32]byte{1, 2}, commits: []rangediff.Commit{
		{ID: "0123", Text: []byte("text\n\x00\xff"), DiffAt: 4, DiffLines: 2}, {ID: "4567"},
	}}
}

func equal(a, b *entry) bool {
	return slices.Equal(a.files, b.files) && a.attributes == b.attributes &&
		slices.EqualFunc(a.commits, b.commits, func(a, b rangediff.Commit) bool {
			return a.ID == b.ID && a.DiffAt == b.DiffAt && a.DiffLines == b.DiffLines && bytes.Equal(a.Text, b.Text)
		})
}

func TestEntryThatIsDamaged(t *testing.T) {
	t.Parallel()
	data := made().encode()
	if e, err := decode(data); err != nil || !equal(e, made()) {
		t.Fatalf("decode(encode(e)) is %v, %v", e, err)
	}
	for n := range data {
		if _, err := decode(data[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are an entry", n, len(data))
		}
		wrong := bytes.Clone(data)
		wrong[n] ^= 4
		if _, err := decode(wrong); err == nil {
			t.Errorf("with another byte at %d it is an entry", n)
		}
	}
}

// Whatever the body says, reading it ends, and what it says is written again.
func FuzzEntry(f *testing.F) {
	f.Add(made().encode()[32:])
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := decodeBody(body)
		if err != nil {
			return
		}
		again, err := decode(e.encode())
		if err != nil || !equal(e, again) {
			t.Errorf("%v became %v, %v", e, again, err)
		}
	})
}

package spool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// text is a different one for each number, of at least size bytes.
func text(n, size int) []byte {
	word := fmt.Sprintf("text %d\n", n)
	return bytes.Repeat([]byte(word), size/len(word)+1)
}

// keep fills a spool from several goroutines, and reads everything back.
func keep(t *testing.T, s *Spool, count, size int) {
	t.Helper()
	texts := make([]Text, count)
	var all sync.WaitGroup
	for n := range count {
		all.Go(func() {
			given := text(n, size)
			texts[n] = s.Keep(given[:n%7], given[n%7:])
			clear(given) // the spool has its own
		})
	}
	all.Wait()
	for n, kept := range texts {
		want := text(n, size)
		if got, err := kept.Bytes(); err != nil || !bytes.Equal(got, want) || kept.Len() != len(want) {
			t.Fatalf("text %d of %d: %d bytes %.20q, %v", n, count, len(got), got, err)
		}
		if got, err := kept.AppendTo([]byte("before")); err != nil || string(got) != "before"+string(want) {
			t.Fatalf("text %d of %d is appended as %.20q, %v", n, count, got, err)
		}
		var written bytes.Buffer
		if size, err := kept.WriteTo(&written); err != nil || !bytes.Equal(written.Bytes(), want) || size != int64(len(want)) {
			t.Fatalf("text %d of %d is written as %d bytes %.20q, %v", n, count, size, written.Bytes(), err)
		}
	}
}

func TestTextsComeBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		count, size int
		file        bool
	}{
		{"none", 0, 0, false},
		{"few stay in memory", 10, 1000, false},
		{"many go to a file", 100, 50_000, true},
		{"one that is too large", 1, inMemory, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "kprep")
			s := In(dir)
			keep(t, s, c.count, c.size)
			if (s.file != nil) != c.file {
				t.Errorf("has a file: %v", s.file != nil)
			}
			if s.held > inMemory {
				t.Errorf("%d bytes in memory", s.held)
			}
			if entries, err := os.ReadDir(dir); c.file == (err != nil) || len(entries) > 0 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
			if c.file {
				if info, err := s.file.Stat(); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("the file: %v, %v", info.Mode(), err)
				}
			}
		})
	}
}

func TestWithoutAFileAllStaysInMemory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := In(dir) // no folder can be there
	keep(t, s, 100, 50_000)
	if s.held < 100*50_000 {
		t.Errorf("%d bytes in memory", s.held)
	}
}

func TestOnAFullDiskTheRestStaysInMemory(t *testing.T) {
	t.Parallel()
	s := In(t.TempDir())
	before := s.Keep(text(0, 2*inMemory))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	defer full.Close()
	s.file = full
	keep(t, s, 3, inMemory)
	if got, err := before.Bytes(); err != nil || !bytes.Equal(got, text(0, 2*inMemory)) {
		t.Errorf("what was in the file: %d bytes, %v", len(got), err)
	}
}

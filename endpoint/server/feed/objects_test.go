package feed

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// Every object is read as git has it, from files of its own and from a pack with
// deltas, and none is taken for one that is not there.
func TestObjects(t *testing.T) {
	t.Parallel()
	f := openFeed(t, testSettings(t.TempDir()))
	mails := series("a", 3)
	for i := range mails { // alike and large: git stores them as deltas
		mails[i] = append(mails[i], strings.Repeat(fmt.Sprintf("+line %d\n", i), 3000)...)
		mails[i] = append(mails[i], strings.Repeat("+the same in all\n", 3000)...)
	}
	appendMails(t, f, mails)
	compare := func(how string) {
		e, err := openEpoch(f.epoch(0))
		if err != nil {
			t.Fatal(err)
		}
		list := strings.Fields(run(t, "", "git", "-C", e.dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"))
		if len(list) != 3*len(mails) {
			t.Fatalf("%s, there are %d objects", how, len(list))
		}
		for _, name := range list {
			id := plumbing.NewHash(name)
			kind := strings.TrimSpace(run(t, "", "git", "-C", e.dir, "cat-file", "-t", name))
			want := run(t, "", "git", "-C", e.dir, "cat-file", kind, name)
			if got, err := e.objects.read(id); err != nil || string(got) != want {
				t.Errorf("%s, the %s %s is %q, %v; want %q", how, kind, name, got, err, want)
			}
			if there, err := e.objects.has(id); err != nil || !there {
				t.Errorf("%s, %s is there, not %v, %v", how, name, there, err)
			}
		}
		none := blobOf([]byte("nowhere"))
		if there, err := e.objects.has(none); err != nil || there {
			t.Errorf("%s, what is nowhere is there: %v, %v", how, there, err)
		}
		if _, err := e.objects.read(none); err == nil {
			t.Errorf("%s, what is nowhere can be read", how)
		}
	}
	compare("in files")
	run(t, "", "git", "-C", f.epoch(0), "repack", "-adq")
	if deltas := run(t, "", "git", "-C", f.epoch(0), "cat-file", "--batch-all-objects", "--batch-check=%(deltabase)"); strings.Count(deltas, strings.Repeat("0", 40)) == 3*len(mails) {
		t.Error("the pack has no deltas")
	}
	compare("in a pack")
}

// A feed that others damaged is not written to.
func TestRefusesDamage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		damage func(t *testing.T, epoch string)
	}{
		{"the branch is at no commit", func(t *testing.T, epoch string) {
			overwrite(t, filepath.Join(epoch, "refs", "heads", "master"), []byte("ref: refs/heads/main\n"))
		}},
		{"an index of a pack is cut short", func(t *testing.T, epoch string) {
			run(t, "", "git", "-C", epoch, "repack", "-adq")
			indexes, err := filepath.Glob(filepath.Join(epoch, "objects", "pack", "*.idx"))
			if err != nil || len(indexes) != 1 {
				t.Fatalf("indexes: %q, %v", indexes, err)
			}
			text, err := os.ReadFile(indexes[0])
			if err != nil {
				t.Fatal(err)
			}
			overwrite(t, indexes[0], text[:len(text)-30])
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := openFeed(t, testSettings(t.TempDir()))
			appendMails(t, f, series("a", 1))
			tc.damage(t, f.epoch(0))
			branch := filepath.Join(f.epoch(0), "refs", "heads", "master")
			before, err := os.ReadFile(branch)
			if err != nil {
				t.Fatal(err)
			}
			if commits, err := f.Append(t.Context(), series("b", 1), testTime); err == nil {
				t.Errorf("it wrote %v", commits)
			}
			if after, err := os.ReadFile(branch); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the branch was %q and is %q, %v", before, after, err)
			}
		})
	}
}

func overwrite(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

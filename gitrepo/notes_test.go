package gitrepo_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// carry carries notes and moves the refs.
func carry(t *testing.T, r *gittest.Repo, moved map[gitrepo.ID]gitrepo.ID) []gitrepo.RefUpdate {
	t.Helper()
	repo, ctx := open(t, r, r.Dir), context.Background()
	refs := r.Git("for-each-ref")
	updates, err := repo.CarryNotes(ctx, moved)
	if err != nil {
		t.Fatal(err)
	}
	if now := r.Git("for-each-ref"); now != refs {
		t.Errorf("refs moved on their own: %s", now)
	}
	if len(updates) > 0 {
		if err := repo.UpdateRefs(ctx, "kprep: test", updates...); err != nil {
			t.Fatal(err)
		}
	}
	r.Git("fsck", "--strict")
	return updates
}

// blobs stand for commits: git lets anything be annotated.
func blobs(t *testing.T, r *gittest.Repo, n int) []gitrepo.ID {
	t.Helper()
	repo := open(t, r, r.Dir)
	var objects []gitrepo.Object
	var ids []gitrepo.ID
	for i := range n {
		obj := repo.NewObject("blob", fmt.Appendf(nil, "object %d", i))
		objects, ids = append(objects, obj), append(ids, obj.ID)
	}
	if err := repo.WriteObjects(context.Background(), objects...); err != nil {
		t.Fatal(err)
	}
	return ids
}

// notesOf is what git itself finds: the object that annotates each commit.
func notesOf(r *gittest.Repo, ref string) map[gitrepo.ID]string {
	notes := map[gitrepo.ID]string{}
	for line := range strings.Lines(r.Git("notes", "--ref="+ref, "list")) {
		blob, commit, _ := strings.Cut(strings.TrimSpace(line), " ")
		notes[gitrepo.ID(commit)] = blob
	}
	return notes
}

// annotate has git write a note for each id.
func annotate(r *gittest.Repo, ids []gitrepo.ID) {
	var in strings.Builder
	for _, id := range ids[1:] {
		fmt.Fprintf(&in, "%s %s\n", ids[0], id)
	}
	r.Git("notes", "add", "-m", "a note", string(ids[0]))
	r.GitInput(in.String(), "notes", "copy", "--stdin")
}

func TestNotesFollowAtEveryFanOut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		format string
		notes  int
		depth  int // of directories
	}{{"sha1", 60, 0}, {"sha1", 600, 1}, {"sha256", 600, 1}} {
		t.Run(fmt.Sprint(tc.format, " ", tc.notes), func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t, "--object-format="+tc.format)
			r.Commit("base\n")
			ids := blobs(t, r, tc.notes+40)
			annotate(r, ids[:tc.notes])
			checkDepth(t, r, tc.depth)
			want := notesOf(r, "commits")
			moved := map[gitrepo.ID]gitrepo.ID{}
			for i := range 40 {
				from, to := ids[i], ids[tc.notes+i]
				moved[from] = to
				if blob := want[from]; blob != "" {
					want[to] = blob
				}
			}
			carry(t, r, moved)
			checkDepth(t, r, tc.depth)
			if got := notesOf(r, "commits"); !maps.Equal(got, want) {
				t.Errorf("git finds %d notes, want %d", len(got), len(want))
			}
			if subject := r.Git("log", "-1", "--format=%s %P", "refs/notes/commits"); subject != "Notes added by 'kprep' "+r.Git("rev-parse", "refs/notes/commits^") {
				t.Errorf("the notes commit is %q", subject)
			}
			// git goes on from there.
			r.Git("notes", "add", "-m", "more", "HEAD")
			if got := len(notesOf(r, "commits")); got != len(want)+1 {
				t.Errorf("git finds %d notes after adding one to %d", got, len(want))
			}
			if again := carry(t, r, moved); len(again) != 0 {
				t.Errorf("carried again: %v", again)
			}
		})
	}
}

// checkDepth wants all notes to lie equally deep: new ones keep to the old.
func checkDepth(t *testing.T, r *gittest.Repo, want int) {
	t.Helper()
	for path := range strings.Lines(r.Git("ls-tree", "-r", "--name-only", "refs/notes/commits")) {
		if depth := strings.Count(path, "/"); depth != want {
			t.Fatalf("%q lies %d directories deep, want %d", path, depth, want)
		}
	}
}

func TestCarryNotesTable(t *testing.T) {
	t.Parallel()
	const bytes = "caf\xe9\r\n\x00 no newline"
	for _, tc := range []struct {
		why   string
		setUp func(r *gittest.Repo, blob, old, new string)
		want  []string // refs that move
	}{
		{"no notes", func(*gittest.Repo, string, string, string) {}, nil},
		{"a note", func(r *gittest.Repo, blob, old, _ string) { r.Git("notes", "add", "-C", blob, old) }, []string{"commits"}},
		{"notes under several names", func(r *gittest.Repo, blob, old, _ string) {
			r.Git("notes", "add", "-C", blob, old)
			r.Git("notes", "--ref=deep/er", "add", "-C", blob, old)
			r.Git("notes", "--ref=other", "add", "-m", "about another commit", "HEAD~2")
		}, []string{"commits", "deep/er"}},
		{"a note that is there already", func(r *gittest.Repo, blob, old, new string) {
			r.Git("notes", "add", "-C", blob, old)
			r.Git("notes", "add", "-m", "its own", new)
		}, nil},
		{"another name of a ref", func(r *gittest.Repo, blob, old, _ string) {
			r.Git("notes", "add", "-C", blob, old)
			r.Git("symbolic-ref", "refs/notes/alias", "refs/notes/commits")
		}, []string{"commits"}},
		{"a ref that is no commit", func(r *gittest.Repo, blob, old, _ string) {
			r.Git("update-ref", "refs/notes/odd", blob)
		}, nil},
		{"directories in directories", func(r *gittest.Repo, blob, old, new string) {
			spread := func(id string) string { return id[:2] + "/" + id[2:4] + "/" + id[4:] }
			neighbour := new[:4] + old[4:]
			r.GitInput(fmt.Sprintf("commit refs/notes/commits\ncommitter J <j@example.org> 1 +0000\ndata 0\nM 100644 %s %s\nM 100644 %s %s\n",
				blob, spread(old), blob, spread(neighbour)), "fast-import", "--quiet")
		}, []string{"commits"}},
		{"a file that sorts before the directory of its name", func(r *gittest.Repo, blob, old, new string) {
			r.GitInput(fmt.Sprintf("commit refs/notes/commits\ncommitter J <j@example.org> 1 +0000\ndata 0\nM 100644 %s %s/%s\nM 100644 %s %s.txt\n",
				blob, old[:2], old[2:], blob, new[:2]), "fast-import", "--quiet")
		}, []string{"commits"}},
		{"files that are no notes", func(r *gittest.Repo, blob, old, _ string) {
			r.Git("notes", "add", "-C", blob, old)
			tree := r.GitInput(r.Git("ls-tree", "refs/notes/commits")+"\n100755 blob "+blob+"\tREADME\n040000 tree "+r.Git("rev-parse", "HEAD^{tree}")+"\tab\n", "mktree")
			r.Git("update-ref", "refs/notes/commits", r.Git("commit-tree", "-m", "x", tree))
		}, []string{"commits"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			r.Write("f", "1\n")
			for _, m := range []string{"zero\n", "one\n", "two\n"} {
				r.Commit(m)
			}
			blob, old, new := r.GitInput(bytes, "hash-object", "-w", "--stdin"), r.Git("rev-parse", "HEAD~1"), r.Git("rev-parse", "HEAD")
			tc.setUp(r, blob, old, new)
			files := ""
			if r.Git("for-each-ref", "refs/notes/commits") != "" {
				files = r.Git("ls-tree", "-r", "refs/notes/commits")
			}
			var got []string
			for _, u := range carry(t, r, map[gitrepo.ID]gitrepo.ID{gitrepo.ID(old): gitrepo.ID(new)}) {
				ref := strings.TrimPrefix(u.Name, "refs/notes/")
				got = append(got, ref)
				if notes := notesOf(r, ref); notes[gitrepo.ID(new)] != blob || notes[gitrepo.ID(old)] != blob {
					t.Errorf("%s has %v, want %s for both", ref, notes, blob)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("moved %v, want %v", got, tc.want)
			}
			for line := range strings.Lines(files) {
				if now := r.Git("ls-tree", "-r", "refs/notes/commits"); !strings.Contains(now, strings.TrimSpace(line)) {
					t.Errorf("lost %q, there is\n%s", line, now)
				}
			}
		})
	}
}

func TestCarryNotesRefusesABrokenTree(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	old := r.Commit("one\n")
	r.Git("notes", "add", "-m", "x", old)
	tree := r.Git("rev-parse", "refs/notes/commits^{tree}")
	file := filepath.Join(r.Dir, ".git", "objects", tree[:2], tree[2:])
	run(t, r, "", "rm", "-f", file)
	_, err := open(t, r, r.Dir).CarryNotes(context.Background(), map[gitrepo.ID]gitrepo.ID{gitrepo.ID(old): gitrepo.ID(strings.Repeat("a", 40))})
	if err == nil || !strings.Contains(err.Error(), "refs/notes/commits") {
		t.Errorf("got %v", err)
	}
}

package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/archive"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
)

const changeID = "20250102-topic-0123456789ab"

// An entry is one of a tar file, as a stranger may write it.
type entry struct {
	tar.Header
	data  string
	zeros int64 // instead of data
}

func unpack(t *testing.T, file string) []entry {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []entry
	for in := tar.NewReader(plain); ; {
		h, err := in.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{Header: *h, data: string(data)})
	}
}

func pack(t *testing.T, entries []entry) string {
	t.Helper()
	var file bytes.Buffer
	packed := gzip.NewWriter(&file)
	out := tar.NewWriter(packed)
	for _, e := range entries {
		e.Size = int64(len(e.data)) + e.zeros
		if err := out.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(out, e.data); err != nil {
			t.Fatal(err)
		}
		for block := make([]byte, 1<<20); e.zeros > 0; e.zeros -= int64(len(block)) {
			if _, err := out.Write(block); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(out.Close(), packed.Close()); err != nil {
		t.Fatal(err)
	}
	return keep(t, file.Bytes())
}

func keep(t *testing.T, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "from-elsewhere.tar.gz")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// edit replaces text in one entry.
func edit(name, from, to string) func([]entry) []entry {
	return func(all []entry) []entry {
		for i := range all {
			if strings.HasSuffix(all[i].Name, "/"+name) {
				all[i].data = strings.Replace(all[i].data, from, to, 1)
			}
		}
		return all
	}
}

// with adds an entry of one type.
func with(kind byte, name, link, data string) func([]entry) []entry {
	return func(all []entry) []entry {
		return append(all, entry{Header: tar.Header{Typeflag: kind, Name: name, Linkname: link, Mode: 0o600}, data: data})
	}
}

func without(name string) func([]entry) []entry {
	return func(all []entry) []entry {
		var rest []entry
		for _, e := range all {
			if !strings.HasSuffix(e.Name, "/"+name) {
				rest = append(rest, e)
			}
		}
		return rest
	}
}

// An archive from elsewhere is a stranger's file: what kprep would not have
// written is refused, and nothing has changed.
func TestHostileArchives(t *testing.T) {
	t.Parallel()
	r := finished(t, series.BranchDescription)
	base := r.Git("rev-parse", "main")
	tip := r.Git("rev-parse", "b4/topic")
	tagged := r.Git("rev-parse", "sent/"+changeID+"-v1")
	file, err := putAway(t, r, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const tag = "refs/tags/sent/" + changeID + "-v1"
	for _, tc := range []struct {
		why  string
		edit func([]entry) []entry
		want string
	}{
		{"a path that leads out", with(tar.TypeReg, changeID+"/../../evil", "", "x"), "none of kprep's"},
		{"a path that leads out at once", with(tar.TypeReg, "../evil", "", "x"), `"../evil"`},
		{"an absolute path", with(tar.TypeReg, "/tmp/evil", "", "x"), `"/tmp/evil"`},
		{"no folder", with(tar.TypeReg, "refs", "", "x"), "outside of the folder"},
		{"another folder", with(tar.TypeReg, "20250102-other-0123456789ab/refs", "", "x"), "outside of the folder"},
		{"an unknown file", with(tar.TypeReg, changeID+"/hooks/post-checkout", "", "x"), "none of kprep's"},
		{"a folder of another name", with(tar.TypeDir, changeID+"/hooks/", "", ""), "no file"},
		{"a revision that is no number", with(tar.TypeReg, changeID+"/sent/v../x.mbx", "", "x"), "none of kprep's"},
		{"a symbolic link", with(tar.TypeSymlink, changeID+"/sent/v2.mbx", "/etc/passwd", ""), "no file"},
		{"a hard link", with(tar.TypeLink, changeID+"/sent/v2.mbx", "/etc/passwd", ""), "no file"},
		{"a device", with(tar.TypeChar, changeID+"/sent/v2.mbx", "", ""), "no file"},
		{"a pipe", with(tar.TypeFifo, changeID+"/sent/v2.mbx", "", ""), "no file"},
		{"a file twice", with(tar.TypeReg, changeID+"/refs", "", "x"), "twice"},
		{"no refs", without("refs"), "holds no refs"},
		{"no tracking data", without("tracking.json"), "holds no tracking.json"},
		{"no cover letter", without("cover.txt"), "holds no cover.txt"},
		{"another series inside", edit("tracking.json", changeID, "20250102-other-0123456789ab"), "in the folder"},
		{"a change-id that is a path", edit("tracking.json", changeID, "../../evil"), "change-id"},
		{"tracking data that is none", edit("tracking.json", "{", "["), "tracking.json"},
		{"another format", edit("refs", "kprep-archive 1", "kprep-archive 2"), "begin with"},
		{"an unknown storage", edit("refs", "storage branch-description", "storage cloud"), "cloud"},
		{"a tag of the project's", edit("refs", tag, "refs/tags/v1.0"), "neither the branch nor a sent tag"},
		{"a remote branch", edit("refs", tag, "refs/remotes/origin/main"), "neither the branch nor a sent tag"},
		{"HEAD", edit("refs", tag, "HEAD"), "neither the branch nor a sent tag"},
		{"the operation log", edit("refs", tag, "refs/kprep/ops"), "neither the branch nor a sent tag"},
		{"two branches", edit("refs", tag, "refs/heads/other"), "neither the branch nor a sent tag"},
		{"a tag of another series", edit("refs", tag, "refs/tags/sent/20250102-other-0123456789ab-v1"), "no tag of the series"},
		{"a tag without a revision", edit("refs", tag, "refs/tags/sent/"+changeID), "no tag of the series"},
		{"no object name", edit("refs", tagged, "main"), "no object name"},
		{"a branch that is an option", edit("refs", "refs/heads/b4/topic", "refs/heads/--force"), "no name of a branch"},
		{"a branch called HEAD", edit("refs", "refs/heads/b4/topic", "refs/heads/HEAD"), "no name of a branch"},
		{"a branch that git does not allow", edit("refs", "refs/heads/b4/topic", "refs/heads/b4/../topic"), "does not allow"},
		{"the branch at a tag", edit("refs", "storage branch-description\n"+tip, "storage branch-description\n"+tagged), "not of the series"},
		{"objects that are not there", edit("refs", tagged, strings.Repeat("1", 40)), "not of the series"},
		{"a setting of the repository", edit("config", "[branch", "[core]\n\tfsmonitor = evil\n[branch"), `"core.fsmonitor"`},
		{"an include", edit("config", "[branch", "[include]\n\tpath = /tmp/evil\n[branch"), `"include.path"`},
		{"a setting of another branch", edit("config", "[branch", "[branch \"main\"]\n\tremote = evil\n[branch"), `"branch.main.remote"`},
		{"a remote that is a command", edit("config", "\tdescription", "\tremote = ext::sh -c evil\n\tdescription"), "runs a command"},
		{"a push remote that is a command", edit("config", "\tdescription", "\tpushRemote = ext::sh -c evil\n\tdescription"), "runs a command"},
		{"configuration that is none", edit("config", "[branch", "[branch \"b4/topic\"\n[branch"), "config"},
		{"a bundle that ends early", edit("bundle", "PACK", "PAC"), "bundle"},
		{"no bundle", without("bundle"), "names nothing in this repository"},
		{"a bundle of other refs", edit("bundle", "refs/heads/b4/topic", "refs/heads/bb/topic"), "not of the series"},
		{"too much in memory", edit("cover.txt", "EDITME", strings.Repeat("x", 5<<20)), "unreasonable size"},
		{"a bomb", func(all []entry) []entry {
			return append(all, entry{Header: tar.Header{Typeflag: tar.TypeReg, Name: changeID + "/sent/v7.mbx"}, zeros: 280 << 20})
		}, "unreasonable size"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			there := gittest.New(t)
			there.Write("file", "1\n")
			if there.Commit("one\n") != base {
				t.Fatal("not the same base")
			}
			refuse(t, there, pack(t, tc.edit(unpack(t, file))), tc.want)
		})
	}
	t.Run("as it was", func(t *testing.T) { // or the others prove nothing
		there := gittest.New(t)
		repo := open(t, there)
		if _, changed, err := archive.Restore(ctx, repo, logOf(repo), pack(t, unpack(t, file)), day); err != nil || !changed {
			t.Errorf("%v, %v", changed, err)
		}
	})
	t.Run("cut off anywhere", func(t *testing.T) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		there := gittest.New(t)
		for n := 0; n < len(text)-8; n += 1 + len(text)/12 {
			refuse(t, there, keep(t, text[:n]), "")
		}
	})
}

// refuse restores a file and wants an error, and nothing changed.
func refuse(t *testing.T, there *gittest.Repo, file, want string) {
	t.Helper()
	before, repo := there.State(), open(t, there)
	_, changed, err := archive.Restore(ctx, repo, logOf(repo), file, day)
	if err == nil || changed {
		t.Fatalf("taken: %v, %v", changed, err)
	}
	if !strings.Contains(err.Error(), want) || !errors.As(err, new(*archive.DamagedError)) {
		t.Errorf("error %q (%T), want %q", err, err, want)
	}
	if after := there.State(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	if left, _ := filepath.Glob(filepath.Join(there.Dir, ".git", "kprep", ".restore-*")); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

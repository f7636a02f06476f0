package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

var made = time.Date(2025, 1, 2, 3, 4, 6, 0, time.UTC)

func TestPackageVersion(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, version, want string }{
		{"a tag", "v1.2.0", "1.2.0"},
		{"a candidate", "v1.2.0-rc1", "1.2.0~rc1"},
		{"behind a tag", "v1.2.0-3-gabc123abc123", "1.2.0+3.gabc123abc123"},
		{"behind a candidate", "v1.2.0-rc1-3-gabc123abc123", "1.2.0~rc1+3.gabc123abc123"},
		{"with changes", "v1.2.0-3-gabc123abc123-dirty", "1.2.0+3.gabc123abc123+dirty"},
		{"no tag", "abc123abc123", "0~20250102.gabc123abc123"},
		{"no git", "devel", "0~20250102.gdevel"},
		{"a tag that is no version", "very-good", "0~20250102.gvery.good"},
	} {
		if got := packageVersion(tc.version, made); got != tc.want {
			t.Errorf("%s: packageVersion(%q) = %q, want %q", tc.name, tc.version, got, tc.want)
		}
	}
}

// Debian's own program judges the order.
func TestPackageVersionOrder(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "dpkg")
	order := []string{"abc123abc123", "v0.9.0", "v1.2.0-rc1", "v1.2.0-rc1-3-gabc123abc123", "v1.2.0", "v1.2.0-3-gabc123abc123", "v1.2.0-3-gabc123abc123-dirty", "v1.2.0-12-gabc123abc123", "v1.2.1"}
	for i := range order[1:] {
		before, after := packageVersion(order[i], made), packageVersion(order[i+1], made)
		if err := exec.Command("dpkg", "--compare-versions", before, "lt", after).Run(); err != nil {
			t.Errorf("%s is not before %s: %v", before, after, err)
		}
	}
}

func sample() tree {
	return tree{
		{name: "bin/kprep", mode: 0o755, text: []byte("program")},
		{name: "share/completions/git-kprep", link: "kprep"},
		{name: "share/completions/kprep", mode: 0o644, text: []byte("complete")},
	}
}

func TestTarball(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := (release{made: made}).tarball(&out, "kprep-1/", sample()); err != nil {
		t.Fatal(err)
	}
	zipped, err := gzip.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	if !zipped.ModTime.IsZero() || zipped.Name != "" {
		t.Errorf("gzip's header has %v and %q", zipped.ModTime, zipped.Name)
	}
	var got []string
	for archive := tar.NewReader(zipped); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(made) || h.Uid != 0 || h.Gid != 0 || h.Uname != "" {
			t.Errorf("%s is of %v, by %d %d %q", h.Name, h.ModTime, h.Uid, h.Gid, h.Uname)
		}
		got = append(got, fmt.Sprintf("%o %s %s%s", h.Mode, h.Name, text, h.Linkname))
	}
	want := []string{"755 kprep-1/bin/kprep program", "777 kprep-1/share/completions/git-kprep kprep", "644 kprep-1/share/completions/kprep complete"}
	if !slices.Equal(got, want) {
		t.Errorf("the archive has %q, want %q", got, want)
	}
}

func TestZip(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := (release{made: made}).zip(&out, "kprep-1/", sample()); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !f.Modified.Equal(made) {
			t.Errorf("%s is of %v", f.Name, f.Modified)
		}
		got = append(got, fmt.Sprintf("%o %s %s", f.Mode().Perm(), f.Name, text))
	}
	want := []string{"755 kprep-1/bin/kprep program", "644 kprep-1/share/completions/git-kprep complete", "644 kprep-1/share/completions/kprep complete"}
	if !slices.Equal(got, want) {
		t.Errorf("the archive has %q, want %q", got, want)
	}
	if err := (release{made: made}).zip(io.Discard, "kprep-1/", tree{{name: "bin/git-kprep", link: "kprep"}}); err == nil {
		t.Error("a link to nothing was taken")
	}
}

// What nfpm reads has the times and permissions of the release, whatever the umask.
func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := (release{made: made}).write(dir, sample()); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"bin": 0o755, "bin/kprep": 0o755, "share/completions": 0o755, "share/completions/kprep": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode || !info.ModTime().Equal(made) {
			t.Errorf("%s has %o and %v", name, info.Mode().Perm(), info.ModTime())
		}
	}
}

func TestLicences(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"README", "license.go", "main.go"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if texts, err := licenceTexts(dir); err == nil {
		t.Errorf("a module without a licence has %q", texts)
	}
	for _, name := range []string{"LICENSE-3RD-PARTY.md", "COPYING", "licence.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	texts, err := licenceTexts(dir)
	if got := string(bytes.Join(texts, []byte(" "))); err != nil || got != "COPYING LICENSE-3RD-PARTY.md licence.txt" {
		t.Errorf("the licences are %q, %v", got, err)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	if err := fits(make([]byte, largest)); err != nil {
		t.Error(err)
	}
	if err := fits(make([]byte, largest+1)); err == nil {
		t.Error("a larger program fits")
	}
}

// What cannot be made leaves alone what was made before.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, words, want string }{
		{"no version", "-epoch 1 linux/amd64", "version"},
		{"no time", "-version v1 linux/amd64", "time"},
		{"no target", "-version v1 -epoch 1", "target"},
		{"half a target", "-version v1 -epoch 1 linux/amd64 linux", `"linux"`},
		{"too much of a target", "-version v1 -epoch 1 linux/amd64/v3", `"linux/amd64/v3"`},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "SHA256SUMS"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		err := run(context.Background(), append([]string{"-o", dir}, strings.Fields(tc.words)...))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "SHA256SUMS")); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// archive writes the tree into one file, below a folder of that name, in the form
// that is usual for the target, and returns the file's name.
func (r release) archive(t target, name string, files tree) (string, error) {
	var out bytes.Buffer
	write, ending := r.tarball, ".tar.gz"
	if t.os == "windows" {
		write, ending = r.zip, ".zip"
	}
	if err := write(&out, name+"/", files); err != nil {
		return "", err
	}
	return name + ending, os.WriteFile(filepath.Join(r.out, name+ending), out.Bytes(), 0o644)
}

func (r release) tarball(out io.Writer, folder string, files tree) error {
	zipped := gzip.NewWriter(out) // its header has neither name nor time
	archive := tar.NewWriter(zipped)
	for _, f := range files {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: folder + f.name, Mode: int64(f.mode), Size: int64(len(f.text)), ModTime: r.made, Format: tar.FormatUSTAR}
		if f.link != "" {
			h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.link, 0o777
		}
		if err := archive.WriteHeader(h); err != nil {
			return err
		}
		if _, err := archive.Write(f.text); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), zipped.Close())
}

// zip has copies instead of links.
func (r release) zip(out io.Writer, folder string, files tree) error {
	archive := zip.NewWriter(out)
	for _, f := range files {
		if f.link != "" {
			var err error
			if f, err = files.follow(f); err != nil {
				return err
			}
		}
		h := &zip.FileHeader{Name: folder + f.name, Method: zip.Deflate, Modified: r.made}
		h.SetMode(f.mode)
		w, err := archive.CreateHeader(h)
		if err == nil {
			_, err = w.Write(f.text)
		}
		if err != nil {
			return err
		}
	}
	return archive.Close()
}

// follow returns the file that a link in the same folder points to, under the
// link's name.
func (t tree) follow(link entry) (entry, error) {
	i := slices.IndexFunc(t, func(f entry) bool { return f.name == path.Join(path.Dir(link.name), link.link) })
	if i < 0 {
		return entry{}, fmt.Errorf("%s points to nothing: %w", link.name, fs.ErrNotExist)
	}
	return entry{name: link.name, mode: t[i].mode, text: t[i].text}, nil
}

// hashes are the lines that "sha256sum --check" reads.
func hashes(dir string, names []string) (string, error) {
	var lines strings.Builder
	for _, name := range slices.Sorted(slices.Values(names)) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(data), name)
	}
	return lines.String(), nil
}

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// packages makes the .deb and the .rpm of a tree and returns their names.
func (r release) packages(ctx context.Context, t target, files tree) ([]string, error) {
	dir, err := filepath.Abs(filepath.Join(r.work, t.os+"-"+t.arch))
	if err != nil {
		return nil, err
	}
	version := packageVersion(r.version, r.made)
	var names []string
	for _, packager := range []string{"deb", "rpm"} {
		place := filepath.Join(dir, packager)
		files, err := packaged(files, packager)
		if err == nil {
			err = r.write(place, files)
		}
		if err != nil {
			return nil, err
		}
		environ := append(os.Environ(), "KPREP_ARCH="+t.arch, "KPREP_VERSION="+version, "KPREP_TREE="+place,
			"SOURCE_DATE_EPOCH="+strconv.FormatInt(r.made.Unix(), 10), "TZ=UTC")
		name := fmt.Sprintf("kprep_%s_%s.%s", version, t.arch, packager)
		if _, err := output(ctx, environ, r.nfpm, "package", "--config", "packaging/nfpm.yaml", "--packager", packager, "--target", filepath.Join(r.out, name)); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, os.RemoveAll(dir)
}

// packaged is a tree as the kind of packages wants it: the manual is compressed, and
// for Debian, which has the licence already, a reference stands for it.
func packaged(files tree, packager string) (tree, error) {
	files = slices.Clone(files)
	for i, f := range files {
		var err error
		switch {
		case strings.HasPrefix(f.name, "share/man/"):
			files[i].name += ".gz"
			files[i].text, err = zipped(f.text)
		case packager == "deb" && f.name == "share/doc/kprep/LICENSE":
			files[i].name = "share/doc/kprep/copyright"
			files[i].text, err = os.ReadFile(filepath.Join("packaging", "copyright"))
		}
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// zipped has neither name nor time.
func zipped(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// packages makes the .deb and the .rpm of a tree and returns their names.
func (r release) packages(ctx context.Context, t target, files tree) ([]string, error) {
	dir, err := filepath.Abs(filepath.Join(r.work, t.os+"-"+t.arch))
	if err != nil {
		return nil, err
	}
	if err := r.write(dir, files); err != nil {
		return nil, err
	}
	version := packageVersion(r.version, r.made)
	environ := append(os.Environ(), "KPREP_ARCH="+t.arch, "KPREP_VERSION="+version, "KPREP_TREE="+dir,
		"SOURCE_DATE_EPOCH="+strconv.FormatInt(r.made.Unix(), 10), "TZ=UTC")
	var names []string
	for _, packager := range []string{"deb", "rpm"} {
		name := fmt.Sprintf("kprep_%s_%s.%s", version, t.arch, packager)
		if _, err := output(ctx, environ, r.nfpm, "package", "--config", "packaging/nfpm.yaml", "--packager", packager, "--target", filepath.Join(r.out, name)); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, os.RemoveAll(dir)
}

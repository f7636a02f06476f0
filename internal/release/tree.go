package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
)

// An entry is one file below the prefix, or a link.
type entry struct {
	name string // with slashes
	mode fs.FileMode
	text []byte
	link string // what a link points to; "" for a file
}

// A tree is what belongs below a prefix such as /usr, sorted by name.
type tree []entry

func (t tree) sort() { slices.SortFunc(t, func(a, b entry) int { return cmp.Compare(a.name, b.name) }) }

// completions are the places of what "kprep completion SHELL" prints.
func completions() map[string]string {
	return map[string]string{
		"bash": "share/bash-completion/completions/kprep",
		"zsh":  "share/zsh/site-functions/_kprep",
		"fish": "share/fish/vendor_completions.d/kprep.fish",
	}
}

// sharedFiles are those that all targets have: manual, completions, documents. The
// program itself makes the first two, built for this machine.
func (r release) sharedFiles(ctx context.Context) (tree, error) {
	program, err := filepath.Abs(filepath.Join(r.work, "host", "kprep"))
	if err != nil {
		return nil, err
	}
	if err := r.buildInto(ctx, append(os.Environ(), "GOOS=", "GOARCH=", "CGO_ENABLED=0"), program); err != nil {
		return nil, err
	}
	// Nothing of the user's settings is in what it says.
	environ := []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC", "SOURCE_DATE_EPOCH=" + strconv.FormatInt(r.made.Unix(), 10)}
	var files tree
	for shell, place := range completions() {
		text, err := output(ctx, environ, program, "completion", shell)
		if err != nil {
			return nil, err
		}
		files = append(files, entry{name: place, mode: 0o644, text: text})
	}
	// For "git kprep": the first two are looked for by what completes git; fish reads
	// the last when it starts.
	files = append(files,
		entry{name: "share/bash-completion/completions/git-kprep", link: "kprep"},
		entry{name: "share/zsh/site-functions/_git-kprep", link: "_kprep"},
		entry{name: "share/fish/vendor_conf.d/kprep.fish", link: "../vendor_completions.d/kprep.fish"})
	manual := filepath.Join(r.work, "man")
	if _, err := output(ctx, environ, program, "manual", manual); err != nil {
		return nil, err
	}
	pages, err := read(manual, "share/man")
	if err != nil {
		return nil, err
	}
	if len(pages) == 0 {
		return nil, errors.New("the program made no manual")
	}
	files = append(files, pages...)
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, entry{name: "share/doc/kprep/" + name, mode: 0o644, text: text})
	}
	return files, nil
}

// read returns the files below a folder, for the place that they shall have.
func read(dir, place string) (tree, error) {
	var files tree
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		files = append(files, entry{name: path.Join(place, name), mode: 0o644, text: text})
		return err
	})
	return files, err
}

// write puts a tree on the disk, with fixed times and permissions.
func (r release) write(dir string, files tree) error {
	for _, f := range files {
		file := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if f.link != "" {
			if err := os.Symlink(f.link, file); err != nil {
				return err
			}
			continue
		}
		if err := errors.Join(os.WriteFile(file, f.text, f.mode), os.Chmod(file, f.mode)); err != nil {
			return err
		}
	}
	// At last, for a file changes the time of its folder.
	return filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		if d.IsDir() {
			err = os.Chmod(file, 0o755)
		}
		if err = errors.Join(err, os.Chtimes(file, r.made, r.made)); err != nil {
			return fmt.Errorf("fix the time of a file: %w", err)
		}
		return nil
	})
}

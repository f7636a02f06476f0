package feed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kprep/kprep/durable"
)

// branch is where an epoch's commits are.
const branch = "refs/heads/master"

// addEpoch makes the epoch n, whole or not at all, and has all.git know it.
func (f *Feed) addEpoch(n int) error {
	if err := makeRepository(f.epoch(n)); err != nil {
		return err
	}
	return f.link(n)
}

// makeRepository makes an empty bare repository.
func makeRepository(dir string) error {
	unfinished := dir + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	for _, folder := range []string{"objects/info", "objects/pack", "refs/heads"} {
		if err := os.MkdirAll(filepath.Join(unfinished, folder), 0o755); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"HEAD":   "ref: " + branch + "\n",
		"config": "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n",
	} {
		if err := os.WriteFile(filepath.Join(unfinished, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := syncTree(unfinished); err != nil {
		return err
	}
	if err := os.Rename(unfinished, dir); err != nil {
		return err
	}
	return durable.Sync(filepath.Dir(dir))
}

// link has all.git borrow the objects of the epochs up to last.
func (f *Feed) link(last int) error {
	all := filepath.Join(f.settings.Dir, "all.git")
	if _, err := os.Stat(all); errors.Is(err, fs.ErrNotExist) {
		if err := makeRepository(all); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	file := filepath.Join(all, "objects", "info", "alternates")
	there, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text := string(there) // the operator may have added others
	for n := range last + 1 {
		if line := fmt.Sprintf("../../git/%d.git/objects\n", n); !strings.Contains("\n"+text, "\n"+line) {
			text += line
		}
	}
	if text == string(there) {
		return nil
	}
	return durable.Write(file, []byte(text), 0o644)
}

// describe writes the line that archives on the web show.
func (f *Feed) describe() error {
	file := filepath.Join(f.settings.Dir, "description")
	if _, err := os.Stat(file); err == nil || f.settings.Description == "" {
		return nil
	}
	return durable.Write(file, []byte(strings.Join(strings.Fields(f.settings.Description), " ")+"\n"), 0o644)
}

// syncTree has the disk know all that is below a folder.
func syncTree(root string) error {
	return filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return durable.Sync(path)
	})
}

// Package durable writes files that are whole or not there, and has the disk know
// of them.
//
// [Write] and [WriteExactly] put a file in the place of another; [Create] does so
// step by step. [Sync] makes what was renamed or removed in a folder last.
package durable

import "io/fs"

// Write replaces the file at path, as os.WriteFile does: a file that is there
// keeps its permissions, a new one gets perm less the umask. Whoever reads the
// file, whenever, gets the old text or the new one.
func Write(path string, text []byte, perm fs.FileMode) error {
	return write(path, text, perm, false)
}

// WriteExactly is Write for a file that gets perm, whatever the umask is and
// whatever the file before it had.
func WriteExactly(path string, text []byte, perm fs.FileMode) error {
	return write(path, text, perm, true)
}

func write(path string, text []byte, perm fs.FileMode, exactly bool) error {
	f, err := create(path, perm, exactly)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Replace()
}

// Create makes a file, with exactly these permissions, that will take the place of
// the one at path. Until then it has another name in the same folder, which Name
// tells. The caller ends with Discard in any case.
func Create(path string, perm fs.FileMode) (*File, error) {
	return create(path, perm, true)
}

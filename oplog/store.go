package oplog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kprep/kprep/durable"
)

const formatVersion = 1

// A DamagedError reports a record that cannot be read.
type DamagedError struct {
	File   string
	Reason string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the record %s of the operation log cannot be read: %s", e.File, e.Reason)
}

func (l *Log) file(id int) string { return filepath.Join(l.dir, fmt.Sprintf("%06d.json", id)) }

// ids lists the numbers of all records, oldest first.
func (l *Log) ids() ([]int, error) {
	dir, err := os.Open(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	if err == nil {
		names, err = dir.Readdirnames(-1)
		dir.Close()
	}
	if err != nil {
		return nil, &StorageError{Doing: "read", Err: err}
	}
	var ids []int
	for _, name := range names {
		name, ok := strings.CutSuffix(name, ".json")
		if id, err := strconv.Atoi(name); ok && err == nil && id > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func (l *Log) read(id int) (*Operation, error) {
	path := l.file(id)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	op := &Operation{}
	if err := json.Unmarshal(text, op); err != nil {
		return nil, &DamagedError{File: path, Reason: err.Error()}
	}
	if op.Version != formatVersion || op.ID != id {
		return nil, &DamagedError{File: path, Reason: fmt.Sprintf("it has format %d and number %d; this kprep reads format %d", op.Version, op.ID, formatVersion)}
	}
	return op, nil
}

// all reads every record, oldest first.
func (l *Log) all() ([]*Operation, error) {
	ids, err := l.ids()
	if err != nil {
		return nil, err
	}
	var ops []*Operation
	for _, id := range ids {
		op, err := l.read(id)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went meanwhile
		}
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	return ops, nil
}

// last reads the newest record, nil when there is none. Only that one can be
// open: another operation begins after it was settled.
func (l *Log) last() (*Operation, error) {
	ids, err := l.ids()
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return l.read(ids[len(ids)-1])
}

// save puts a record on the disk, whole and synced.
func (l *Log) save(op *Operation) error {
	text, err := json.Marshal(op)
	if err != nil {
		return err
	}
	if err := l.writeFile(l.file(op.ID), append(text, '\n')); err != nil {
		return &StorageError{Doing: "written", Err: err}
	}
	return nil
}

func (l *Log) remove(op *Operation) error {
	if err := os.Remove(l.file(op.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.Sync(l.dir)
}

// writeFile replaces a file by rename, 0600, synced with its folder. The lock
// is held, so the temporary name is nobody else's.
func (l *Log) writeFile(path string, data []byte) (err error) {
	l.step("write " + filepath.Base(path))
	temporary := path + ".new"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temporary)
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	l.step("rename " + filepath.Base(path))
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	l.step("sync " + filepath.Base(path))
	return durable.Sync(filepath.Dir(path))
}

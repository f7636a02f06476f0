package oplog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A Scope is what an operation may change. The smaller, the quicker; what
// lies outside is neither recorded nor restored.
type Scope struct {
	// Refs are full names, folders such as "refs/notes/", or patterns with
	// wildcards as for git for-each-ref.
	Refs []string `json:"refs,omitempty"`
	// Head is true for a verb that may check something out.
	Head bool `json:"head,omitempty"`
	// Branches are the short names of branches whose configuration counts.
	Branches []string `json:"branches,omitempty"`
	// Blobs are files below "<common git dir>/kprep", with slashes.
	Blobs []string `json:"blobs,omitempty"`
}

// A PathError reports a file name that would lead out of kprep's folder.
type PathError struct{ Path string }

func (e *PathError) Error() string { return fmt.Sprintf("%q is no file of kprep's", e.Path) }

func (l *Log) blobFile(path string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(path)) || strings.HasPrefix(path, "ops/") || strings.ContainsAny(path, "\x00\\") {
		return "", &PathError{Path: path}
	}
	return filepath.Join(l.repo.CommonDir, "kprep", filepath.FromSlash(path)), nil
}

func (l *Log) readBlob(path string) ([]byte, error) {
	file, err := l.blobFile(path)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if data == nil && err == nil {
		data = []byte{} // empty is not absent
	}
	return data, err
}

// look records the state of the scope as both before and after.
func (l *Log) look(ctx context.Context, op *Operation, scope Scope) error {
	values, err := l.repo.RefValues(ctx, slices.Concat(scope.Refs, []string{KeepRef})...)
	if err != nil {
		return err
	}
	op.Kept = values[KeepRef]
	delete(values, KeepRef)
	for _, name := range scope.Refs {
		if _, there := values[name]; !there && !strings.HasSuffix(name, "/") && !strings.ContainsAny(name, "*?[") {
			values[name] = "" // named, so worth a line
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		op.Refs = append(op.Refs, RefChange{Name: name, Before: values[name], After: values[name]})
	}
	return l.lookAtFiles(ctx, op, scope)
}

// lookAtFiles is look without the refs; it starts no process.
func (l *Log) lookAtFiles(ctx context.Context, op *Operation, scope Scope) error {
	if scope.Head {
		head, err := l.repo.HeadNow(ctx)
		if err != nil {
			return err
		}
		op.Head = HeadChange{Before: head, After: head}
	}
	if len(scope.Branches) > 0 {
		file, err := l.repo.ConfigFile()
		if err != nil {
			return err
		}
		for _, name := range scope.Branches {
			sections := file.Branch(name)
			op.Config = append(op.Config, ConfigChange{Branch: name, Before: sections, After: sections})
		}
	}
	for _, path := range scope.Blobs {
		data, err := l.readBlob(path)
		if err != nil {
			return err
		}
		op.Blobs = append(op.Blobs, BlobChange{Path: path, Before: data, After: data})
	}
	return nil
}

// lookAgain fills in the after state with what is there now. Refs are read
// only when the operation was not planned: else the plan says it more exactly,
// since others may move refs at any time.
func (l *Log) lookAgain(ctx context.Context, op *Operation) error {
	now, scope := &Operation{}, op.wholeScope()
	if op.Planned {
		if err := l.lookAtFiles(ctx, now, scope); err != nil {
			return err
		}
	} else {
		if err := l.look(ctx, now, scope); err != nil {
			return err
		}
		op.Kept, op.Refs = now.Kept, mergeRefs(op.Refs, now.Refs)
	}
	op.Head.After = now.Head.After
	for _, n := range now.Config {
		for i := range op.Config {
			if op.Config[i].Branch == n.Branch {
				op.Config[i].After = n.After
			}
		}
	}
	for _, n := range now.Blobs {
		for i := range op.Blobs {
			if op.Blobs[i].Path == n.Path {
				op.Blobs[i].After = n.After
			}
		}
	}
	return nil
}

// wholeScope is what an open operation watches, its plan included.
func (op *Operation) wholeScope() Scope {
	scope := *op.Scope
	scope.Head = scope.Head || op.Head != HeadChange{}
	scope.Branches, scope.Blobs = nil, nil
	for _, c := range op.Config {
		scope.Branches = append(scope.Branches, c.Branch)
	}
	for _, c := range op.Blobs {
		scope.Blobs = append(scope.Blobs, c.Path)
	}
	return scope
}

// mergeRefs pairs what refs were with what they are.
func mergeRefs(before, now []RefChange) []RefChange {
	all := map[string]RefChange{}
	for _, c := range before {
		all[c.Name] = RefChange{Name: c.Name, Before: c.Before}
	}
	for _, c := range now {
		all[c.Name] = RefChange{Name: c.Name, Before: all[c.Name].Before, After: c.After}
	}
	var list []RefChange
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[name])
	}
	return list
}

// sameSections compares what is in sections, not where they stand: another
// branch's section may have come or gone in front.
func sameSections(a, b []gitrepo.ConfigSection) bool {
	return slices.EqualFunc(a, b, func(x, y gitrepo.ConfigSection) bool {
		return strings.TrimRight(x.Text, "\n") == strings.TrimRight(y.Text, "\n")
	})
}

func sameBlob(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

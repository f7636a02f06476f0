package sendmail

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kprep/kprep/durable"
)

// A Directory is the transport that writes each message into a file of a
// folder, under its Outgoing.Name, mode 0600. The bytes are Outgoing.Raw.
//
// A series written twice into the same folder replaces its own files, each
// atomically. A folder that holds other *.eml files is refused before anything
// is written: left from an earlier revision, they would be taken for part of
// this one. Files of other kinds are left alone.
type Directory struct{ path string }

// NewDirectory is the transport into the folder path, which is made when it is
// not there.
func NewDirectory(path string) *Directory { return &Directory{path: path} }

// A StrayFilesError reports messages of something else in an output folder.
type StrayFilesError struct {
	Dir   string
	Files []string
}

func (e *StrayFilesError) Error() string {
	return fmt.Sprintf("%s holds messages that are not of this series: %s", clean(e.Dir), clean(strings.Join(e.Files, ", ")))
}

// String names the folder.
func (d *Directory) String() string { return clean("files in " + d.path) }

// Authorize does nothing.
func (d *Directory) Authorize(context.Context) error { return nil }

// Close does nothing.
func (d *Directory) Close() error { return nil }

// Prepare makes the folder and looks for strangers in it.
func (d *Directory) Prepare(_ context.Context, messages []Outgoing) (Abilities, error) {
	var names []string
	for _, m := range messages {
		names = append(names, m.Name)
	}
	return Abilities{EightBit: true, UTF8: true}, d.prepare(names)
}

func (d *Directory) prepare(names []string) error {
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	ours := map[string]bool{}
	for _, name := range names {
		ours[name] = true
	}
	var strays []string
	for _, e := range entries {
		if !ours[e.Name()] && len(names) > 0 && strings.EqualFold(filepath.Ext(e.Name()), filepath.Ext(names[0])) {
			strays = append(strays, e.Name())
		}
	}
	if len(strays) > 0 {
		return &StrayFilesError{Dir: d.path, Files: strays}
	}
	return nil
}

// Send writes the file.
func (d *Directory) Send(_ context.Context, _ string, index int, m Outgoing, recipients []string,
	before func(recipients []string) error) ([]Receipt, error) {
	if err := checkName(m.Name); err != nil {
		return nil, err
	}
	if err := before(recipients); err != nil {
		return receipts(index, recipients, Deferred, AtLocal, 0, "the journal could not be written"), err
	}
	path := filepath.Join(d.path, m.Name)
	if err := writeNew(path, verbatim(m.Raw), synced); err != nil {
		return receipts(index, recipients, Deferred, AtLocal, 0, err.Error()), err
	}
	return receipts(index, recipients, Accepted, AtLocal, 0, "written to "+path), nil
}

// A File is what somebody may look at or send by other means: a message, or a
// whole series. Write may be called more than once.
type File struct {
	Name  string // without a folder
	Write func(io.Writer) error
}

// Write puts files into the folder without a journal, for a preview, which can be
// had again: nobody waits for the disk.
func (d *Directory) Write(files []File) error {
	var names []string
	for _, f := range files {
		if err := checkName(f.Name); err != nil {
			return err
		}
		names = append(names, f.Name)
	}
	if err := d.prepare(names); err != nil {
		return err
	}
	for _, f := range files {
		if err := writeNew(filepath.Join(d.path, f.Name), f.Write, unsynced); err != nil {
			return err
		}
	}
	return nil
}

// A durability says whether a new file is on the disk when it is closed.
type durability bool

const (
	synced   durability = true
	unsynced durability = false
)

// writeNew creates the file, or replaces one that is there, whole and synced.
func writeNew(path string, write func(io.Writer) error, how durability) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return finishFile(f, write, how)
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	replacement, err := durable.Create(path, 0o600)
	if err != nil {
		return err
	}
	defer replacement.Discard()
	if err := writeBuffered(replacement, write); err != nil {
		return err
	}
	return replacement.Replace()
}

// finishFile writes and closes a new file; when that fails the file is removed.
func finishFile(f *os.File, write func(io.Writer) error, how durability) error {
	err := writeBuffered(f, write)
	if err == nil && how == synced {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

func writeBuffered(w io.Writer, write func(io.Writer) error) error {
	buffered := bufio.NewWriter(w)
	if err := write(buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

func verbatim(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// checkName wants one visible name inside of a folder.
func checkName(name string) error {
	if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\x00\n\r") {
		return fmt.Errorf("%q is no name for a message file", name)
	}
	return nil
}

package sendmail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
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
	able := Abilities{EightBit: true, UTF8: true}
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return able, err
	}
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return able, err
	}
	var strays []string
	for _, e := range entries {
		ours := slices.ContainsFunc(messages, func(m Outgoing) bool { return m.Name == e.Name() })
		if !ours && len(messages) > 0 && strings.EqualFold(filepath.Ext(e.Name()), filepath.Ext(messages[0].Name)) {
			strays = append(strays, e.Name())
		}
	}
	if len(strays) > 0 {
		return able, &StrayFilesError{Dir: d.path, Files: strays}
	}
	return able, nil
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
	if err := writeNew(path, m.Raw); err != nil {
		return receipts(index, recipients, Deferred, AtLocal, 0, err.Error()), err
	}
	return receipts(index, recipients, Accepted, AtLocal, 0, "written to "+path), nil
}

// Write puts all messages into the folder without a journal, for a preview.
func (d *Directory) Write(ctx context.Context, messages []Outgoing) error {
	if _, err := d.Prepare(ctx, messages); err != nil {
		return err
	}
	for i, m := range messages {
		if _, err := d.Send(ctx, "", i, m, nil, func([]string) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// writeNew creates the file, or replaces one that has other bytes.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
			return nil
		}
		return renameio.WriteFile(path, data, 0o600, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o600))
	}
	if err != nil {
		return err
	}
	return finishFile(f, data)
}

// finishFile writes, syncs and closes a new file; when that fails the file is
// removed.
func finishFile(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
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

// checkName wants one visible name inside of a folder.
func checkName(name string) error {
	if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\x00\n\r") {
		return fmt.Errorf("%q is no name for a message file", name)
	}
	return nil
}

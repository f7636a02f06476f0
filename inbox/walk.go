package inbox

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxMail bounds the memory that one mail takes.
const maxMail = 32 << 20

// A Mail is one message of a mailbox.
type Mail struct {
	Raw    []byte // the original bytes, without what the mailbox put around them
	File   string // where it is
	Number int    // of the message in that file, from 1
}

// A MailError reports a mail, or a file of a folder, that was passed over.
type MailError struct {
	File   string
	Number int // from 1; 0 for the file as a whole
	Err    error
}

func (e *MailError) Error() string {
	if e.Number == 0 {
		return fmt.Sprintf("mail in %s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("message %d in %s: %v", e.Number, e.File, e.Err)
}

func (e *MailError) Unwrap() error { return e.Err }

// Walk visits the mails of a file or a folder in order: those of an mbox, of a
// Maildir (cur, then new), of a folder of files, or the one that the file is.
// With fs.SkipAll visit ends the walk. What cannot be read is reported to
// broken as a *MailError, and the walk goes on; only a path that cannot be
// read at all is an error.
func Walk(ctx context.Context, path string, visit func(Mail) error, broken func(error)) error {
	files, single, err := mailFiles(path)
	if err != nil {
		return fmt.Errorf("read mail: %w", err)
	}
	for _, file := range files {
		err := walkFile(ctx, file, visit, broken)
		switch unread := (*MailError)(nil); {
		case errors.Is(err, fs.SkipAll):
			return nil
		case errors.As(err, &unread) && unread.File == file && !single:
			broken(err)
		case errors.As(err, &unread):
			return fmt.Errorf("read mail: %w", unread.Err)
		case err != nil:
			return err
		}
	}
	return nil
}

// mailFiles lists the files behind a path; single when it is one itself.
func mailFiles(path string) (files []string, single bool, err error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, true, err
	}
	folders := []string{filepath.Join(path, "cur"), filepath.Join(path, "new")}
	if !isFolder(folders[0]) && !isFolder(folders[1]) { // else the files beside them are some program's own
		folders = []string{path}
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, false, err
		}
		for _, e := range entries {
			if e.Type().IsRegular() && e.Name()[0] != '.' {
				files = append(files, filepath.Join(folder, e.Name()))
			}
		}
	}
	return files, false, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// walkFile returns a *MailError for a file that cannot be read to its end.
func walkFile(ctx context.Context, file string, visit func(Mail) error, broken func(error)) error {
	f, err := openFile(ctx, file)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return &MailError{File: file, Err: err}
	}
	defer f.Close()
	defer context.AfterFunc(ctx, func() { f.Close() })() // ends the wait for a pipe
	return walkReader(ctx, f, file, visit, broken)
}

// openFile opens a file. A named pipe waits for somebody who writes into it.
func openFile(ctx context.Context, file string) (*os.File, error) {
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened, 1)
	go func() {
		f, err := os.Open(file)
		done <- opened{f, err}
	}()
	select {
	case o := <-done:
		return o.f, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// WalkReader is Walk for an mbox or a message that is read from elsewhere, such
// as standard input; name stands for the file.
func WalkReader(ctx context.Context, r io.Reader, name string, visit func(Mail) error, broken func(error)) error {
	err := walkReader(ctx, r, name, visit, broken)
	if errors.Is(err, fs.SkipAll) {
		return nil
	}
	if unread := (*MailError)(nil); errors.As(err, &unread) {
		return fmt.Errorf("read mail: %w", unread.Err)
	}
	return err
}

func walkReader(ctx context.Context, r io.Reader, file string, visit func(Mail) error, broken func(error)) error {
	in := bufio.NewReader(r)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return &MailError{File: file, Err: err}
		}
		in = bufio.NewReader(z)
	}
	number := 0
	var stopped error
	err := split(in, func(raw []byte, err error) error {
		number++
		if stopped = ctx.Err(); stopped != nil {
			return stopped
		}
		if err != nil {
			broken(&MailError{File: file, Number: number, Err: err})
			return nil
		}
		stopped = visit(Mail{Raw: raw, File: file, Number: number})
		return stopped
	})
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && stopped == nil {
		return &MailError{File: file, Err: err}
	}
	return err
}

// ErrTooLarge means that a mail takes more memory than a mail should.
var ErrTooLarge = fmt.Errorf("it is larger than %d MB", maxMail>>20)

// split cuts what it reads into mails. Each is found with the error that
// keeps it from being read; of one that is cut off by an error of the reader,
// what is there is found before that error is returned.
func split(in *bufio.Reader, found func(raw []byte, err error) error) error {
	start, _ := in.Peek(5)
	if !bytes.Equal(start, []byte("From ")) {
		raw, err := io.ReadAll(io.LimitReader(in, maxMail+1))
		switch {
		case err != nil:
			return err
		case len(raw) == 0:
			return nil
		case len(raw) > maxMail:
			return found(nil, ErrTooLarge)
		}
		return found(raw, nil)
	}
	return splitMbox(in, found)
}

package submission

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A NotFoundError reports a message that is not where it was looked for.
type NotFoundError struct{ ID, Where string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("there is no message %q in %s", e.ID, e.Where)
}

// FindSubject looks a message up by its id in a file with one message, an
// mbox, or a Maildir, and reads its subject. It returns a *NotFoundError.
func FindSubject(path, id string) (patchmail.Subject, error) {
	files := []string{path}
	if info, err := os.Stat(path); err != nil {
		return patchmail.Subject{}, fmt.Errorf("read mail: %w", err)
	} else if info.IsDir() {
		files = nil
		for _, sub := range []string{"cur", "new", "."} {
			entries, err := os.ReadDir(filepath.Join(path, sub))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return patchmail.Subject{}, fmt.Errorf("read mail: %w", err)
			}
			for _, e := range entries {
				if e.Type().IsRegular() {
					files = append(files, filepath.Join(path, sub, e.Name()))
				}
			}
		}
	}
	for _, file := range files {
		subject, err := subjectIn(file, id)
		if err != nil {
			return patchmail.Subject{}, fmt.Errorf("read mail: %w", err)
		}
		if subject != nil {
			return *subject, nil
		}
	}
	return patchmail.Subject{}, &NotFoundError{ID: id, Where: path}
}

// subjectIn looks through one file, whose messages begin with a "From " line
// when there are several; nil when the message is not in it.
func subjectIn(file, id string) (*patchmail.Subject, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var header bytes.Buffer
	in, lines := true, bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		switch blank := len(bytes.TrimRight(line, "\r\n")) == 0; {
		case bytes.HasPrefix(line, []byte("From ")):
			in = true
			header.Reset()
		case in && blank:
			in = false
			if s := subjectOf(header.Bytes(), id); s != nil {
				return s, nil
			}
		case in:
			header.Write(line)
		}
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// subjectOf reads the subject out of a header, nil when it is of another
// message, or none.
func subjectOf(header []byte, id string) *patchmail.Subject {
	m, err := mail.ReadMessage(io.MultiReader(bytes.NewReader(header), strings.NewReader("\n")))
	if err != nil || strings.Trim(strings.TrimSpace(m.Header.Get("Message-Id")), "<>") != id {
		return nil
	}
	text := m.Header.Get("Subject")
	if decoded, err := new(mime.WordDecoder).DecodeHeader(text); err == nil {
		text = decoded
	}
	subject := patchmail.ParseSubject(text)
	return &subject
}

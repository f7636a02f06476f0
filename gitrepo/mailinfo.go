package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
)

// A Mailinfo is what "git mailinfo" makes of a mail, byte by byte: the headers
// that count, of which one given in the body wins, and the body decoded.
type Mailinfo struct {
	Author, Email, Subject string // "" when there is none
	Message, Patch         []byte // the two halves of the body
}

// ReadMailinfo runs "git mailinfo" in UTF-8, without scissors and with no
// configuration of any user or repository. Only the environment of opts counts.
func ReadMailinfo(ctx context.Context, opts Options, raw []byte) (Mailinfo, error) {
	env := opts.Env
	if len(env) == 0 {
		env = os.Environ()
	}
	neutral := []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "LC_ALL=C", "LANGUAGE="}
	for _, setting := range env {
		if !strings.HasPrefix(setting, "GIT_") {
			neutral = append(neutral, setting)
		}
	}
	// A directory that cannot be a repository keeps git from finding one.
	neutral = append(neutral, "GIT_DIR="+os.DevNull+"/none", "LC_ALL=C")

	message, err := newReturnPipe()
	if err != nil {
		return Mailinfo{}, err
	}
	patch, err := newReturnPipe()
	if err != nil {
		message.close()
		return Mailinfo{}, err
	}
	cmd := newRunner("", neutral, nil).porcelain(ctx, "mailinfo", "--encoding=utf-8", "--no-scissors", "/dev/fd/3", "/dev/fd/4")
	cmd.Stdin = bytes.NewReader(raw)
	cmd.ExtraFiles = []*os.File{message.write, patch.write}
	facts, err := finish(ctx, cmd)
	m, messageErr := message.close()
	p, patchErr := patch.close()
	if err := errors.Join(err, messageErr, patchErr); err != nil {
		return Mailinfo{}, err
	}
	info := Mailinfo{Message: m, Patch: p}
	for line := range strings.Lines(string(facts)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "Author":
			info.Author = value
		case "Email":
			info.Email = value
		case "Subject":
			info.Subject = value
		}
	}
	return info, nil
}

// A returnPipe brings back what a process writes into one more file: nothing
// touches the disk.
type returnPipe struct {
	write *os.File
	read  chan []byte
	err   error
}

func newReturnPipe() (*returnPipe, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &returnPipe{write: w, read: make(chan []byte, 1)}
	go func() {
		data, err := io.ReadAll(r)
		p.err = errors.Join(err, r.Close())
		p.read <- data
	}()
	return p, nil
}

// close returns what was written.
func (p *returnPipe) close() ([]byte, error) {
	p.write.Close()
	data := <-p.read
	return data, p.err
}

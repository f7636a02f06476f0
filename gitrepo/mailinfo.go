package gitrepo

import (
	"bytes"
	"context"
	"errors"
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

	back, err := newReturns()
	if err != nil {
		return Mailinfo{}, err
	}
	cmd := newRunner("", neutral, nil).porcelain(ctx, "mailinfo", "--encoding=utf-8", "--no-scissors", back.names[0], back.names[1])
	cmd.Stdin, cmd.ExtraFiles = bytes.NewReader(raw), back.files
	facts, err := finish(ctx, cmd)
	halves, readErr := back.close()
	if err := errors.Join(err, readErr); err != nil {
		return Mailinfo{}, err
	}
	info := Mailinfo{Message: halves[0], Patch: halves[1]}
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

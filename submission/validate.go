package submission

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
)

const validateHook = "sendemail-validate"

// validate asks the user's sendemail-validate hook about every message before
// anything is planned: the message, the headers as they will go out, and which
// of how many it is (spec/mail 1.6). It returns a *gitrepo.HookError.
func (s *Submission) validate(ctx context.Context) error {
	if !s.Mail.Validate {
		return nil
	}
	if there, err := s.repo.HasHook(ctx, validateHook); !there {
		return err
	}
	dir, err := scratchDir(s.repo)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var raw []byte
	for i, m := range s.Messages {
		raw, err = m.raw.AppendTo(raw[:0])
		if err != nil {
			return err
		}
		header, _, _ := bytes.Cut(raw, []byte("\n\n"))
		files := []string{filepath.Join(dir, m.Name), filepath.Join(dir, m.Name+".header")}
		for k, data := range [][]byte{raw, append(header[:len(header):len(header)], '\n')} {
			if err := os.WriteFile(files[k], data, 0o600); err != nil {
				return err
			}
		}
		env := []string{fmt.Sprintf("GIT_SENDEMAIL_FILE_COUNTER=%d", i+1), fmt.Sprintf("GIT_SENDEMAIL_FILE_TOTAL=%d", len(s.Messages))}
		what := fmt.Sprintf("the hook %s, asked about message %d of %d", validateHook, i+1, len(s.Messages))
		if err := s.patience.wait(what, func() error { return s.repo.RunHook(ctx, validateHook, env, files...) }); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return nil
}

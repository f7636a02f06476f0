package series

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kprep/kprep/durable"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/trailers"
)

// A RejectionsError reports that b4's file of refused trailers cannot be read.
type RejectionsError struct {
	File string
	Err  error
}

func (e *RejectionsError) Error() string {
	return fmt.Sprintf("the trailers that you have refused, %s: %v", e.File, e.Err)
}

func (e *RejectionsError) Unwrap() error { return e.Err }

func rejectionsFile(repo *gitrepo.Repo) string {
	return filepath.Join(repo.CommonDir, "b4-trailers-ignore.json")
}

// Rejections reads which trailers the user has refused, in b4's file, which both
// tools share. It returns a *RejectionsError.
func Rejections(repo *gitrepo.Repo) (*trailers.Rejections, error) {
	file := rejectionsFile(repo)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = nil, nil
	}
	var r *trailers.Rejections
	if err == nil {
		r, err = trailers.ParseRejections(text)
	}
	if err != nil {
		return nil, &RejectionsError{File: file, Err: err}
	}
	return r, nil
}

// Reject remembers trailers that the user refuses. A file that cannot be read is
// not overwritten.
func Reject(repo *gitrepo.Repo, more ...trailers.Rejection) error {
	if len(more) == 0 {
		return nil
	}
	r, err := Rejections(repo)
	if err != nil {
		return err
	}
	r.Add(more...)
	text, err := r.Text()
	if err != nil {
		return err
	}
	return durable.Write(rejectionsFile(repo), text, 0o600)
}

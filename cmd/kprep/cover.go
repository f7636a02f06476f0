package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
)

func coverCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "cover",
		Category: groupWork,
		Usage:    "edit the cover letter",
		Description: "The first line is the title. Lines that start with \"#\" are notes to yourself,\n" +
			"they are not sent; write \">#\" for a line that shall start with \"#\".",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "take the text from `FILE` instead, or from standard input for -"},
			&cli.BoolFlag{Name: "show", Usage: "print the text"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			if !c.Bool("show") && !c.IsSet("from") {
				go repo.Editor() // git is asked while the series is read
			}
			s, err := series.Load(c.Context, repo, "")
			if err != nil {
				return err
			}
			e.warnAhead(c.Context, s)
			e.warnOnce(s)
			switch {
			case c.Bool("show"):
				_, err := fmt.Fprintln(e.stdout, e.shown(s.Text))
				return err
			case c.IsSet("from"):
				text, err := e.readAll(c.Context, c.String("from"))
				if err != nil {
					return err
				}
				return e.storeCover(c.Context, s, text)
			}
			// Before the editor opens: what cannot be stored is not worth writing.
			if err := s.CheckRewritable(c.Context); err != nil {
				return err
			}
			return e.editCover(c.Context, repo, s)
		},
	}
}

// maxRead is how many bytes a text may have that is read as a whole: far more
// than anybody writes, and less than any machine's memory.
const maxRead = 16 << 20

// readAll reads a file named on the command line; "-" is standard input. It may
// be a pipe, or have no end: an interrupt ends the wait.
func (e *env) readAll(ctx context.Context, name string) (string, error) {
	from := e.input(ctx)
	if name != "-" {
		from = &input{ctx, &namedFile{name: e.path(name)}}
	}
	data, err := io.ReadAll(io.LimitReader(from, maxRead+1))
	switch {
	case err != nil && name == "-" || errors.Is(err, context.Canceled):
		return "", err
	case err != nil:
		return "", fmt.Errorf("read %q: %w", name, cause(err))
	case len(data) > maxRead:
		return "", fmt.Errorf("read %q: it has more than %d bytes", name, maxRead)
	}
	return string(data), nil
}

func (e *env) editCover(ctx context.Context, repo *gitrepo.Repo, s *series.Series) error {
	d := draft{verb: "cover", what: "the cover letter", name: "COMMIT_EDITMSG", text: s.Text + "\n"}
	return e.edit(ctx, repo, d, func(text string) error { return e.storeEdited(ctx, repo, s, text) })
}

// A draft is a text that the user edits.
type draft struct {
	verb string // that stores it, with --from from a file
	what string // it is, for messages
	name string // of its file, which editors know
	text string
}

// edit has the user edit a text in a file that stays until it is stored.
func (e *env) edit(ctx context.Context, repo *gitrepo.Repo, d draft, store func(text string) error) error {
	text, file, editErr := e.inEditor(ctx, repo, d)
	if file == "" {
		return editErr
	}
	if editErr == nil {
		editErr = store(text)
	}
	if editErr != nil && text != d.text && !errors.Is(editErr, series.ErrBlank) {
		return &keptTextError{draft: d, cause: editErr, file: file}
	}
	os.RemoveAll(filepath.Dir(file))
	return editErr
}

// inEditor returns what the user leaves of a text, and the file that it is in,
// alone in its folder; file is "" when the text could not even be read.
func (e *env) inEditor(ctx context.Context, repo *gitrepo.Repo, d draft) (text, file string, err error) {
	parent := filepath.Join(repo.CommonDir, "kprep", "edit")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", "", fmt.Errorf("edit %s: %w", d.what, err)
	}
	dir, err := os.MkdirTemp(parent, d.verb+"-")
	if err != nil {
		return "", "", fmt.Errorf("edit %s: %w", d.what, err)
	}
	file = filepath.Join(dir, d.name)
	if err := os.WriteFile(file, []byte(d.text), 0o600); err != nil {
		return "", "", fmt.Errorf("edit %s: %w", d.what, err)
	}
	editErr := repo.Edit(ctx, file, asFile(e.stdin), asFile(e.stdout.w), asFile(e.stderr))
	now, err := os.ReadFile(file)
	if err != nil {
		return "", "", fmt.Errorf("read what was edited of %s: %w", d.what, errors.Join(editErr, err))
	}
	return string(now), file, editErr
}

// storeEdited stores what the editor left. The branch may have moved while it
// was open: the text then goes to where the branch is now, unless its cover
// letter changed as well.
func (e *env) storeEdited(ctx context.Context, repo *gitrepo.Repo, before *series.Series, text string) error {
	now, err := series.Load(ctx, repo, before.Branch)
	if err != nil {
		return err
	}
	if now.Text != before.Text {
		return errors.New("the cover letter changed while you edited it")
	}
	return e.storeCover(ctx, now, text)
}

func (e *env) storeCover(ctx context.Context, s *series.Series, text string) error {
	changed, err := s.Edit(ctx, text, "kprep: edit the cover letter")
	if err != nil {
		return err
	}
	if !changed {
		e.notef("the cover letter is unchanged")
		return nil
	}
	e.notef("the cover letter is stored; see the result with 'kprep preview'")
	return nil
}

// A keptTextError adds to a failure where the user's text still is.
type keptTextError struct {
	draft draft
	cause error
	file  string
}

func (e *keptTextError) Error() string {
	return fmt.Sprintf("%s was not stored: %v", e.draft.what, e.cause)
}
func (e *keptTextError) Unwrap() error { return e.cause }

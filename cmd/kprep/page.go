package main

import (
	"context"
	"io"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
)

// shown is text of others as stdout may have it: escaped on a terminal, where
// it could command it, and as it is in a pipe.
func (e *env) shown(text string) string {
	if e.terminal.stdout {
		return patchmail.Printable(text)
	}
	return text
}

// page prints text, through the user's pager on a terminal.
func (e *env) page(ctx context.Context, repo *gitrepo.Repo, text []byte) error {
	return e.pageFrom(ctx, repo, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// pageFrom is page for a long text, which is not in memory as a whole. What
// nobody wants to read is not written.
func (e *env) pageFrom(ctx context.Context, repo *gitrepo.Repo, write func(io.Writer) error) error {
	if !e.terminal.stdout || e.noPager {
		return write(e.stdout)
	}
	text, into := io.Pipe()
	defer text.Close()
	go func() { into.CloseWithError(write(into)) }()
	return repo.Page(ctx, text, asFile(e.stdout.w), asFile(e.stderr))
}

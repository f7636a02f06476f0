package main

import (
	"bytes"
	"context"

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
	if !e.terminal.stdout || e.noPager {
		_, err := e.stdout.Write(text)
		return err
	}
	return repo.Page(ctx, bytes.NewReader(text), asFile(e.stdout.w), asFile(e.stderr))
}

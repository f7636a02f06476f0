package main

import (
	"bytes"
	"context"

	"github.com/kprep/kprep/gitrepo"
)

// page prints text, through the user's pager on a terminal.
func (e *env) page(ctx context.Context, repo *gitrepo.Repo, text []byte) error {
	if !e.terminal.stdout || e.noPager {
		_, err := e.stdout.Write(text)
		return err
	}
	return repo.Page(ctx, bytes.NewReader(text), asFile(e.stdout.w), asFile(e.stderr))
}

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

// pagerOf reads pager.kprep as git reads that of its own commands: false is for no
// pager, and what is no boolean is a command that comes before core.pager.
func pagerOf(config *gitrepo.Config) (command string, wanted bool) {
	wanted, err := config.Bool("pager.kprep", true)
	if err != nil {
		command, _ = config.Get("pager.kprep")
	}
	return command, wanted
}

// pageFrom is page for a long text, which is not in memory as a whole. What
// nobody wants to read is not written.
func (e *env) pageFrom(ctx context.Context, repo *gitrepo.Repo, write func(io.Writer) error) error {
	if !e.terminal.stdout || e.noPager {
		return write(e.stdout)
	}
	config, err := repo.Config()
	if err != nil {
		return err
	}
	pager, wanted := pagerOf(config)
	if !wanted {
		return write(e.stdout)
	}
	text, into := io.Pipe()
	defer text.Close()
	go func() { into.CloseWithError(write(into)) }()
	return repo.Page(ctx, text, pager, asFile(e.stdout.w), asFile(e.stderr))
}

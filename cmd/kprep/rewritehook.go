package main

import (
	"context"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/project"
)

// rewriteHooks are the user's commands around every rewrite of history
// (spec/b4-interop 3.4). What fails behind one is told, and changes nothing.
func (e *env) rewriteHooks() gitrepo.RewriteHooks {
	return gitrepo.RewriteHooks{
		Before: func(ctx context.Context, repo *gitrepo.Repo) error {
			return runRewriteHook(ctx, repo, "prep-pre-rewrite-hook")
		},
		After: func(ctx context.Context, repo *gitrepo.Repo) {
			if err := runRewriteHook(ctx, repo, "prep-post-rewrite-hook"); err != nil {
				e.warnf("%v", err)
			}
		},
	}
}

// runRewriteHook runs the command of a setting, if there is one. No commit is
// asked for it: the tree has no say in what runs here.
func runRewriteHook(ctx context.Context, repo *gitrepo.Repo, name string) error {
	settings, err := project.Load(ctx, repo, "")
	if err != nil {
		return err
	}
	command, ok, err := settings.Command(name)
	if err != nil || !ok {
		return err
	}
	return repo.RunCommand(ctx, command.Key, command.Words())
}

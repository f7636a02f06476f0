package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Replay is a line of commits made again on top of another commit, as a
// rebase would, beside the repository: nothing of it is stored there, and all
// is gone when it is closed.
type Replay struct {
	// Commits is what became of each commit, in the order given: its id in the
	// replay, or "" where it conflicts with what is below.
	Commits   []ID
	Conflicts map[ID]string // by the id of the commit as it was: the reason

	trial     *Trial
	onto, tip ID
}

// Replay merges commits one by one into the tree of onto. One that conflicts
// is left out, and the next is tried without it. Messages, authors and
// committers stay. It needs git 2.38.
func (r *Repo) Replay(ctx context.Context, onto ID, commits []*Commit) (*Replay, error) {
	base, err := r.Commit(string(onto))
	if err != nil {
		return nil, err
	}
	trial, err := r.emptyTrial(ctx)
	if err != nil {
		return nil, err
	}
	p := &Replay{Conflicts: map[ID]string{}, trial: trial, onto: onto, tip: onto}
	if err := p.replay(ctx, base.Tree, commits); err != nil {
		trial.Close()
		return nil, err
	}
	return p, nil
}

func (p *Replay) replay(ctx context.Context, tree ID, commits []*Commit) error {
	var made []Object
	for _, c := range commits {
		merged, conflict, err := p.trial.pick(ctx, tree, c)
		if err != nil {
			return err
		}
		if conflict != "" {
			p.Commits, p.Conflicts[c.ID] = append(p.Commits, ""), conflict
			continue
		}
		tree = merged
		commit := p.trial.repo.NewObject("commit", c.Rewrite(Change{Tree: tree, Parents: []ID{p.tip}, Committer: c.Committer, Restamp: true}))
		made = append(made, commit)
		p.Commits, p.tip = append(p.Commits, commit.ID), commit.ID
	}
	return p.trial.write(ctx, made...)
}

// PatchLog is [Repo.PatchLog] of the commits that did not conflict.
func (p *Replay) PatchLog(ctx context.Context, options []string, read func(io.Reader) error) error {
	return p.trial.git.patchLog(ctx, options, p.onto, p.tip, read)
}

// Close removes all that the replay made.
func (p *Replay) Close() error { return p.trial.Close() }

// pick merges what a commit changes into a tree. A conflict is described in
// words.
func (t *Trial) pick(ctx context.Context, tree ID, c *Commit) (merged ID, conflict string, err error) {
	if len(c.Parents) != 1 {
		return "", "", fmt.Errorf("commit %s has %d parents", c.ID.Short(), len(c.Parents))
	}
	// git looks for the merge base itself: it is the parent that both have.
	ours := t.repo.NewObject("commit", commitData(tree, c.Parents, c.Author, c.Committer, ""))
	if err := t.write(ctx, ours); err != nil {
		return "", "", err
	}
	out, err := t.run(ctx, nil, "merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", string(ours.ID), string(c.ID))
	fields := strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
	switch failed := (*Error)(nil); {
	case errors.As(err, &failed) && failed.ExitCode == 1 && len(fields) > 1:
		return "", "conflict in " + strings.Join(fields[1:], ", "), nil
	case errors.As(err, &failed) && failed.ExitCode == 129:
		return "", "", fmt.Errorf("git is too old to merge beside the work tree, 2.38 can: %w", err)
	case err != nil:
		return "", "", err
	case !isHex(fields[0]):
		return "", "", fmt.Errorf("git merge-tree printed %.60q", out)
	}
	return ID(fields[0]), "", nil
}

// write stores objects in the trial.
func (t *Trial) write(ctx context.Context, objects ...Object) error {
	if len(objects) == 0 {
		return nil
	}
	pack, err := t.repo.pack(objects)
	if err != nil {
		return err
	}
	_, err = t.git.filter(ctx, bytes.NewReader(pack), "unpack-objects", "-q")
	return err
}

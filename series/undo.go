package series

import (
	"context"
	"errors"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
)

// An Undone is an undo or redo that was carried out.
type Undone struct {
	Operation *oplog.Operation // its own record
	Replayed  int              // commits on top that were put on the restored state
}

// Undo takes back the last n operations of the repository. A send of another
// series does not bar the way: they are those of the current series then. Where only commits of the user's came on top of a
// branch since, and the files are the same before and after, these are put on
// the restored state; otherwise what moved is an *oplog.MovedError and nothing
// changes. force takes it back all the same.
func Undo(ctx context.Context, repo *gitrepo.Repo, n int, force bool) (*Undone, error) {
	me, err := repo.Committer()
	if err != nil {
		return nil, err
	}
	log := operations(repo, me.When)
	defer repo.ForgetConfig()
	of, err := undoable(ctx, repo, log, n)
	if err != nil {
		return nil, err
	}
	op, err := log.Undo(ctx, n, oplog.UndoOptions{ChangeID: of, Committer: me.Email, Force: force})
	moved := (*oplog.MovedError)(nil)
	if force || !errors.As(err, &moved) {
		return &Undone{Operation: op}, err
	}
	stack, stackErr := log.Stack(of)
	if stackErr != nil || len(stack) < n {
		return nil, err
	}
	on, objects, count, replayErr := replay(ctx, repo, stack[:n], moved)
	if replayErr != nil {
		return nil, replayErr
	}
	op, err = log.Undo(ctx, n, oplog.UndoOptions{ChangeID: of, Committer: me.Email, Instead: []gitrepo.RefUpdate{on}, Objects: objects})
	return &Undone{Operation: op, Replayed: count}, err
}

// undoable says whose operations an undo of n takes back: "" for those of the
// repository, or the change-id of the current series where a send of another
// one stands between its own.
func undoable(ctx context.Context, repo *gitrepo.Repo, log *oplog.Log, n int) (string, error) {
	stack, err := log.Stack("")
	last := len(stack) - 1
	if err != nil || last < 0 || !stack[last].Barrier || n <= last {
		return "", err
	}
	s, err := Load(ctx, repo, "")
	if err != nil || s.Tracking.ChangeID == stack[last].ChangeID {
		return "", nil // the log does not need a series
	}
	for _, op := range stack[:last] {
		if op.ChangeID != s.Tracking.ChangeID {
			return "", nil
		}
	}
	own, err := log.Stack(s.Tracking.ChangeID)
	if err != nil || len(own) == 0 {
		return "", err
	}
	return s.Tracking.ChangeID, nil
}

// Redo brings back the last n operations that were undone.
func Redo(ctx context.Context, repo *gitrepo.Repo, n int, force bool) (*Undone, error) {
	me, err := repo.Committer()
	if err != nil {
		return nil, err
	}
	defer repo.ForgetConfig()
	op, err := operations(repo, me.When).Redo(ctx, n, oplog.UndoOptions{Committer: me.Email, Force: force})
	return &Undone{Operation: op}, err
}

// replay puts the commits that came on top of a branch since on the state that
// undoing the operations, newest first, restores. It returns moved when that
// is not all that stands in the way.
func replay(ctx context.Context, repo *gitrepo.Repo, undone []*oplog.Operation, moved *oplog.MovedError) (gitrepo.RefUpdate, []gitrepo.Object, int, error) {
	none := gitrepo.RefUpdate{}
	if len(moved.Moves) != 1 || moved.Moves[0].Ahead < 1 || !strings.HasPrefix(moved.Moves[0].What, "refs/heads/") {
		return none, nil, 0, moved
	}
	branch, now, left := moved.Moves[0].What, moved.Moves[0].Now, moved.Moves[0].Want
	var restored gitrepo.ID
	for _, op := range undone {
		for _, ref := range op.Refs {
			if ref.Name == branch {
				restored = ref.Before
			}
		}
	}
	if restored == "" { // the branch would go, and the commits with it
		return none, nil, 0, moved
	}
	before, err := repo.Commit(string(restored))
	if err != nil {
		return none, nil, 0, err
	}
	after, err := repo.Commit(left)
	if err != nil {
		return none, nil, 0, err
	}
	if before.Tree != after.Tree {
		return none, nil, 0, moved
	}
	commits, err := commitsSince(repo, now, after.ID)
	if err != nil {
		return none, nil, 0, err
	}
	if foreign, err := foreignCommits(repo, commits); err != nil || len(foreign) > 0 {
		if err == nil {
			err = &ForeignError{Commits: foreign}
		}
		return none, nil, 0, err
	}
	me, err := repo.Committer()
	if err != nil {
		return none, nil, 0, err
	}
	chain, err := repo.Chain(ctx, commits, before.ID, nil, gitrepo.ChainOptions{Committer: me})
	return gitrepo.RefUpdate{Name: branch, New: chain.Tip, Old: gitrepo.ID(now)}, chain.Objects, len(commits), err
}

package series

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
)

// An act is one thing that a verb does to a series: it goes through the
// operation log, so that a crash leaves the old state or the new one, and undo
// finds the way back.
type act struct {
	changeID string
	branch   string // full ref name
	reason   string // "kprep: …", the line of the reflogs; the rest names the operation
	plan     oplog.Plan
	barrier  bool // mail has left: undo stops here
}

// perform carries the act out. When it returns an error nothing has changed,
// or the error says what has.
func perform(ctx context.Context, repo *gitrepo.Repo, a act) error {
	me, err := repo.Committer()
	if err != nil {
		return err
	}
	intent := oplog.Intent{Verb: strings.TrimPrefix(a.reason, "kprep: "), ChangeID: a.changeID, Branch: a.branch,
		Committer: me.Email, Barrier: a.barrier, Scope: oplog.Scope{Head: a.plan.Head != nil}}
	for _, u := range a.plan.Refs {
		intent.Scope.Refs = append(intent.Scope.Refs, u.Name)
	}
	if len(a.plan.Config) > 0 {
		intent.Scope.Branches = []string{shortBranch(a.branch)}
	}
	if err := operations(repo, me.When).Perform(ctx, intent, a.plan); err != nil || !a.barrier {
		return err
	}
	// What is not dropped now is next time: the send is complete without it.
	_ = expire(ctx, repo, me.When)
	return nil
}

// keepDays is how long operations are kept unless kprep.keep-days says
// otherwise.
const keepDays = 90

// maxKeepDays is about a century: far more would overflow into the future.
const maxKeepDays = 36500

// KeepDays is how many days operations are kept. It returns an error for a
// setting that is no number of days; then none is dropped.
func KeepDays(config *gitrepo.Config) (int, error) {
	text, ok := config.Get("kprep.keep-days")
	if !ok {
		return keepDays, nil
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < 0 || days > maxKeepDays {
		return 0, fmt.Errorf("configuration kprep.keep-days: %q is no number of days from 0 to %d", text, maxKeepDays)
	}
	return days, nil
}

// expire drops what is too old to be undone. A send is a good time for it:
// there are few of them, and nothing before one can be undone.
func expire(ctx context.Context, repo *gitrepo.Repo, now time.Time) error {
	config, err := repo.Config()
	if err != nil {
		return err
	}
	days, err := KeepDays(config)
	if err != nil {
		return err
	}
	_, err = operations(repo, now).Expire(ctx, now.AddDate(0, 0, -days))
	return err
}

// operations is the repository's log; now is the time of what is recorded.
func operations(repo *gitrepo.Repo, now time.Time) *oplog.Log {
	return oplog.New(repo, oplog.Options{Now: func() time.Time { return now }})
}

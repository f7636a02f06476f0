package series

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
)

// PendingRebase completes a rebase that kprep began in this work tree and the
// user ended with git's own words, or that a crash cut off; nil when there is
// none. It costs one look at a file. It returns a *RebasingError while git
// waits for the user.
func PendingRebase(ctx context.Context, repo *gitrepo.Repo) (*Rebased, error) {
	if _, err := os.Lstat(rebaseFile(repo)); err != nil {
		return nil, nil
	}
	st, err := readRebase(repo)
	if err != nil || st == nil {
		return nil, err
	}
	if branch, ok := repo.Rebasing(); ok && st.ours(branch) {
		return nil, &RebasingError{Branch: st.Branch, CutOff: repo.RebaseCutOff()}
	}
	lock, err := lockRebase(ctx, repo)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if st, err = readRebase(repo); err != nil || st == nil {
		return nil, err
	}
	return st.settle(ctx, repo)
}

// pendingRebase is PendingRebase for the reader of one branch, a full name,
// or "" for the one that is checked out: the others have nothing to do with
// a rebase under way.
func pendingRebase(ctx context.Context, repo *gitrepo.Repo, branch string) error {
	_, err := PendingRebase(ctx, repo)
	rebasing := (*RebasingError)(nil)
	if errors.As(err, &rebasing) && branch != "" {
		if ref, refErr := branchRef(ctx, repo, branch); refErr == nil && ref != rebasing.Branch {
			return nil
		}
	}
	return err
}

// settle completes a rebase that is over, or forgets one that came to
// nothing. The lock is held; git is not rebasing the branch.
func (st *rebaseState) settle(ctx context.Context, repo *gitrepo.Repo) (*Rebased, error) {
	repo.ForgetConfig()
	r := &Rebased{Branch: st.Branch, Base: st.Base, Before: len(st.Patches), Chosen: st.Chosen}
	rebased, tip, err := st.outcome(ctx, repo)
	if err != nil {
		return nil, err
	}
	if rebased == "" {
		r.Aborted = true
		return r, forgetRebase(repo)
	}
	defer repo.AfterRewrite(ctx)
	now, err := st.found(repo, tip)
	if err != nil {
		return nil, err
	}
	r.Patches = len(now.patches)
	moved, left, err := st.follow(repo, now.patches)
	if err != nil {
		return nil, err
	}
	if len(left) == len(st.Patches)-len(now.patches) { // else some have a twin, or a new title
		r.Left = left
	}
	if err := st.complete(ctx, repo, now, moved, rebased != tip); err != nil {
		return nil, err
	}
	if rebased != tip {
		r.Notes = append(r.Notes, "the branch has moved since the rebase ended, so the operation log leaves the rebase out")
	}
	return r, forgetRebase(repo)
}

// outcome says where the rebase took the branch, "" for nowhere, and where
// the branch is now.
func (st *rebaseState) outcome(ctx context.Context, repo *gitrepo.Repo) (rebased, tip gitrepo.ID, err error) {
	if tip, err = repo.Ref(ctx, st.Branch); err != nil || tip == "" || tip == st.Tip {
		return "", tip, err
	}
	rebased, known, err := repo.RebasedFrom(ctx, st.Branch, st.Tip)
	if err != nil || known {
		return rebased, tip, err
	}
	// Without a reflog: what was only added to was not rebased.
	if kept, err := repo.Ancestor(ctx, st.Tip, tip); err != nil || kept {
		return "", tip, err
	}
	return tip, tip, nil
}

// A rebasedBranch is a branch after git has rebased it.
type rebasedBranch struct {
	tip     gitrepo.ID
	cover   *gitrepo.Commit   // nil when it is in the configuration, or lost
	patches []*gitrepo.Commit // oldest first; what is above a cover at the tip is not among them
}

// found reads what is on the branch now.
func (st *rebaseState) found(repo *gitrepo.Repo, tip gitrepo.ID) (*rebasedBranch, error) {
	b := &rebasedBranch{tip: tip}
	last, below := tip, st.Start
	if st.Cover != "" {
		f, err := newFinder(repo).find(st.Branch, string(tip))
		if err != nil {
			return nil, err
		}
		if f != nil && changeIDOf(f.cover) == st.ChangeID && len(f.cover.Parents) == 1 {
			b.cover = f.cover
			if st.Storage == CoverCommit {
				b.patches = f.patches
				return b, nil
			}
			last = f.cover.Parents[0]
		} else {
			below = st.Base
		}
	}
	var err error
	if b.patches, err = commitsSince(repo, string(last), below); err != nil {
		return nil, fmt.Errorf("after the rebase of %q: %w", shortBranch(st.Branch), err)
	}
	return b, nil
}

func changeIDOf(cover *gitrepo.Commit) string {
	_, tracking, err := coverletter.Decode(cover.Text())
	if err != nil {
		return ""
	}
	return tracking.ChangeID
}

// complete does what git did not: a cover letter that was lost on the way is
// put back, notes follow, the base branch is recorded, and the whole is one
// operation of the log. All of it may have been done before by a kprep that
// died. Unlogged leaves the log out.
func (st *rebaseState) complete(ctx context.Context, repo *gitrepo.Repo, now *rebasedBranch, moved map[gitrepo.ID]gitrepo.ID, unlogged bool) error {
	tip, made, err := st.restore(ctx, repo, now)
	if err != nil {
		return err
	}
	notes, err := repo.CarryNotes(ctx, moved)
	if err != nil {
		return err
	}
	if st.Before == nil {
		st.Before = map[string]gitrepo.ID{}
	}
	updates := notes
	for _, u := range notes {
		if _, known := st.Before[u.Name]; !known {
			st.Before[u.Name] = u.Old
		}
	}
	if tip != now.tip {
		updates = append(updates, gitrepo.RefUpdate{Name: st.Branch, New: tip, Old: now.tip})
	}
	if len(updates) > 0 {
		if err := errors.Join(repo.WriteObjects(ctx, made...), st.save(repo)); err != nil {
			return err
		}
		if err := repo.UpdateRefs(ctx, "kprep: rebase", updates...); err != nil {
			return err
		}
	}
	if unlogged {
		return st.recordBase(ctx, repo)
	}
	return st.logged(ctx, repo)
}

// restore makes the commits that put a lost cover letter back.
func (st *rebaseState) restore(ctx context.Context, repo *gitrepo.Repo, now *rebasedBranch) (gitrepo.ID, []gitrepo.Object, error) {
	if st.Cover == "" || now.cover != nil {
		return now.tip, nil, nil
	}
	below := string(now.tip)
	if st.Storage == CoverCommit {
		below = string(st.Base)
	}
	on, err := repo.Commit(below)
	if err != nil {
		return "", nil, err
	}
	cover, err := st.coverOn(ctx, repo, on)
	if err != nil || st.Storage == TipCommit {
		return cover.Tip, cover.Objects, err
	}
	me, err := repo.Committer()
	if err != nil {
		return "", nil, err
	}
	chain, err := repo.Chain(ctx, now.patches, cover.Tip, nil, gitrepo.ChainOptions{Committer: me, Mine: true})
	return chain.Tip, append(cover.Objects, chain.Objects...), err
}

// logged has the operation log know of the rebase, as one operation from the
// tip before.
func (st *rebaseState) logged(ctx context.Context, repo *gitrepo.Repo) error {
	me, err := repo.Committer()
	if err != nil {
		return err
	}
	in := oplog.Intent{Verb: "rebase", Args: []string{st.Base.Short()}, ChangeID: st.ChangeID, Branch: st.Branch, Committer: me.Email,
		Scope: oplog.Scope{Branches: []string{shortBranch(st.Branch)}}}
	log := operations(repo, me.When)
	done, err := st.inLog(ctx, log)
	if err != nil {
		return err
	}
	if !done {
		in.Before = map[string]gitrepo.ID{st.Branch: st.Tip}
		maps.Copy(in.Before, st.Before)
		in.Scope.Refs = slices.Sorted(maps.Keys(in.Before))
	}
	op, err := log.Begin(ctx, in)
	if err != nil {
		return err
	}
	defer op.Close()
	if err := st.recordBase(ctx, repo); err != nil {
		return err
	}
	return op.Done(ctx)
}

// inLog says that the log has the rebase already, from a kprep that died
// behind it.
func (st *rebaseState) inLog(ctx context.Context, log *oplog.Log) (bool, error) {
	if settled, err := log.Recover(ctx); err != nil || settled != nil && settled.Moved {
		if err == nil {
			err = &oplog.UnfinishedError{Recovery: settled}
		}
		return false, err
	}
	ops, err := log.List()
	if err != nil || len(ops) == 0 || ops[0].Verb != "rebase" {
		return false, err
	}
	return slices.ContainsFunc(ops[0].Refs, func(c oplog.RefChange) bool { return c.Name == st.Branch && c.Before == st.Tip }), nil
}

// retrack puts into the tracking data what the rebase changes; it is false
// where they stay byte by byte.
func (st *rebaseState) retrack(t *coverletter.Tracking) (*coverletter.Tracking, bool) {
	now := t.Clone()
	if st.BaseBranch != "" {
		now.BaseBranch = st.BaseBranch
	}
	if st.Prerequisites != nil {
		now.Prerequisites = st.Prerequisites
	}
	return now, string(now.Compact()) != string(t.Compact())
}

// recordBase records what changed where the configuration holds the tracking
// data; in a cover letter it is already.
func (st *rebaseState) recordBase(ctx context.Context, repo *gitrepo.Repo) error {
	if st.Storage != BranchDescription {
		return nil
	}
	config, err := repo.Config()
	if err != nil {
		return err
	}
	document, _ := config.Get(trackingKey(st.Branch))
	tracking, err := coverletter.ParseTracking([]byte(document))
	if err != nil {
		return err
	}
	tracking, changed := st.retrack(tracking)
	if !changed {
		return nil
	}
	return repo.SetConfig(ctx, trackingKey(st.Branch), string(tracking.Compact()))
}

// message is the cover letter's new message, where the rebase changes what is
// recorded in it; none where it stays byte by byte.
func (st *rebaseState) message(cover *gitrepo.Commit) (map[gitrepo.ID]string, error) {
	if st.BaseBranch == "" && st.Prerequisites == nil {
		return nil, nil
	}
	text, tracking, err := coverletter.Decode(cover.Text())
	if err != nil {
		return nil, &BrokenError{Branch: st.Branch, Commit: cover.ID, Err: err, message: cover.Text()}
	}
	tracking, _ = st.retrack(tracking)
	return map[gitrepo.ID]string{cover.ID: coverletter.Encode(text, tracking)}, nil
}

// follow pairs the patches of before with those of now: by author and
// message, else by author and title, and never where two would fit. What has
// no partner is left.
func (st *rebaseState) follow(repo *gitrepo.Repo, now []*gitrepo.Commit) (moved map[gitrepo.ID]gitrepo.ID, left []*gitrepo.Commit, err error) {
	moved, taken := map[gitrepo.ID]gitrepo.ID{}, map[gitrepo.ID]bool{}
	for _, id := range st.Patches {
		c, err := repo.Commit(string(id))
		if err != nil {
			return nil, nil, err
		}
		left = append(left, c)
	}
	for _, key := range []func(*gitrepo.Commit) string{
		func(c *gitrepo.Commit) string { return string(c.ID) },
		func(c *gitrepo.Commit) string { return c.Author.String() + "\n" + c.Text() },
		func(c *gitrepo.Commit) string { return c.Author.String() + "\n" + c.Subject() },
	} {
		before, after := map[string]int{}, map[string][]gitrepo.ID{}
		for _, c := range left {
			before[key(c)]++
		}
		for _, c := range now {
			if !taken[c.ID] {
				after[key(c)] = append(after[key(c)], c.ID)
			}
		}
		left = slices.DeleteFunc(left, func(c *gitrepo.Commit) bool {
			found := after[key(c)]
			if before[key(c)] != 1 || len(found) != 1 {
				return false
			}
			taken[found[0]] = true
			if found[0] != c.ID {
				moved[c.ID] = found[0]
			}
			return true
		})
	}
	return moved, left, nil
}

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
	pairs, left, err := st.follow(ctx, repo, now.patches)
	if err != nil {
		return nil, err
	}
	if len(left) == len(st.Patches)-len(now.patches) { // else some have a twin, or a new title
		r.Left = left
	}
	notes, err := st.complete(ctx, repo, now, pairs, rebased != tip)
	if err != nil {
		return nil, err
	}
	r.Notes = append(notes, st.unpaired(r, left)...)
	if rebased != tip {
		r.Notes = append(r.Notes, "the branch has moved since the rebase ended, so the operation log leaves the rebase out")
	}
	return r, forgetRebase(repo)
}

// unpaired tells of patches whose successor cannot be told, and so may have
// lost what only git keeps no track of.
func (st *rebaseState) unpaired(r *Rebased, left []*gitrepo.Commit) []string {
	if len(r.Left) == len(left) {
		return nil
	}
	var notes []string
	for _, c := range left {
		notes = append(notes, fmt.Sprintf("which patch took the place of %s (%s) cannot be told: if it had notes, 'git notes copy %s COMMIT' brings them along",
			c.ID.Short(), c.Subject(), c.ID.Short()))
	}
	return notes
}

// outcome says where the rebase took the branch, "" for nowhere, and where
// the branch is now.
func (st *rebaseState) outcome(ctx context.Context, repo *gitrepo.Repo) (rebased, tip gitrepo.ID, err error) {
	if tip, err = repo.Ref(ctx, st.Branch); err != nil || tip == "" || tip == st.Tip {
		return "", tip, err
	}
	if tip == st.Completed {
		return tip, tip, nil
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

// changeIDOf is the change-id in a cover-letter commit; "" for any other commit.
func changeIDOf(cover *gitrepo.Commit) string {
	_, tracking, err := coverletter.Decode(cover.Text())
	if err != nil {
		return ""
	}
	return tracking.ChangeID
}

// complete does what git did not: a cover letter that was lost on the way is
// put back, patches get the headers that git does not know, notes follow, the
// base branch is recorded, and the whole is one operation of the log. All of
// it may have been done before by a kprep that died. It returns what the user
// should know. Later says that the branch has moved since: the log is left
// out then, and patches stay as they are.
func (st *rebaseState) complete(ctx context.Context, repo *gitrepo.Repo, now *rebasedBranch, pairs map[gitrepo.ID]*gitrepo.Commit, later bool) ([]string, error) {
	lost, notes := lostHeaders(now, pairs, later)
	tip, made, again, err := st.restore(ctx, repo, now, lost)
	if err != nil {
		return nil, err
	}
	moved := maps.Clone(again)
	for id, before := range pairs {
		if final, ok := again[id]; ok {
			id = final
		}
		if id != before.ID {
			moved[before.ID] = id
		}
	}
	updates, err := repo.CarryNotes(ctx, moved)
	if err != nil {
		return nil, err
	}
	if st.Before == nil {
		st.Before = map[string]gitrepo.ID{}
	}
	for _, u := range updates {
		if _, known := st.Before[u.Name]; !known {
			st.Before[u.Name] = u.Old
		}
	}
	if tip != now.tip {
		updates = append(updates, gitrepo.RefUpdate{Name: st.Branch, New: tip, Old: now.tip})
	}
	if !later {
		st.Completed = tip // whoever comes after a crash knows it for ours
	}
	if len(updates) > 0 {
		if err := errors.Join(repo.WriteObjects(ctx, made...), st.save(repo)); err != nil {
			return nil, err
		}
		if err := repo.UpdateRefs(ctx, "kprep: rebase", updates...); err != nil {
			return nil, err
		}
	}
	return notes, st.logged(ctx, repo, later)
}

// lostHeaders are the patches that git has left headers out of, by their id,
// with what they were before. Where patches are not to be touched, or cannot
// be, it returns what to tell the user instead.
func lostHeaders(now *rebasedBranch, pairs map[gitrepo.ID]*gitrepo.Commit, later bool) (map[gitrepo.ID]*gitrepo.Commit, []string) {
	lost, untold := map[gitrepo.ID]*gitrepo.Commit{}, []string(nil)
	for _, c := range now.patches {
		before := pairs[c.ID]
		if before == nil || !c.LacksHeaders(before) {
			continue
		}
		lost[c.ID] = before
		untold = append(untold, fmt.Sprintf("git left headers out of %s (%s): 'git cat-file commit %s' has them", c.ID.Short(), c.Subject(), before.ID.Short()))
	}
	merged := slices.ContainsFunc(now.patches, func(c *gitrepo.Commit) bool { return len(c.Parents) != 1 })
	covered := now.cover == nil || now.cover.ID == now.tip || len(now.patches) > 0 && now.patches[len(now.patches)-1].ID == now.tip
	if later || merged || !covered {
		return nil, untold
	}
	return lost, nil
}

// restore makes the commits that put a lost cover letter and lost headers
// back. Again leads from each commit that is made again to what it is then.
func (st *rebaseState) restore(ctx context.Context, repo *gitrepo.Repo, now *rebasedBranch, lost map[gitrepo.ID]*gitrepo.Commit) (tip gitrepo.ID, made []gitrepo.Object, again map[gitrepo.ID]gitrepo.ID, err error) {
	uncovered := st.Cover != "" && now.cover == nil
	if !uncovered && len(lost) == 0 {
		return now.tip, nil, map[gitrepo.ID]gitrepo.ID{}, nil
	}
	me, err := repo.Committer()
	if err != nil {
		return "", nil, nil, err
	}
	var onto gitrepo.ID
	commits := now.patches
	switch {
	case uncovered && st.Storage == CoverCommit:
		base, err := repo.Commit(string(st.Base))
		if err != nil {
			return "", nil, nil, err
		}
		cover, err := st.coverOn(ctx, repo, base)
		if err != nil {
			return "", nil, nil, err
		}
		onto, made = cover.Tip, cover.Objects
	case len(commits) > 0:
		onto = commits[0].Parents[0]
	default:
		onto = now.tip
	}
	if now.cover != nil && st.Storage == TipCommit {
		commits = append(slices.Clone(commits), now.cover)
	}
	chain, err := repo.Chain(ctx, commits, onto, nil, gitrepo.ChainOptions{Committer: me, Mine: true, Headers: lost})
	if err != nil {
		return "", nil, nil, err
	}
	tip, made = chain.Tip, append(made, chain.Objects...)
	if uncovered && st.Storage == TipCommit {
		top, err := repo.Commit(string(now.tip))
		if err != nil {
			return "", nil, nil, err
		}
		below := *top
		below.ID = tip
		cover, err := st.coverOn(ctx, repo, &below)
		if err != nil {
			return "", nil, nil, err
		}
		tip, made = cover.Tip, append(made, cover.Objects...)
	}
	return tip, made, chain.New, nil
}

// logged has the operation log know of the rebase, as one operation from the
// tip before, with what changes in the configuration. Without the log that is
// an operation of its own.
func (st *rebaseState) logged(ctx context.Context, repo *gitrepo.Repo, later bool) error {
	me, err := repo.Committer()
	if err != nil {
		return err
	}
	log := operations(repo, me.When)
	if done, err := st.inLog(ctx, log); err != nil || done {
		return err
	}
	config, err := st.newConfig(repo)
	if err != nil {
		return err
	}
	in := oplog.Intent{Verb: "rebase", Args: []string{st.Base.Short()}, ChangeID: st.ChangeID, Branch: st.Branch, Committer: me.Email}
	if len(config) > 0 {
		in.Scope.Branches = []string{shortBranch(st.Branch)}
	}
	if !later {
		in.Before = map[string]gitrepo.ID{st.Branch: st.Tip}
		maps.Copy(in.Before, st.Before)
		in.Scope.Refs = slices.Sorted(maps.Keys(in.Before))
	} else if len(config) == 0 {
		return nil
	}
	return log.Record(ctx, in, oplog.Plan{Config: config, Blobs: st.remembered(repo)})
}

// remembered keeps what was found in mail of the prerequisites. A state that
// cannot be read stays as it is: then mail has to be looked at again.
func (st *rebaseState) remembered(repo *gitrepo.Repo) []oplog.Blob {
	if len(st.Known) == 0 {
		return nil
	}
	s := &Series{Tracking: coverletter.NewTracking(st.ChangeID), repo: repo}
	blob, changes, err := s.remember(func(state *State) { state.know(st.Prerequisites, st.Known...) })
	if err != nil || !changes {
		return nil
	}
	return []oplog.Blob{blob}
}

// inLog says that the log has the rebase already, from a kprep that died
// behind it.
func (st *rebaseState) inLog(ctx context.Context, log *oplog.Log) (bool, error) {
	settled, err := log.Recover(ctx)
	if err != nil {
		return false, err
	}
	ops, err := log.List()
	if err != nil {
		return false, err
	}
	done := slices.ContainsFunc(ops, func(op *oplog.Operation) bool {
		return op.ID > st.Operations && op.Verb == "rebase" && slices.ContainsFunc(op.Refs, func(c oplog.RefChange) bool {
			return c.Name == st.Branch && c.Before == st.Tip && c.After == st.Completed
		})
	})
	if !done && settled != nil && settled.Moved {
		return false, &oplog.UnfinishedError{Recovery: settled}
	}
	return done, nil
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

// newConfig is what changes where the configuration holds the tracking data;
// in a cover letter it is already.
func (st *rebaseState) newConfig(repo *gitrepo.Repo) ([]oplog.ConfigValue, error) {
	if st.Storage != BranchDescription {
		return nil, nil
	}
	config, err := repo.Config()
	if err != nil {
		return nil, err
	}
	document, _ := config.Get(trackingKey(st.Branch))
	tracking, err := coverletter.ParseTracking([]byte(document))
	if err != nil {
		return nil, err
	}
	tracking, changed := st.retrack(tracking)
	if !changed {
		return nil, nil
	}
	return []oplog.ConfigValue{{Key: trackingKey(st.Branch), Values: []string{string(tracking.Compact())}}}, nil
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

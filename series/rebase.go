package series

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kprep/kprep/gitrepo"
)

// RebaseOptions say how the patches are moved.
type RebaseOptions struct {
	Onto        string // a branch, remote branch, tag or commit; "" finds the upstream or the recorded base branch
	BaseBranch  string // to record, for a storage that needs one; "" finds it
	Interactive bool   // the user edits git's list
	Autosquash  bool
	Autostash   bool
	Exec        []string     // commands to run after each patch
	Drop        []gitrepo.ID // patches to leave out, as the new base has them in another form
	Reapply     bool         // also what the new base has had once, and lost again: git would leave that out
	Quiet       bool
	// Program runs this very program, as a shell command: for a cover letter at
	// the tip git calls back, as "PROGRAM --todo FILE" and "PROGRAM --put-cover",
	// and for patches to drop as the first of these.
	Program string
	Streams gitrepo.Streams // for git and its editors

	above         gitrepo.ID // a commit of the series: only what lies above it is in the list; "" for all
	prerequisites []string   // to record; nil leaves them
	known         []KnownDep // to remember of them
}

// A Rebased says what became of a rebase.
type Rebased struct {
	Branch  string // full ref name
	Base    gitrepo.ID
	Before  int               // how many patches there were
	Patches int               // how many there are
	Left    []*gitrepo.Commit // those of before that are not there any more, oldest first; empty when that cannot be told
	Chosen  bool              // the user edited the list
	Aborted bool              // all is as before
	Same    bool              // there was nothing to do
	Notes   []string          // what the user should know
}

// A RebasingError means that a rebase that kprep began has not come to its
// end.
type RebasingError struct {
	Branch  string // full ref name
	Running bool   // by a kprep that is at it now
	CutOff  bool   // git was killed in the middle of a patch: it can only be aborted
}

func (e *RebasingError) Error() string {
	if e.Running {
		return "another kprep is rebasing in this work tree"
	}
	if e.CutOff {
		return fmt.Sprintf("a rebase of %q is under way, and was killed in the middle of a patch, which would be lost", shortBranch(e.Branch))
	}
	return fmt.Sprintf("a rebase of %q is under way", shortBranch(e.Branch))
}

// A StoppedError means that git stopped in the middle of a rebase and waits
// for the user.
type StoppedError struct {
	Branch   string // full ref name
	Conflict bool   // there are conflicts to resolve
}

func (e *StoppedError) Error() string {
	if e.Conflict {
		return fmt.Sprintf("the rebase of %q met a conflict", shortBranch(e.Branch))
	}
	return fmt.Sprintf("the rebase of %q stopped before its end", shortBranch(e.Branch))
}

// An OntoError reports that nothing good was named to rebase onto.
type OntoError struct {
	Branch string // full ref name
	Onto   string // as the user named it; "" when nothing was named, and nothing is on record
	Reason string
}

func (e *OntoError) Error() string {
	if e.Onto == "" {
		return fmt.Sprintf("branch %q has no upstream and no base branch to rebase onto", shortBranch(e.Branch))
	}
	return fmt.Sprintf("cannot rebase onto %q: %s", e.Onto, e.Reason)
}

// ErrNoRebase means that no rebase of kprep's is under way in this work tree.
var ErrNoRebase = errors.New("no rebase that kprep began is under way here")

// Rebase moves the patches with git's own rebase, on the branch, which has to
// be checked out. Git moves the branch once, at its end, from the old tip to
// a series that is whole, whoever continues; until then, and after an abort,
// all is as it was.
//
// How that is done: a cover letter below the patches is put on the new base
// beforehand, and is what git rebases onto; one at the tip is put back by the
// last line of git's list; one in the configuration stays there.
//
// It returns what CheckRewritable and CheckPlaced return, a
// *CoverContentError, a *gitrepo.DirtyError, an *OntoError or a
// *BaseBranchError when nothing was begun; a *StoppedError when git waits for
// the user.
func (s *Series) Rebase(ctx context.Context, o RebaseOptions) (*Rebased, error) {
	if err := s.checkRebase(ctx, o); err != nil {
		return nil, err
	}
	onto, baseBranch, err := s.rebaseTarget(ctx, o)
	if err != nil {
		return nil, err
	}
	if s.holds(onto.ID) { // as git would: in place, the patches above it
		o.above = onto.ID
		if onto, err = s.repo.Commit(string(s.Base)); err != nil {
			return nil, err
		}
	}
	if onto.ID == s.Base && baseBranch == "" && !o.Interactive && !o.Autosquash && len(o.Exec)+len(o.Drop) == 0 {
		return &Rebased{Branch: s.Branch, Base: s.Base, Before: len(s.Patches), Patches: len(s.Patches), Same: true}, nil
	}
	lock, err := lockRebase(ctx, s.repo)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	st := &rebaseState{Version: rebaseVersion, Branch: s.Branch, ChangeID: s.Tracking.ChangeID, Storage: s.Storage, Tip: s.Tip,
		Start: onto.ID, Base: onto.ID, BaseBranch: baseBranch, Patches: s.patchIDs(), Chosen: o.Interactive || o.Autosquash, Dropped: o.Drop,
		Prerequisites: o.prerequisites, Known: o.known}
	if s.Cover != nil {
		st.Cover = s.Cover.ID
	}
	args, err := s.rebaseArguments(ctx, st, onto, o)
	if err != nil {
		return nil, err
	}
	if st.Before, err = notesGitMoves(ctx, s.repo); err != nil {
		return nil, err
	}
	if st.Operations, err = newestOperation(s.repo); err != nil {
		return nil, err
	}
	if err := s.repo.BeforeRewrite(ctx); err != nil {
		return nil, err
	}
	if err := st.save(s.repo); err != nil {
		return nil, err
	}
	env, config := []string{"GIT_REFLOG_ACTION=rebase"}, []string{"rebase.updateRefs=false", "advice.skippedCherryPicks=false"}
	switch {
	case s.Storage == TipCommit, len(o.Drop) > 0:
		editor := ":"
		if o.Interactive {
			if editor, err = s.repo.SequenceEditor(ctx); err != nil {
				return nil, errors.Join(err, forgetRebase(s.repo))
			}
		}
		env = append(env, "KPREP_TODO_EDITOR="+editor, "GIT_SEQUENCE_EDITOR="+o.Program+" --todo")
	case !o.Interactive:
		env = append(env, "GIT_SEQUENCE_EDITOR=:")
	}
	return afterGit(ctx, s.repo, st, s.repo.Rebase(ctx, o.Streams, env, config, args...))
}

// notesGitMoves are the notes that git itself copies at the end of a rebase, as
// the user has configured: none unless notes.rewriteRef is set.
func notesGitMoves(ctx context.Context, repo *gitrepo.Repo) (map[string]gitrepo.ID, error) {
	config, err := repo.Config()
	if err != nil {
		return nil, err
	}
	if _, ok := config.Get("notes.rewriteRef"); !ok {
		return nil, nil
	}
	return repo.RefValues(ctx, "refs/notes/")
}

// newestOperation is the number of the newest operation in the log, 0 for none.
func newestOperation(repo *gitrepo.Repo) (int, error) {
	ops, err := operations(repo, time.Time{}).List()
	if err != nil || len(ops) == 0 {
		return 0, err
	}
	return ops[0].ID, nil
}

// checkRebase is all that has to be right before anything begins.
func (s *Series) checkRebase(ctx context.Context, o RebaseOptions) error {
	if err := s.repo.CheckIdleHere(); err != nil {
		return err
	}
	// Git finds out at its end, with all the work behind it.
	if err := s.repo.CheckUnlocked(s.Branch); err != nil {
		return err
	}
	if err := s.CheckPlaced(); err != nil {
		return err
	}
	if err := s.CheckRewritable(ctx); err != nil {
		return err
	}
	if err := s.CheckLinear(); err != nil {
		return err
	}
	if err := s.CheckCoverEmpty(); err != nil {
		return err
	}
	if o.Autostash {
		return nil
	}
	return s.repo.CheckClean(ctx)
}

// rebaseArguments are those of git rebase. Objects that it names are written.
func (s *Series) rebaseArguments(ctx context.Context, st *rebaseState, onto *gitrepo.Commit, o RebaseOptions) ([]string, error) {
	me, err := s.repo.Committer()
	if err != nil {
		return nil, err
	}
	upstream, start := s.Start(), onto.ID
	var objects []gitrepo.Object
	if s.Storage == CoverCommit {
		chain, err := st.coverOn(ctx, s.repo, onto)
		if err != nil {
			return nil, err
		}
		objects, start = append(objects, chain.Objects...), chain.Tip
	}
	st.Start = start
	if onto.ID != s.Base {
		below, err := s.repo.Commit(string(upstream))
		if err != nil {
			return nil, err
		}
		junction := s.repo.NewJunction(below, onto, me)
		objects, upstream = append(objects, junction), junction.ID
	}
	if err := s.repo.WriteObjects(ctx, objects...); err != nil {
		return nil, err
	}
	if o.above != "" && start == s.Start() {
		start, upstream = o.above, o.above
	}
	args := []string{"--merge", "--no-stat", "--no-rebase-merges", "--empty=drop"}
	flag := func(on bool, yes, no string) {
		switch {
		case on:
			args = append(args, yes)
		case no != "":
			args = append(args, no)
		}
	}
	flag(o.Interactive || o.Autosquash || s.Storage == TipCommit || len(o.Drop) > 0, "--interactive", "")
	if !o.Interactive || o.Autosquash { // else as the user has configured
		flag(o.Autosquash, "--autosquash", "--no-autosquash")
	}
	flag(o.Autostash, "--autostash", "--no-autostash")
	flag(o.Quiet, "--quiet", "")
	flag(o.Reapply, "--reapply-cherry-picks", "")
	for _, p := range s.Patches {
		if p.Signed() { // renewed, as every rewrite does
			args = append(args, "--gpg-sign")
			break
		}
	}
	for _, command := range o.Exec {
		args = append(args, "--exec", command)
	}
	return append(args, "--onto", string(start), string(upstream)), nil
}

// coverOn makes the cover-letter commit on top of another commit.
func (st *rebaseState) coverOn(ctx context.Context, repo *gitrepo.Repo, below *gitrepo.Commit) (gitrepo.Chain, error) {
	cover, err := repo.Commit(string(st.Cover))
	if err != nil {
		return gitrepo.Chain{}, err
	}
	messages, err := st.message(cover)
	if err != nil {
		return gitrepo.Chain{}, err
	}
	me, err := repo.Committer()
	if err != nil {
		return gitrepo.Chain{}, err
	}
	return repo.Chain(ctx, []*gitrepo.Commit{cover}, below.ID, messages,
		gitrepo.ChainOptions{Committer: me, Mine: true, Trees: map[gitrepo.ID]gitrepo.ID{cover.ID: below.Tree}})
}

// ContinueRebase has git go on after a stop, or leave out the patch that it
// stopped at. It returns ErrNoRebase when nothing is under way; else as
// Rebase. A rebase that the user ended with git's own words is completed.
func ContinueRebase(ctx context.Context, repo *gitrepo.Repo, streams gitrepo.Streams, skip bool) (*Rebased, error) {
	return resumeRebase(ctx, repo, func(st *rebaseState) error {
		if repo.RebaseCutOff() {
			if over, err := st.attach(ctx, repo); over || err != nil {
				return err
			}
			return &RebasingError{Branch: st.Branch, CutOff: true}
		}
		word := "--continue"
		if skip {
			word = "--skip"
		}
		return repo.Rebase(ctx, streams, []string{"GIT_REFLOG_ACTION=rebase"}, nil, word)
	})
}

// AbortRebase has git put everything back as it was. It returns ErrNoRebase
// when nothing is under way.
func AbortRebase(ctx context.Context, repo *gitrepo.Repo, streams gitrepo.Streams) (*Rebased, error) {
	return resumeRebase(ctx, repo, func(st *rebaseState) error {
		cutOff := repo.RebaseCutOff()
		if cutOff { // git may have been killed behind its end: undo is the way back then
			if over, err := st.attach(ctx, repo); over || err != nil {
				return err
			}
		}
		err := repo.Rebase(ctx, streams, nil, nil, "--abort")
		branch, ok := repo.Rebasing()
		switch {
		case !ok: // git does not know of files that it was killed at, be it in its first checkout
			return errors.Join(err, repo.RemoveLeftovers(context.WithoutCancel(ctx), st.Tip, st.Base))
		case !cutOff:
			return err
		case !st.ours(branch):
			return err
		}
		return st.restoreAll(context.WithoutCancel(ctx), repo) // git finds no way back from where it was killed
	})
}

// ours says whether git's rebase of a branch is this one. A git that was
// killed early has not said which branch it is at.
func (st *rebaseState) ours(branch string) bool { return branch == st.Branch || branch == "" }

// attach brings a rebase to its end that git was killed in after it had moved
// the branch; over is false when it had not.
func (st *rebaseState) attach(ctx context.Context, repo *gitrepo.Repo) (over bool, err error) {
	rebased, tip, err := st.outcome(ctx, repo)
	if err != nil || rebased == "" || rebased != tip {
		return false, err
	}
	head, err := repo.HeadNow(ctx)
	if err != nil || head.Branch != st.Branch && head.Detached != tip {
		return false, err
	}
	if err := repo.SetHead(ctx, gitrepo.HeadState{Branch: st.Branch}, "kprep: rebase"); err != nil {
		return false, err
	}
	return true, repo.QuitRebase(ctx)
}

// restoreAll puts back what a killed git left half done.
func (st *rebaseState) restoreAll(ctx context.Context, repo *gitrepo.Repo) error {
	if tip, err := repo.Ref(ctx, st.Branch); err != nil || tip != st.Tip {
		if err == nil {
			err = &gitrepo.RefChangedError{Name: st.Branch, Want: st.Tip, Got: tip}
		}
		return err
	}
	if err := repo.RestoreTree(ctx, st.Tip, st.Base); err != nil {
		return err
	}
	if err := repo.SetHead(ctx, gitrepo.HeadState{Branch: st.Branch}, "kprep: rebase aborted"); err != nil {
		return err
	}
	return repo.QuitRebase(ctx)
}

func resumeRebase(ctx context.Context, repo *gitrepo.Repo, git func(*rebaseState) error) (*Rebased, error) {
	st, err := readRebase(repo)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return nil, ErrNoRebase
	}
	lock, err := lockRebase(ctx, repo)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if branch, ok := repo.Rebasing(); !ok || !st.ours(branch) {
		return st.settle(ctx, repo)
	}
	return afterGit(ctx, repo, st, git(st))
}

// afterGit looks at what a git rebase left, however it ended.
func afterGit(ctx context.Context, repo *gitrepo.Repo, st *rebaseState, gitErr error) (*Rebased, error) {
	ctx = context.WithoutCancel(ctx)
	if errors.As(gitErr, new(*RebasingError)) {
		return nil, gitErr
	}
	if now, err := readRebase(repo); err != nil {
		return nil, err
	} else if now != nil { // git called back meanwhile
		st = now
	}
	if branch, ok := repo.Rebasing(); ok && st.ours(branch) {
		st.Rewritten = repo.Rewritten()
		if err := st.save(repo); err != nil { // someone may have taken it for a leftover
			return nil, err
		}
		conflict, err := repo.Unmerged(ctx)
		return nil, errors.Join(&StoppedError{Branch: st.Branch, Conflict: conflict}, err)
	}
	done, err := st.settle(ctx, repo)
	if err == nil && done.Aborted && gitErr != nil {
		return nil, fmt.Errorf("nothing was changed: %w", gitErr)
	}
	return done, err
}

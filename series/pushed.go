package series

import (
	"context"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/trailers"
)

// A Taken says what became of a series when the pull request was taken again.
type Taken struct {
	Changed bool              // false when nothing was pushed
	Lost    []*gitrepo.Commit // patches of before that were changed here, and are gone
	Kept    []*gitrepo.Commit // patches whose message was changed here and there, and is the one of here
}

// TakeAgain puts what was pushed since into the place of the patches, in one
// operation; the branch is checked out, and the work tree clean. A patch that
// changes the same as one that is here keeps the message that it has here, with
// the trailers in it; where only the pull request has worded it otherwise it gets
// that message, and the trailers of here. The cover letter stays.
func (s *Series) TakeAgain(ctx context.Context, p Pull) (*Taken, error) {
	state, err := s.State()
	if err != nil {
		return nil, err
	}
	taken := &Taken{}
	if state.Request != nil && state.Request.Head == p.Head {
		return taken, nil
	}
	if err := s.CheckRewritable(ctx); err != nil {
		return nil, err
	}
	if err := s.repo.CheckClean(ctx); err != nil {
		return nil, err
	}
	was, tip := s.Patches, s.Tip
	here, err := s.byPatchID(ctx, was)
	if err != nil {
		return nil, err
	}
	pulled, err := s.pulledBefore(ctx, state.Request)
	if err != nil {
		return nil, err
	}
	before, err := s.byPatchID(ctx, pulled)
	if err != nil {
		return nil, err
	}
	folded, err := s.foldedAlike(ctx, was, pulled, p)
	if err != nil {
		return nil, err
	}
	words := func(id string, c *gitrepo.Commit) string {
		mine := here[id]
		if mine == nil {
			mine = folded[c.Subject()]
		}
		if id == "" || mine == nil {
			return ""
		}
		message, both := mine.Text(), false
		if then := before[id]; then != nil {
			message, both = reworded(then.Text(), mine.Text(), c.Text())
		}
		if both {
			taken.Kept = append(taken.Kept, mine)
		}
		return message
	}
	if err := s.take(ctx, p, words); err != nil {
		return nil, err
	}
	if len(pulled) > 0 {
		if taken.Lost, err = s.lost(ctx, was, before); err != nil {
			return nil, err
		}
	}
	taken.Lost = slices.DeleteFunc(taken.Lost, func(c *gitrepo.Commit) bool { return folded[c.Subject()] == c })
	l, err := s.layOut(ctx, s.Storage, s.Text, s.Tracking)
	if err != nil {
		return nil, err
	}
	blob, _, err := s.remember(func(st *State) { st.Request = &p.Request })
	if err != nil {
		return nil, err
	}
	l.also.Blobs = append(l.also.Blobs, blob)
	s.Tip = tip // what the branch is at
	taken.Changed, err = s.apply(ctx, l, "kprep: pull request again")
	return taken, err
}

// reworded is the message of a patch that was once taken with the message then,
// has mine here, and theirs in the pull request by now. Both is true when it was
// changed here and there, by more than trailers here: it is mine then.
func reworded(then, mine, theirs string) (message string, both bool) {
	switch {
	case theirs == then || theirs == mine:
		return mine, false
	case mine == then:
		return theirs, false
	}
	body := func(message string) (string, string) {
		above, below := trailers.Cut(message)
		text, block := trailers.Split(above)
		return strings.TrimSpace(text) + "\n" + below, block
	}
	textThen, _ := body(then)
	text, block := body(mine)
	if text != textThen {
		return mine, true
	}
	return trailers.Merge(theirs, trailers.Trailer{}, nil, trailers.Parse(block)...), false
}

// pulledBefore are the patches of the pull request as it was taken before; none
// where they are gone.
func (s *Series) pulledBefore(ctx context.Context, before *Request) ([]*gitrepo.Commit, error) {
	if before == nil {
		return nil, nil
	}
	head, err := s.repo.Commit(before.Head)
	if err != nil {
		return nil, ctx.Err() // git may have collected it
	}
	fork, err := s.repo.MergeBase(ctx, head.ID, s.Base)
	if err != nil || fork == "" {
		return nil, err
	}
	commits, err := commitsSince(s.repo, before.Head, fork)
	if err != nil {
		return nil, ctx.Err()
	}
	return commits, nil
}

// foldedAlike are the patches here, by title, into which the same fixup! commits
// were folded that are to be folded into the same patch now: they change here
// what they will change then.
func (s *Series) foldedAlike(ctx context.Context, here, before []*gitrepo.Commit, p Pull) (map[string]*gitrepo.Commit, error) {
	if !p.Fixups || len(before) == 0 {
		return nil, nil
	}
	now, err := commitsSince(s.repo, p.Head, p.Base)
	if err != nil {
		return nil, err
	}
	then, err := s.withFixups(ctx, before)
	if err != nil {
		return nil, err
	}
	again, err := s.withFixups(ctx, now)
	if err != nil {
		return nil, err
	}
	alike, seen := map[string]*gitrepo.Commit{}, map[string]bool{}
	for _, c := range here {
		title := c.Subject()
		if len(then[title]) > 1 && slices.Equal(then[title], again[title]) && !seen[title] {
			alike[title] = c
		} else {
			delete(alike, title)
		}
		seen[title] = true
	}
	return alike, nil
}

// withFixups are the patch-ids of each patch and the fixup! commits for it, by its
// title. One that gets other words by squash! or amend! is not among them.
func (s *Series) withFixups(ctx context.Context, commits []*gitrepo.Commit) (map[string][]string, error) {
	ids, err := s.patchIDsOf(ctx, commits)
	if err != nil {
		return nil, err
	}
	by := map[string][]string{}
	for i, c := range commits {
		title := c.Subject()
		for strings.HasPrefix(title, "fixup! ") {
			title = strings.TrimPrefix(title, "fixup! ")
		}
		by[title] = append(by[title], ids[i])
	}
	for title := range by {
		for _, mark := range []string{"squash! ", "amend! "} {
			if target, ok := strings.CutPrefix(title, mark); ok {
				delete(by, target)
			}
		}
	}
	return by, nil
}

// lost are the patches that were neither in the pull request as it was taken
// before, nor are in it now.
func (s *Series) lost(ctx context.Context, was []*gitrepo.Commit, before map[string]*gitrepo.Commit) ([]*gitrepo.Commit, error) {
	now, err := s.byPatchID(ctx, s.Patches)
	if err != nil {
		return nil, err
	}
	ids, err := s.patchIDsOf(ctx, was)
	if err != nil {
		return nil, err
	}
	var lost []*gitrepo.Commit
	for i, id := range ids {
		if now[id] == nil && before[id] == nil {
			lost = append(lost, was[i])
		}
	}
	return lost, nil
}

func (s *Series) patchIDsOf(ctx context.Context, commits []*gitrepo.Commit) ([]string, error) {
	ids := make([]gitrepo.ID, len(commits))
	for i, c := range commits {
		ids[i] = c.ID
	}
	return s.repo.PatchIDs(ctx, ids)
}

func (s *Series) byPatchID(ctx context.Context, commits []*gitrepo.Commit) (map[string]*gitrepo.Commit, error) {
	ids, err := s.patchIDsOf(ctx, commits)
	by := map[string]*gitrepo.Commit{}
	for i, id := range ids {
		by[id] = commits[i]
	}
	return by, err
}

package series

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// A Custody says how trailers are put into commit messages: see
// [trailers.Merge].
type Custody struct {
	Own   trailers.Trailer // the user's sign-off, which stays the last
	Order []string         // of b4.trailer-order
}

// AddTrailers puts trailers into the messages of patches, by the ids that they
// have, and returns how many have become other ones. It is one operation, which
// makes commits again from the first that changes. Nothing changes where all
// trailers are there already. It returns what CheckRewritable does.
func (s *Series) AddTrailers(ctx context.Context, add map[gitrepo.ID][]trailers.Trailer, c Custody) (changed int, err error) {
	messages := c.messages(s.Patches, add)
	if len(messages) == 0 {
		return 0, nil
	}
	if err := s.CheckRewritable(ctx); err != nil {
		return 0, err
	}
	commits := s.Patches
	switch s.Storage {
	case CoverCommit:
		commits = append([]*gitrepo.Commit{s.Cover}, s.Patches...)
	case TipCommit:
		commits = append(slices.Clone(s.Patches), s.Cover)
	}
	chain, err := s.chain(ctx, commits, s.Base, messages)
	if err != nil {
		return 0, err
	}
	_, err = s.apply(ctx, layout{branch: s.Branch, chain: chain}, trailersReason)
	return len(messages), err
}

const trailersReason = "kprep: trailers"

// messages are those that become other ones.
func (c Custody) messages(patches []*gitrepo.Commit, add map[gitrepo.ID][]trailers.Trailer) map[gitrepo.ID]string {
	messages := map[gitrepo.ID]string{}
	for _, p := range patches {
		text := p.Text()
		if merged := trailers.Merge(text, c.Own, c.Order, add[p.ID]...); merged != text {
			messages[p.ID] = merged
		}
	}
	return messages
}

// A Reviewed is what [trailers.Collect] needs to know of a branch, and the
// commits that it is about.
type Reviewed struct {
	trailers.Branch
	Sent map[int][]gitrepo.ID // the patches of each revision, in order
}

// Reviewed reads what is known of the patches and their past: the sent tags, and
// the message-ids in the tracking data. A tag that does not lead to patches says
// nothing.
func (s *Series) Reviewed(ctx context.Context) (*Reviewed, error) {
	sent, err := s.Sent(ctx)
	if err != nil {
		return nil, err
	}
	return s.reviewed(ctx, sent)
}

// Reviewed is that of the series, which knows its sent tags already.
func (l Listed) Reviewed(ctx context.Context) (*Reviewed, error) { return l.reviewed(ctx, l.Sent) }

// Commits are its patches, as they are and as they were mailed.
func (l Listed) Commits() []gitrepo.ID {
	ids := l.patchIDs()
	for _, one := range l.Sent {
		for _, p := range l.sentPatches(one) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func (s *Series) reviewed(ctx context.Context, sent []Sent) (*Reviewed, error) {
	r := &Reviewed{Branch: trailers.Branch{ChangeID: s.Tracking.ChangeID, FirstIDs: map[int][]string{}}, Sent: map[int][]gitrepo.ID{}}
	for version, ids := range s.Tracking.History {
		if n, err := strconv.Atoi(strings.TrimPrefix(version, "v")); err == nil {
			r.FirstIDs[n] = ids
		}
	}
	commits := slices.Clone(s.Patches)
	for _, one := range sent {
		patches := s.sentPatches(one)
		r.Branch.Sent = append(r.Branch.Sent, trailers.Revision{Number: one.Revision, Patches: make([]trailers.Patch, len(patches))})
		for _, p := range patches {
			r.Sent[one.Revision] = append(r.Sent[one.Revision], p.ID)
		}
		commits = append(commits, patches...)
	}
	patches, err := reviewedPatches(ctx, s.repo, commits)
	if err != nil {
		return nil, err
	}
	r.Patches, patches = patches[:len(s.Patches)], patches[len(s.Patches):]
	for _, revision := range r.Branch.Sent {
		patches = patches[copy(revision.Patches, patches):]
	}
	r.IsMe, err = knowsMe(s.repo)
	return r, err
}

// sentPatches are the patches of a revision, nil where they cannot be read.
func (s *Series) sentPatches(one Sent) []*gitrepo.Commit {
	base, err := s.repo.Commit(string(one.Base)) // a tag may have it shortened
	if one.Base == "" || err != nil {
		return nil
	}
	patches, err := commitsSince(s.repo, string(one.Tip), base.ID)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(patches, isCover) // QUIRK: see patchTexts
}

// reviewedPatches are commits as trailers.Collect knows them.
func reviewedPatches(ctx context.Context, repo *gitrepo.Repo, commits []*gitrepo.Commit) ([]trailers.Patch, error) {
	ids := make([]gitrepo.ID, len(commits))
	for i, c := range commits {
		ids[i] = c.ID
	}
	patchIDs, err := repo.PatchIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	patches := make([]trailers.Patch, len(commits))
	for i, c := range commits {
		text := c.Text()
		subject, _ := gitrepo.SplitMessage(text)
		_, title := patchmail.LiftBrackets(subject)
		if title == "" {
			title = subject
		}
		patches[i] = trailers.Patch{Title: title, PatchID: patchIDs[i], Message: text}
	}
	return patches, nil
}

// knowsMe tells the user's mailboxes from others: those of the commits, and of
// the mail.
func knowsMe(repo *gitrepo.Repo) (func(mailbox string) bool, error) {
	config, err := repo.Config()
	if err != nil {
		return nil, err
	}
	mine := map[string]bool{}
	for _, text := range append(config.All("sendemail.from"), config.All("user.email")...) {
		if a, err := patchmail.ParseAddress(text); err == nil {
			mine[a.Key()] = true
		}
	}
	return func(mailbox string) bool {
		isMe, err := repo.IsMe(gitrepo.Ident{Email: mailbox})
		return err == nil && isMe || mine[patchmail.Address{Mailbox: mailbox}.Key()]
	}, nil
}

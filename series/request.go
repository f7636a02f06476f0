package series

import (
	"context"
	"fmt"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/patchmail"
)

// A Pull is a pull request of which a series is made: its commits are in the
// repository, whoever committed them.
type Pull struct {
	Request
	Base   gitrepo.ID // the commit below the first patch
	Fixups bool       // take commits that are to be squashed, too
	Text   string     // of the cover letter; "" for the one of every new series
	To, Cc []patchmail.Address
}

// A FixupError reports commits that are to be squashed before anybody sees
// them.
type FixupError struct{ Commits []*gitrepo.Commit }

func (e *FixupError) Error() string {
	var b strings.Builder
	b.WriteString("the pull request has commits that are to be squashed:")
	for _, c := range e.Commits {
		fmt.Fprintf(&b, "\n%s %s", c.ID.Short(), c.Subject())
	}
	return b.String()
}

// A PullError reports a pull request that has no patches.
type PullError struct{ Head, Base gitrepo.ID }

func (e *PullError) Error() string {
	return fmt.Sprintf("the pull request has no commits: its head %s is in %s already", e.Head.Short(), e.Base.Short())
}

// OfRequest returns the series here that was made of the pull request at url, nil when
// there is none.
func OfRequest(ctx context.Context, repo *gitrepo.Repo, url string) (*Series, error) {
	all, err := List(ctx, repo, func(error) {})
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if state, err := s.State(); err == nil && state.Request != nil && state.Request.URL == url {
			return Load(ctx, repo, s.Branch)
		}
	}
	return nil, nil
}

// StartOf makes a branch of a pull request and checks it out: its commits, now
// in the user's name as committer, below the cover letter that p has. The work
// tree must be clean. It returns a *FixupError, a *MergeError or a *PullError; on
// any failure nothing has changed.
func StartOf(ctx context.Context, repo *gitrepo.Repo, o Origin, p Pull) (*Series, error) {
	slug := coverletter.Slug(o.Name)
	if slug == "" {
		return nil, &NameError{Name: o.Name}
	}
	if err := repo.CheckIdleHere(); err != nil {
		return nil, err
	}
	if err := repo.CheckClean(ctx); err != nil {
		return nil, err
	}
	s, err := newborn(ctx, repo, "refs/heads/"+o.BranchPrefix+slug, slug, o)
	if err != nil {
		return nil, err
	}
	if err := s.take(ctx, p, nil); err != nil {
		return nil, err
	}
	if err := s.nameBase(ctx, o); err != nil {
		return nil, err
	}
	if p.Text != "" {
		s.Text = p.Text
	}
	s.Text = coverletter.AddRecipients(s.Text, p.To, p.Cc)
	if err := checkText(s.Text); err != nil {
		return nil, err
	}
	blob, _, err := s.remember(func(st *State) { st.Request = &p.Request })
	if err != nil {
		return nil, err
	}
	if err := s.born(ctx, "kprep: series from pull request "+slug, oplog.Plan{Blobs: []oplog.Blob{blob}}, false); err != nil {
		return nil, err
	}
	repo.Head = gitrepo.Head{Branch: s.Branch}
	return Load(ctx, repo, s.Branch)
}

// take makes the commits of a pull request the patches of the series. They are
// written, and nothing leads to them yet. Words, unless it is nil, says what message a
// commit gets that has this patch-id, "" for its own.
func (s *Series) take(ctx context.Context, p Pull, words func(patchID string, c *gitrepo.Commit) string) error {
	commits, err := commitsSince(s.repo, p.Head, p.Base)
	if err != nil {
		return err
	}
	switch {
	case len(commits) == 0:
		return &PullError{Head: gitrepo.ID(p.Head), Base: p.Base}
	case len(commits) > maxEnrolled:
		return &TooManyError{Branch: p.Head, Base: string(p.Base), Count: len(commits)}
	}
	if err := checkPulled(commits, p.Fixups); err != nil {
		return err
	}
	messages := map[gitrepo.ID]string{}
	restamp := map[gitrepo.ID]bool{}
	ids, err := s.patchIDsOf(ctx, commits)
	if err != nil {
		return err
	}
	for i, c := range commits {
		restamp[c.ID] = true
		if words == nil {
			continue
		}
		if message := words(ids[i], c); message != "" {
			messages[c.ID] = message
		}
	}
	me, err := s.repo.Committer()
	if err != nil {
		return err
	}
	chain, err := s.repo.Chain(ctx, commits, p.Base, messages, gitrepo.ChainOptions{Committer: me, Others: true, Restamp: restamp})
	if err != nil {
		return err
	}
	if err := s.repo.WriteObjects(ctx, chain.Objects...); err != nil {
		return err
	}
	s.Patches, s.Base, s.Tip = nil, p.Base, chain.Tip
	for _, c := range commits {
		again, err := s.repo.Commit(string(chain.New[c.ID]))
		if err != nil {
			return err
		}
		s.Patches = append(s.Patches, again)
	}
	return nil
}

// checkPulled refuses what must not become a patch.
func checkPulled(commits []*gitrepo.Commit, fixups bool) error {
	var squash []*gitrepo.Commit
	for _, c := range commits {
		if coverletter.HasMarker(c.Message) {
			return fmt.Errorf("the commit %s %q holds the line %q, which only a cover letter may", c.ID.Short(), c.Subject(), coverletter.Marker)
		}
		for _, mark := range []string{"fixup! ", "squash! ", "amend! "} {
			if strings.HasPrefix(c.Subject(), mark) {
				squash = append(squash, c)
			}
		}
	}
	if len(squash) > 0 && !fixups {
		return &FixupError{Commits: squash}
	}
	return nil
}

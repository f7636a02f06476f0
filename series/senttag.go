package series

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// A LostPatchesError reports that neither the sent tag that was prepared for a
// revision nor the commits to make it of are in the repository any more. The
// branch is the next revision all the same.
type LostPatchesError struct {
	Tag      string
	Revision int // that was sent
}

func (e *LostPatchesError) Error() string {
	return fmt.Sprintf("v%d cannot have its tag %q: git gc took the commits that were sent", e.Revision, e.Tag)
}

// findTag has the updates of the sent tag lead to an object that is there: the
// prepared one, the one that [Reroll.Begin] kept, or one made again of what the
// branch was, which is to be written. It returns a *LostPatchesError, and no
// update is left, when there is none.
func (r *Reroll) findTag(ctx context.Context, repo *gitrepo.Repo) ([]gitrepo.Object, error) {
	i := slices.IndexFunc(r.Updates, func(u gitrepo.RefUpdate) bool { return strings.HasPrefix(u.Name, "refs/tags/") })
	if i < 0 {
		return nil, nil
	}
	if there, err := isThere(repo, r.Updates[i].New); err != nil || there {
		return nil, err
	}
	// It may be in its place already, from a try that a crash cut off.
	for _, name := range []string{r.Updates[i].Name, begunRef(r.ChangeID, r.Revision-1)} {
		id, err := repo.Ref(ctx, name)
		if err != nil {
			return nil, err
		}
		if id != "" {
			r.retag(id)
			return nil, nil
		}
	}
	objects, id, err := r.remakeTag(ctx, repo)
	if errors.As(err, new(*gitrepo.MissingError)) {
		r.retag("")
		err = &LostPatchesError{Tag: r.Tag, Revision: r.Revision - 1}
	} else if err == nil {
		r.retag(id)
	}
	return objects, err
}

// retag has all names of the sent tag lead to id, or to nothing.
func (r *Reroll) retag(id gitrepo.ID) {
	r.Updates = slices.Clone(r.Updates)
	r.Updates = slices.DeleteFunc(r.Updates, func(u gitrepo.RefUpdate) bool { return id == "" && strings.HasPrefix(u.Name, "refs/tags/") })
	for i, u := range r.Updates {
		if strings.HasPrefix(u.Name, "refs/tags/") {
			r.Updates[i].New = id
		}
	}
}

// remakeTag makes the sent tag of the patches that the branch was made of when
// the send began. It returns a *gitrepo.MissingError when they are gone.
func (r *Reroll) remakeTag(ctx context.Context, repo *gitrepo.Repo) ([]gitrepo.Object, gitrepo.ID, error) {
	me, err := repo.Committer()
	if err != nil {
		return nil, "", err
	}
	sent := gitrepo.Chain{Tip: r.Sent}
	if there, err := isThere(repo, r.Sent); err != nil {
		return nil, "", err
	} else if !there {
		if sent, err = r.sentAgain(ctx, repo); err != nil {
			return nil, "", err
		}
	}
	tag, err := repo.NewTag(ctx, r.Tag, sent.Tip, me, coverletter.TagText(r.Mailed.Prefixes, r.Mailed.Subject, r.Mailed.Text))
	return append(sent.Objects, tag), tag.ID, err
}

// sentAgain makes the commits that the sent tag leads to, of the branch as it
// was when the send began.
func (r *Reroll) sentAgain(ctx context.Context, repo *gitrepo.Repo) (gitrepo.Chain, error) {
	i := slices.IndexFunc(r.Updates, func(u gitrepo.RefUpdate) bool { return u.Name == r.Branch })
	if i < 0 { // the branch itself was what was sent
		return gitrepo.Chain{}, &gitrepo.MissingError{Name: string(r.Sent)}
	}
	was := string(r.Updates[i].Old)
	if _, err := repo.Commit(was); err != nil {
		return gitrepo.Chain{}, err
	}
	s, err := read(ctx, newFinder(repo), r.Branch, was)
	if err == nil && s == nil {
		err = &gitrepo.MissingError{Name: was}
	}
	if err != nil {
		return gitrepo.Chain{}, err
	}
	return s.chain(ctx, s.Patches, s.Base, nil)
}

func isThere(repo *gitrepo.Repo, id gitrepo.ID) (bool, error) {
	if id == "" {
		return false, nil
	}
	_, err := repo.Read(string(id))
	if errors.As(err, new(*gitrepo.MissingError)) {
		return false, nil
	}
	return err == nil, err
}

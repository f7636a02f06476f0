package series

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kprep/kprep/gitrepo"
)

// A Begun is what a ref remembers of a send from before its first connection
// until its end: that mail of a revision may have left. It is there for the day
// on which the journal is not.
type Begun struct {
	Revision int
	Tag      gitrepo.ID // the sent tag that was prepared
	When     time.Time  // of the tag's making
}

func begunRef(changeID string, revision int) string {
	return fmt.Sprintf("refs/kprep/begun/%s-v%d", changeID, revision)
}

// Begin remembers that mail of the revision is about to leave. It may be called
// again.
func (r *Reroll) Begin(ctx context.Context, repo *gitrepo.Repo) error {
	name := begunRef(r.ChangeID, r.Revision-1)
	got, err := repo.Ref(ctx, name)
	if err != nil {
		return err
	}
	objects, err := r.findTag(ctx, repo)
	if errors.As(err, new(*LostPatchesError)) {
		return nil // FinishReroll says so
	}
	if err == nil && len(objects) > 0 {
		err = repo.WriteObjects(ctx, objects...)
	}
	if err != nil {
		return err
	}
	for _, u := range r.Updates {
		if u.Name == "refs/tags/"+r.Tag && u.New != got {
			return repo.UpdateRefs(ctx, fmt.Sprintf("kprep: send v%d", r.Revision-1), gitrepo.RefUpdate{Name: name, New: u.New, Old: got})
		}
	}
	return nil
}

// FindBegun returns what is remembered of a revision whose mail began to leave;
// nil when nothing is, or when the sent tag tells that its send is over.
func FindBegun(ctx context.Context, repo *gitrepo.Repo, changeID string, revision int) (*Begun, error) {
	name := begunRef(changeID, revision)
	tag := "refs/tags/" + sentTag(changeID, revision)
	refs, err := repo.Refs(ctx, name, tag)
	if err != nil {
		return nil, err
	}
	var begun *Begun
	for _, ref := range refs {
		switch ref.Name {
		case name:
			begun = &Begun{Revision: revision, Tag: ref.Object, When: ref.When}
		case tag:
			return nil, nil
		}
	}
	return begun, nil
}

// ForgetBegun forgets that mail of the revision began to leave, once that is on
// record elsewhere, or known not to have happened.
func ForgetBegun(ctx context.Context, repo *gitrepo.Repo, changeID string, revision int) error {
	name := begunRef(changeID, revision)
	got, err := repo.Ref(ctx, name)
	if err != nil || got == "" {
		return err
	}
	return repo.UpdateRefs(ctx, fmt.Sprintf("kprep: v%d is over", revision), gitrepo.RefUpdate{Name: name, Old: got})
}

// Reroll is what follows a send of which no plan is left: the tag that was
// prepared for it marks the revision, and the branch s, as it is now, becomes
// the next one.
func (b *Begun) Reroll(s *Series, m Mailed) *Reroll {
	r := &Reroll{Tag: sentTag(s.Tracking.ChangeID, b.Revision), Revision: b.Revision + 1, Branch: s.Branch,
		ChangeID: s.Tracking.ChangeID, Mailed: m}
	r.Updates = []gitrepo.RefUpdate{{Name: "refs/tags/" + r.Tag, New: b.Tag}}
	return r
}

// HasSentTag says whether a revision has its sent tag.
func HasSentTag(ctx context.Context, repo *gitrepo.Repo, changeID string, revision int) (bool, error) {
	id, err := repo.Ref(ctx, "refs/tags/"+sentTag(changeID, revision))
	return id != "", err
}

package series

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A Newer is a prerequisite series that has moved on since this one was put on
// it.
type Newer struct {
	ChangeID string
	Was, Now int        // revisions
	Where    string     // "branch b4/x" or "tag sent/…-v2"
	Branch   string     // short name of the branch; "" for a tag
	Onto     gitrepo.ID // its last patch
	Line     int        // index into the tracking data's prerequisites
}

// A StackError reports a stack that restack cannot work out.
type StackError struct{ Reason string }

func (e *StackError) Error() string { return e.Reason }

// Newer looks at the prerequisites that are named by change-id and returns
// those that are somewhere else than below this series now: on a branch of the
// user's, or where there is none in the newest sent tag.
func (s *Series) Newer(ctx context.Context) ([]Newer, error) {
	var all []Newer
	for i, line := range s.Tracking.Prerequisites {
		id, revision, ok := changePrerequisite(line)
		if !ok {
			continue
		}
		n, err := s.whereIs(ctx, id, revision)
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue
		}
		below, err := s.repo.Ancestor(ctx, n.Onto, s.Base)
		if err != nil {
			return nil, err
		}
		if !below {
			n.Line = i
			all = append(all, *n)
		}
	}
	return all, nil
}

// changePrerequisite reads "change-id: ID:vN"; false for every other line.
func changePrerequisite(line string) (id string, revision int, ok bool) {
	p, err := ParsePrerequisite(line)
	if err != nil || p.Kind != NeedsSeries {
		return "", 0, false
	}
	id, revision, err = p.Series()
	return id, revision, err == nil
}

// whereIs finds a series by its change-id; nil when it is not here.
func (s *Series) whereIs(ctx context.Context, id string, revision int) (*Newer, error) {
	all, err := List(ctx, s.repo, func(error) {})
	if err != nil {
		return nil, err
	}
	var found *Series
	for _, other := range all {
		if other.Branch == s.Branch || other.Tracking.ChangeID != id {
			continue
		}
		if found != nil {
			return nil, &StackError{fmt.Sprintf("the series %s is on two branches, %q and %q: say which with 'kprep rebase'", id, found.Name(), other.Name())}
		}
		found = other
	}
	if found != nil {
		return &Newer{ChangeID: id, Was: revision, Now: found.Tracking.Revision, Where: "branch " + found.Name(),
			Branch: found.Name(), Onto: found.End()}, nil
	}
	refs, err := s.repo.Refs(ctx, "refs/tags/sent/")
	if err != nil {
		return nil, err
	}
	var newest *Newer
	for _, ref := range refs {
		n, err := strconv.Atoi(strings.TrimPrefix(ref.Name, "refs/tags/"+"sent/"+id+"-v"))
		if err == nil && n >= revision && (newest == nil || n > newest.Now) {
			newest = &Newer{ChangeID: id, Was: revision, Now: n, Where: "tag " + strings.TrimPrefix(ref.Name, "refs/tags/"), Onto: ref.Peeled}
		}
	}
	return newest, nil
}

// Restack moves the patches onto the newer state of the series that they
// depend on, as Rebase does, and records its revision. Without anything newer
// it returns a nil Newer. It returns what Newer and Rebase return, and a
// *StackError when more than one prerequisite has moved.
func (s *Series) Restack(ctx context.Context, o RebaseOptions) (*Rebased, *Newer, error) {
	if len(s.Tracking.Prerequisites) == 0 {
		return nil, nil, &StackError{"this series names no series that it depends on"}
	}
	newer, err := s.Newer(ctx)
	if err != nil || len(newer) == 0 {
		return nil, nil, err
	}
	if len(newer) > 1 {
		return nil, nil, &StackError{fmt.Sprintf("%d of the series that this one depends on have moved: say where to with 'kprep rebase'", len(newer))}
	}
	n := newer[0]
	o.Onto = string(n.Onto)
	if o.BaseBranch == "" {
		o.BaseBranch = n.Branch
	}
	o.prerequisites = append([]string{}, s.Tracking.Prerequisites...)
	o.prerequisites[n.Line] = fmt.Sprintf("change-id: %s:v%d", n.ChangeID, n.Now)
	done, err := s.Rebase(ctx, o)
	return done, &n, err
}

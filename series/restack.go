package series

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A Newer is a prerequisite series that has moved on since this one was put on
// it.
type Newer struct {
	ChangeID string
	Was, Now int        // revisions
	Where    string     // "branch b4/x", "tag sent/…-v2" or "mail in …"
	Branch   string     // short name of the branch; "" for a tag and for mail
	Onto     gitrepo.ID // its last patch; "" for mail
	Line     int        // index into the tracking data's prerequisites

	posted *Posted // in mail alone
}

// line is the prerequisite to record, of the kind that it was.
func (n Newer) line(was Prerequisite) string {
	if was.Kind == NeedsThread {
		return fmt.Sprintf("message-id: <%s>", n.posted.IDs[0])
	}
	return fmt.Sprintf("change-id: %s:v%d", n.ChangeID, n.Now)
}

// A StackError reports a stack that restack cannot work out.
type StackError struct{ Reason string }

func (e *StackError) Error() string { return e.Reason }

// Newer looks at the prerequisites that are named by change-id and returns
// those that are somewhere else than below this series now: on a branch of the
// user's, or where there is none in the newest sent tag, or in mail when the
// revision there is newer than both. Of those that are named by message-id it
// looks at mail alone. It returns a *StackError.
func (s *Series) Newer(ctx context.Context, mail Archives) ([]Newer, error) {
	var all []Newer
	for i, line := range s.Tracking.Prerequisites {
		p, err := ParsePrerequisite(line)
		if err != nil {
			continue
		}
		var n *Newer
		switch p.Kind {
		case NeedsSeries:
			n, err = s.newerSeries(ctx, line, mail)
		case NeedsThread:
			if posted := mail.thread(strings.Trim(p.Value, "<>")); posted != nil {
				n = newerInMail(mail, posted.ChangeID, posted.Revision, posted.Revision+1)
			}
		}
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue
		}
		below, err := s.isBelow(ctx, n)
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

func (s *Series) newerSeries(ctx context.Context, line string, mail Archives) (*Newer, error) {
	id, revision, ok := changePrerequisite(line)
	if !ok {
		return nil, nil
	}
	n, err := s.whereIs(ctx, id, revision)
	if err != nil {
		return nil, err
	}
	least := revision
	if n != nil {
		least = n.Now + 1
	}
	if posted := newerInMail(mail, id, revision, least); posted != nil {
		return posted, nil
	}
	return n, nil
}

// newerInMail is the newest revision in mail, nil when that is below the least
// one.
func newerInMail(mail Archives, id string, was, least int) *Newer {
	posted := mail.newest(id)
	if posted == nil || posted.Revision < least {
		return nil
	}
	where := fmt.Sprintf("mail from %s in %s", posted.From, posted.Where)
	return &Newer{ChangeID: id, Was: was, Now: posted.Revision, Where: where, posted: posted}
}

// isBelow says whether the series stands on it already. What is in mail is
// known by its patch-ids; what cannot be used is never below.
func (s *Series) isBelow(ctx context.Context, n *Newer) (bool, error) {
	if n.posted == nil {
		return s.repo.Ancestor(ctx, n.Onto, s.Base)
	}
	_, ids, err := n.posted.patches(ctx, s.repo)
	if errors.As(err, new(*PostedError)) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	below, err := s.repo.LocalOnly(ctx, s.Base, "sent/", maxNeeded)
	if err != nil {
		return false, err
	}
	if base, err := s.repo.Commit(n.posted.Base + "^{commit}"); err == nil && n.posted.Base != "" {
		since, err := s.repo.Between(ctx, base.ID, s.Base, maxNeeded)
		if err != nil {
			return false, err
		}
		below = append(below, since...)
	}
	there, err := s.repo.PatchIDs(ctx, below)
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		if !slices.Contains(there, id) {
			return false, nil
		}
	}
	return true, nil
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
// depend on, as Rebase does, and records its revision. One that is in mail
// alone is applied to its base commit first; its patches are below the series
// then, and no part of it. Without anything newer Restack returns a nil Newer.
// It returns what Newer and Rebase return, a *StackError when more than one
// prerequisite has moved, and a *PostedError when what is in mail cannot be
// used: then nothing is changed.
func (s *Series) Restack(ctx context.Context, mail Archives, o RebaseOptions) (*Rebased, *Newer, error) {
	if len(s.Tracking.Prerequisites) == 0 {
		return nil, nil, &StackError{"this series names no series that it depends on"}
	}
	newer, err := s.Newer(ctx, mail)
	if err != nil || len(newer) == 0 {
		return nil, nil, err
	}
	if len(newer) > 1 {
		return nil, nil, &StackError{fmt.Sprintf("%d of the series that this one depends on have moved: say where to with 'kprep rebase'", len(newer))}
	}
	n := newer[0]
	o.prerequisites = append([]string{}, s.Tracking.Prerequisites...)
	o.prerequisites[n.Line] = n.line(s.Prerequisites()[n.Line])
	if n.posted != nil {
		if _, err := ParsePrerequisite(o.prerequisites[n.Line]); err != nil {
			return nil, nil, err // a message-id that a stranger chose
		}
		if err := s.checkRebase(ctx, o); err != nil {
			return nil, nil, err
		}
		ids, err := s.applyPosted(ctx, &n)
		if err != nil {
			return nil, nil, err
		}
		o.known = []KnownDep{{Line: o.prerequisites[n.Line], PatchIDs: ids}}
	}
	o.Onto = string(n.Onto)
	if o.BaseBranch == "" {
		o.BaseBranch = n.Branch
	}
	done, err := s.Rebase(ctx, o)
	return done, &n, err
}

// applyPosted makes commits of a series in mail, on the base commit that it
// names, and returns the patch-ids.
func (s *Series) applyPosted(ctx context.Context, n *Newer) ([]string, error) {
	cannot := func(format string, args ...any) ([]string, error) {
		return nil, &PostedError{n.posted, fmt.Sprintf(format, args...)}
	}
	patches, ids, err := n.posted.patches(ctx, s.repo)
	if err != nil {
		return nil, err
	}
	switch {
	case s.Storage != CoverCommit:
		return cannot("with the storage %s, what is on no base branch would count as a patch of this series", s.Storage)
	case len(n.posted.Needs) > 0:
		return cannot("it depends on others itself, on %q", n.posted.Needs[0])
	case n.posted.Base == "":
		return cannot("it names no base commit to apply it to")
	}
	base, err := s.repo.Commit(n.posted.Base + "^{commit}")
	if errors.As(err, new(*gitrepo.MissingError)) || errors.As(err, new(*gitrepo.NotCommitError)) {
		return cannot("its base commit %s is not in this repository", n.posted.Base)
	}
	if err != nil {
		return nil, err
	}
	commits, err := s.repo.ApplyMail(ctx, base.ID, patches)
	if failed := (*gitrepo.MailApplyError)(nil); errors.As(err, &failed) {
		return cannot("patch %d of %d, %q, does not apply to %s: %s", failed.Number, len(patches), failed.Subject, base.ID.Short(), failed.Reason)
	}
	if err != nil {
		return nil, err
	}
	n.Onto = commits[len(commits)-1]
	return ids, nil
}

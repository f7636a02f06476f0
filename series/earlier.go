package series

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
)

// An Earlier is a revision that was mailed before its branch became a series.
type Earlier struct {
	Revision int
	Ref      string // a tag, branch or commit, or a range BASE..TIP
	FirstID  string // message-id of the first message; "" when nobody knows it
}

// An EarlierError reports an earlier revision that cannot be recorded.
type EarlierError struct {
	Earlier
	Err error
}

func (e *EarlierError) Error() string {
	return fmt.Sprintf("v%d from %q: %v", e.Revision, e.Ref, e.Err)
}
func (e *EarlierError) Unwrap() error { return e.Err }

// errOnBase means that a ref has nothing of its own.
var errOnBase = errors.New("it has no commits of its own above the base; give the range BASE..TIP")

// recordEarlier makes the sent tags of the revisions that were mailed already,
// in b4's form, and makes the series the next one above them. base is what the
// branch is based on, which tells where a ref without a range begins.
func (s *Series) recordEarlier(ctx context.Context, o Origin, base gitrepo.ID) (tags []gitrepo.Object, refs []gitrepo.RefUpdate, err error) {
	earlier := slices.Clone(o.Sent)
	slices.SortStableFunc(earlier, func(a, b Earlier) int { return a.Revision - b.Revision })
	for i, e := range earlier {
		if i > 0 && earlier[i-1].Revision == e.Revision {
			return nil, nil, &EarlierError{e, fmt.Errorf("that revision is %q already", earlier[i-1].Ref)}
		}
		tag, err := s.tagEarlier(ctx, e, o.Name, base)
		if err != nil {
			return nil, nil, &EarlierError{e, err}
		}
		tags = append(tags, tag)
		refs = append(refs, gitrepo.RefUpdate{Name: "refs/tags/" + sentTag(s.Tracking.ChangeID, e.Revision), New: tag.ID})
		s.Tracking.Revision = e.Revision
		s.Tracking, s.Text = s.nextRevision(Mailed{FirstID: e.FirstID, LinkMask: o.LinkMask})
	}
	return tags, refs, nil
}

// tagEarlier makes the tag of one revision. The commits stay what they are:
// there is no cover-letter commit below them.
func (s *Series) tagEarlier(ctx context.Context, e Earlier, name string, onto gitrepo.ID) (gitrepo.Object, error) {
	base, tip, err := s.earlierRange(ctx, e.Ref, onto)
	if err != nil {
		return gitrepo.Object{}, err
	}
	patches, err := commitsSince(s.repo, string(tip), base)
	if err != nil {
		return gitrepo.Object{}, err
	}
	if len(patches) == 0 {
		return gitrepo.Object{}, errOnBase
	}
	for _, p := range patches {
		if coverletter.HasMarker(p.Message) {
			return gitrepo.Object{}, fmt.Errorf("commit %s is a cover letter: that is a series of its own", p.ID.Short())
		}
	}
	stat, err := s.repo.DiffStat(ctx, base, tip)
	if err != nil {
		return gitrepo.Object{}, err
	}
	title, text := s.earlierCover(e.Ref, name, patches)
	me, err := s.repo.Committer()
	if err != nil {
		return gitrepo.Object{}, err
	}
	body := coverletter.Fill(coverletter.DefaultTemplate, coverletter.Parts{Cover: text, Shortlog: shortlog(patches), Diffstat: stat,
		BaseCommit: string(base), ChangeID: s.Tracking.ChangeID})
	return s.repo.NewTag(ctx, sentTag(s.Tracking.ChangeID, e.Revision), tip, me, coverletter.TagText(nil, title, body))
}

// earlierRange resolves what was mailed. The base of a ref alone is where it
// left what the series is based on.
func (s *Series) earlierRange(ctx context.Context, ref string, onto gitrepo.ID) (base, tip gitrepo.ID, err error) {
	from, to, isRange := strings.Cut(ref, "..")
	if !isRange {
		to = ref
	}
	if strings.HasPrefix(to, ".") || to == "" || isRange && from == "" {
		return "", "", errors.New("a range is BASE..TIP")
	}
	resolve := func(rev string) (gitrepo.ID, error) {
		c, err := s.repo.Commit(rev + "^{commit}")
		if err != nil {
			return "", fmt.Errorf("%q names no commit of this repository", rev)
		}
		return c.ID, nil
	}
	if tip, err = resolve(to); err != nil {
		return "", "", err
	}
	if isRange {
		if base, err = resolve(from); err != nil {
			return "", "", err
		}
	} else {
		base = onto
	}
	common, err := s.repo.MergeBase(ctx, base, tip)
	switch {
	case err != nil:
		return "", "", err
	case common == "":
		return "", "", errors.New("it has no commit in common with the base of the series")
	case isRange && common != base:
		return "", "", fmt.Errorf("%q is not an ancestor of %q", from, to)
	}
	return common, tip, nil
}

// earlierCover is what is known of the cover letter that was mailed: the text
// of an annotated tag, or the title of the only patch, or nothing but a name.
func (s *Series) earlierCover(ref, name string, patches []*gitrepo.Commit) (title, text string) {
	if _, to, isRange := strings.Cut(ref, ".."); isRange {
		ref = to
	}
	if obj, err := s.repo.Read(ref); err == nil && obj.Kind == "tag" {
		_, message, _ := strings.Cut(string(obj.Data), "\n\n")
		message, _, _ = strings.Cut("\n"+message, "\n-----BEGIN ") // a signature
		if title, text = gitrepo.SplitMessage(strings.TrimLeft(message, "\n")); title != "" {
			_, title = patchmail.LiftBrackets(title)
			return title, text
		}
	}
	if len(patches) == 1 {
		_, title = patchmail.LiftBrackets(patches[0].Subject())
		return title, ""
	}
	return name, ""
}

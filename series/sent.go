package series

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// A Sent is one revision that was mailed, as its annotated tag records it.
type Sent struct {
	Revision int
	Tag      string     // short name, "sent/…-vN"
	Object   gitrepo.ID // the tag object
	Tip      gitrepo.ID // the last patch as sent; no cover commit is below it
	Base     gitrepo.ID // from the tag's base-commit line; "" when it has none
	When     time.Time
	FirstID  string // message-id of the first message, without brackets; "" when unknown
}

// sentTag is the name of the tag of one revision: by change-id, as b4 names
// it today, or by branch name.
func sentTag(stem string, revision int) string {
	return fmt.Sprintf("sent/%s-v%d", stem, revision)
}

// sentTags are the short names of the tag of one revision: compatTags adds the
// one by branch name that b4 0.12 looks for.
func (s *Series) sentTags(revision int, compatTags bool) []string {
	names := []string{sentTag(s.Tracking.ChangeID, revision)}
	if compatTags {
		names = append(names, sentTag(s.Slug(), revision))
	}
	return names
}

// Sent lists the revisions that were mailed, oldest first. Tags by change-id
// count before those by branch name, which b4 0.12 writes.
func (s *Series) Sent(ctx context.Context) ([]Sent, error) {
	refs, err := s.repo.Refs(ctx, "refs/tags/sent/")
	if err != nil {
		return nil, err
	}
	return s.sentAmong(refs)
}

// sentAmong picks the tags of this series out of all sent tags.
func (s *Series) sentAmong(refs []gitrepo.Ref) ([]Sent, error) {
	byRevision := map[int]Sent{}
	for _, stem := range []string{s.Slug(), s.Tracking.ChangeID} {
		for _, ref := range refs {
			rest, ok := strings.CutPrefix(ref.Name, "refs/tags/sent/"+stem+"-v")
			if !ok {
				continue
			}
			n, err := strconv.Atoi(rest)
			if err != nil || n < 1 || strconv.Itoa(n) != rest {
				continue
			}
			sent, err := s.readSent(ref, n)
			if err != nil {
				return nil, err
			}
			if sent != nil {
				byRevision[n] = *sent
			}
		}
	}
	var all []Sent
	for _, sent := range byRevision {
		all = append(all, sent)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Revision < all[j].Revision })
	return all, nil
}

// readSent returns nil for a tag of another series of the same name.
func (s *Series) readSent(ref gitrepo.Ref, revision int) (*Sent, error) {
	obj, err := s.repo.Read(string(ref.Object))
	if err != nil {
		return nil, err
	}
	_, text, _ := strings.Cut(string(obj.Data), "\n\n")
	base, changeID := coverletter.ParseTag(text)
	if changeID != "" && changeID != s.Tracking.ChangeID {
		return nil, nil
	}
	sent := &Sent{Revision: revision, Tag: strings.TrimPrefix(ref.Name, "refs/tags/"), Object: ref.Object,
		Tip: ref.Peeled, Base: gitrepo.ID(base), When: ref.When}
	if ids := s.Tracking.History[fmt.Sprintf("v%d", revision)]; len(ids) > 0 {
		sent.FirstID = ids[0]
	}
	return sent, nil
}

// lastSent finds the newest sent tag of a series whose tracking data cannot be
// read: by the change-id where one can still be made out, else by the branch.
func lastSent(ctx context.Context, repo *gitrepo.Repo, branch, message string) string {
	refs, err := repo.Refs(ctx, "refs/tags/sent/")
	if err != nil {
		return "" // a way out of another error, no error of its own
	}
	slug := regexp.QuoteMeta(slugOf(repo, branch))
	patterns := []string{slug, `[0-9]{8}-` + slug + `-[0-9a-f]+`}
	if m := regexp.MustCompile(`"change-id"\s*:\s*"([^"]+)"`).FindStringSubmatch(message); m != nil {
		patterns = append(patterns, regexp.QuoteMeta(m[1]))
	}
	last, highest := "", 0
	for _, pattern := range slices.Backward(patterns) {
		tag := regexp.MustCompile(`^refs/tags/(sent/` + pattern + `-v([0-9]+))$`)
		for _, ref := range refs {
			if m := tag.FindStringSubmatch(ref.Name); m != nil {
				if n, err := strconv.Atoi(m[2]); err == nil && n > highest {
					last, highest = m[1], n
				}
			}
		}
		if last != "" {
			break
		}
	}
	return last
}

// A NotSentError reports a revision without a sent tag.
type NotSentError struct {
	Revision int // 0 for "none at all"
	Before   int // with Revision 0: none before this one
}

func (e *NotSentError) Error() string {
	if e.Revision == 0 && e.Before > 0 {
		return fmt.Sprintf("no revision before v%d of this series was sent from this repository", e.Before)
	}
	if e.Revision == 0 {
		return "no revision of this series was sent from this repository"
	}
	return fmt.Sprintf("revision v%d of this series was not sent from this repository", e.Revision)
}

// SentRevision returns one revision, the last one for 0. It returns a
// *NotSentError when there is no tag of it.
func (s *Series) SentRevision(ctx context.Context, revision int) (Sent, error) {
	all, err := s.Sent(ctx)
	if err != nil {
		return Sent{}, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if revision == 0 || all[i].Revision == revision {
			return all[i], nil
		}
	}
	return Sent{}, &NotSentError{Revision: revision}
}

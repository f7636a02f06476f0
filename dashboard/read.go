package dashboard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/landing"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
	"github.com/kprep/kprep/trailers"
)

// A reader finds out about the series of one repository.
type reader struct {
	repo    *gitrepo.Repo
	home    string
	view    *view
	config  string // a hash of the configuration
	looking func(done, more int)
	past    *landing.History

	mu     sync.Mutex
	broken func(error) // under mu
	bases  map[string]func() (Base, error)
}

func newReader(repo *gitrepo.Repo, o Options) *reader {
	return &reader{repo: repo, home: o.Home, broken: o.Broken, looking: o.Looking, past: landing.NewHistory(repo), bases: map[string]func() (Base, error){}}
}

// read finds out how far a series is. What cannot be found out is in its Trouble.
func (r *reader) read(ctx context.Context, s series.Listed) (*Standing, error) {
	out := r.outline(s)
	note := func(about string, err error) {
		if err != nil {
			out.Trouble = append(out.Trouble, fmt.Sprintf("%s: %v", about, err))
		}
	}
	found, err := r.past.Search(ctx, s, r.view.branches(s))
	note("applied patches", err)
	note("replies", r.readReplies(out, s, found))
	note("checks of Patchwork", r.readPatchwork(out, s, found))
	note("sends", r.readSends(ctx, out, s))
	note("what is to be done", r.readNeeds(ctx, out, s))
	note("base", r.readBase(ctx, out, s))
	note("copies", r.readAhead(ctx, out, s))
	return out, ctx.Err()
}

// outline is what the series itself says.
func (r *reader) outline(s series.Listed) *Standing {
	out := &Standing{Branch: s.Name(), Current: s.Branch == r.repo.Head.Branch, ChangeID: s.Tracking.ChangeID, Revision: s.Tracking.Revision,
		Patches: len(s.Patches), Title: "(unreadable)", Revisions: []Revision{}, Recipients: []string{}, Each: []Patch{}, DependsOn: []Prerequisite{}, Base: Base{Commit: s.Base}}
	if letter, err := s.Letter(); err == nil {
		_, out.Title = patchmail.LiftBrackets(letter.Subject)
		for _, a := range slices.Concat(letter.To, letter.Cc) {
			out.Recipients = append(out.Recipients, a.Mailbox)
		}
	}
	for _, sent := range s.Sent {
		out.Revisions = append(out.Revisions, Revision{Number: sent.Revision, When: sent.When.UTC(), MessageID: sent.FirstID})
	}
	if n := len(s.Sent); n > 0 {
		last := s.Sent[n-1]
		when := last.When.UTC()
		out.LastSent, out.SentOn, out.SentAt = last.Revision, when.Format(time.DateOnly), &when
	}
	for _, c := range s.Patches {
		text := c.Text()
		subject, _ := gitrepo.SplitMessage(text)
		p := Patch{Commit: c.ID, Title: subject, Has: []string{}, Given: []string{}, Checks: []Check{}}
		for _, t := range trailersOf(text) {
			if isReviewers(t) {
				p.Has = append(p.Has, t.String())
			}
		}
		out.Each = append(out.Each, p)
	}
	for _, line := range s.Tracking.Prerequisites {
		out.DependsOn = append(out.DependsOn, Prerequisite{Line: line})
	}
	return out
}

func trailersOf(message string) []trailers.Trailer {
	above, _ := trailers.Cut(message)
	_, block := trailers.Split(above)
	return trailers.Parse(block)
}

// isReviewers says whether a trailer is one that reviewers give.
func isReviewers(t trailers.Trailer) bool {
	return t.Is("Reviewed-by") || t.Is("Acked-by") || t.Is("Tested-by")
}

// readReplies adds what is known of replies, and what has landed.
func (r *reader) readReplies(out *Standing, s series.Listed, found *landing.Found) error {
	if found != nil {
		out.Partial = found.Partial
		for i := range out.Each {
			out.Each[i].Applied = found.Of(i)
			out.Each[i].Changed = out.LastSent > 0 && !found.Patches[i].SentAs(out.LastSent)
		}
		out.Changed = slices.ContainsFunc(out.Each, func(p Patch) bool { return p.Changed }) || found.Mailed[out.LastSent] > len(out.Each)
	}
	sum, err := feedback.Summarize(r.repo, s.Series)
	if err != nil {
		return err
	}
	out.Replies = Replies{Total: sum.Replies, New: sum.New, Open: sum.Open, Last: said(sum.Last), Mine: said(sum.LastOwn), OpenFrom: []string{}}
	if !sum.AsOf.IsZero() {
		out.Replies.AsOf = &sum.AsOf
	}
	for i := range out.Each {
		out.Each[i].New, out.Each[i].Open = sum.Patches[i].New, sum.Patches[i].Open
	}
	digest, err := feedback.ReadDigest(r.repo, s.Series)
	if err != nil || digest == nil {
		return err
	}
	out.Replies.readOpen(digest, sum.OpenIDs)
	out.countReplies(digest, sum.OpenIDs)
	refused, err := series.Rejections(r.repo)
	if err != nil {
		return err
	}
	known := make([]trailers.Set, len(out.Each))
	for i := range out.Each {
		for _, line := range out.Each[i].Has {
			for _, t := range trailers.Parse(line) {
				known[i].Add(t)
			}
		}
	}
	for i := range digest.Replies {
		out.readGiven(&digest.Replies[i], known, found, refused)
		out.readReport(&digest.Replies[i], sum.OpenIDs)
	}
	return nil
}

func said(s *feedback.Said) *Said {
	if s == nil {
		return nil
	}
	return &Said{Name: s.Name, Mailbox: s.Mailbox, When: s.When}
}

// countReplies counts the replies to each revision.
func (s *Standing) countReplies(digest *feedback.Digest, open []string) {
	for _, one := range digest.Replies {
		i := slices.IndexFunc(s.Revisions, func(r Revision) bool { return r.Number == one.Revision })
		if i < 0 || one.Kind == feedback.Own {
			continue
		}
		s.Revisions[i].Replies++
		if slices.Contains(open, one.ID) {
			s.Revisions[i].Open++
		}
	}
}

// readOpen notes who waits for an answer, and since when.
func (r *Replies) readOpen(digest *feedback.Digest, open []string) {
	for _, one := range digest.Replies {
		if !slices.Contains(open, one.ID) {
			continue
		}
		who := (&Said{Name: one.Name, Mailbox: one.Mailbox}).Who()
		if !slices.Contains(r.OpenFrom, who) {
			r.OpenFrom = append(r.OpenFrom, who)
		}
		if r.OpenSince == nil || one.Date.Before(*r.OpenSince) {
			r.OpenSince = &one.Date
		}
	}
}

// readGiven adds the trailers that a reply gives and that 'kprep trailers' would
// take unasked: from whom they name, not refused, not known for the patch yet, and for one
// that is still as it was given them for.
func (s *Standing) readGiven(reply *feedback.DigestReply, known []trailers.Set, found *landing.Found, refused *trailers.Rejections) {
	sender := patchmail.Address{Name: reply.Name, Mailbox: reply.Mailbox}
	for _, line := range reply.Trailers {
		for _, t := range trailers.Parse(line) {
			if reply.Kind == feedback.Own || !isReviewers(t) || !t.IsFrom(sender) || refused.Has(t, reply.ID) {
				continue
			}
			for i := range s.Each {
				p := &s.Each[i]
				about := reply.Cover || reply.Patch == i && reply.Title == titleOf(p.Title)
				changed := found == nil || reply.Revision > 0 && found.Patches[i].ChangedSince(reply.Revision)
				if about && !changed && known[i].Add(t) {
					p.Given = append(p.Given, t.String())
				}
			}
		}
	}
}

func titleOf(subject string) string {
	if _, title := patchmail.LiftBrackets(subject); title != "" {
		return title
	}
	return subject
}

// readSends looks for a send that is not over.
func (r *reader) readSends(ctx context.Context, out *Standing, s series.Listed) error {
	all, err := submission.Statuses(ctx, r.repo, s.Tracking.ChangeID, s.Tracking.Revision, false)
	for _, one := range all {
		if !one.IsOver() && one.Kind != string(submission.KindReflect) && one.Kind != string(submission.KindPreview) {
			out.OpenSend = &OpenSend{Revision: one.Revision, State: one.State, Status: one.Status, Summary: one.Summary, Running: one.Running}
		}
	}
	return err
}

func (r *reader) readNeeds(ctx context.Context, out *Standing, s series.Listed) error {
	out.Needs.Editing, out.Needs.Recipients = s.NeedsEditing(), len(out.Recipients) == 0
	needs, err := submission.Needs(ctx, r.repo, s.Series, r.home)
	if err == nil {
		out.Needs.Checking, out.Needs.CheckDeps, out.Needs.Collecting = needs.Checking, needs.CheckingDeps, needs.AutoToCc && !out.Needs.Recipients
	}
	return err
}

// maxBases is how many branches are asked whether the base is in them.
const maxBases = 8

// readBase finds the branch that the series is based on. Many have the same base.
func (r *reader) readBase(ctx context.Context, out *Standing, s series.Listed) (err error) {
	branches := r.view.branches(s)
	branches = branches[:min(len(branches), maxBases)]
	key := fmt.Sprint(s.Base, branches)
	r.mu.Lock()
	find := r.bases[key]
	if find == nil {
		find = sync.OnceValues(func() (Base, error) { return findBase(ctx, r.repo, s.Base, branches) })
		r.bases[key] = find
	}
	r.mu.Unlock()
	out.Base, err = find()
	return err
}

// findBase takes the first of the branches that are searched for applied patches,
// an upstream before all others.
func findBase(ctx context.Context, repo *gitrepo.Repo, base gitrepo.ID, branches []landing.Branch) (Base, error) {
	for _, b := range branches {
		contained, err := repo.Ancestor(ctx, base, b.Tip)
		if err != nil {
			return Base{Commit: base}, err
		}
		if contained {
			behind, err := repo.CommitsBetween(ctx, base, b.Tip)
			return Base{Commit: base, Branch: b.Name, Behind: behind}, err
		}
	}
	return Base{Commit: base}, nil
}

func (r *reader) readAhead(ctx context.Context, out *Standing, s series.Listed) error {
	ahead, err := s.Ahead(ctx)
	if ahead != nil {
		out.Superseded = &Superseded{Branch: ahead.Ref, Revision: ahead.Revision}
	}
	if errors.Is(err, context.Canceled) {
		return nil // read says so
	}
	return err
}

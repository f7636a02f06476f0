package dashboard

import (
	"context"
	"slices"
	"time"

	"github.com/kprep/kprep/cache"
	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/landing"
	"github.com/kprep/kprep/patchwork"
	"github.com/kprep/kprep/series"
)

// asked is what Patchwork said of the patches of a series, kept in the cache.
type asked struct {
	Form    int               `json:"form"`
	AsOf    time.Time         `json:"as-of"`
	Patches []patchwork.Patch `json:"patches"`
}

const askedForm = 1

func patchworkFile(repo *gitrepo.Repo, changeID string) string {
	return cache.File(repo, "patchwork", changeID)
}

// AskPatchwork asks a server what became of the last revision that was sent, and
// keeps the answer. After an error the last answer is still there.
func AskPatchwork(ctx context.Context, repo *gitrepo.Repo, s *series.Series, server *patchwork.Client, now time.Time) error {
	sent, err := s.Sent(ctx)
	if err != nil || len(sent) == 0 {
		return err
	}
	patches, err := landing.Patches(ctx, s)
	if err != nil {
		return err
	}
	var ids []string
	for _, p := range patches {
		ids = append(ids, p.MailedIn(sent[len(sent)-1].Revision)...)
	}
	known := asked{Form: askedForm, AsOf: now.UTC()}
	if known.Patches, err = server.Look(ctx, ids); err != nil {
		return err
	}
	return cache.Keep(patchworkFile(repo, s.Tracking.ChangeID), known)
}

// readPatchwork adds what Patchwork said last.
func (r *reader) readPatchwork(out *Standing, s series.Listed, found *landing.Found) error {
	var known asked
	there, err := cache.Read(patchworkFile(r.repo, s.Tracking.ChangeID), &known)
	if err != nil || !there || found == nil || known.Form != askedForm {
		return err // asking again makes it anew
	}
	out.CI.AsOf = &known.AsOf
	for i := range out.Each {
		ids := found.Patches[i].MailedIn(out.LastSent)
		for _, p := range known.Patches {
			if !slices.Contains(ids, p.MessageID) {
				continue
			}
			out.Each[i].Tracked = p.State
			for _, c := range p.Checks {
				out.addCheck(i, Check{Context: c.Context, State: c.State, Text: c.Text, URL: c.URL})
			}
		}
	}
	return nil
}

// readReport adds the report of a robot on the last revision that was sent. One on
// the cover letter is about the first patch as much as about any. What the user is
// done with is no failure any more.
func (s *Standing) readReport(reply *feedback.DigestReply, open []string) {
	if reply.Report == nil || reply.Revision != s.LastSent || len(s.Each) == 0 {
		return
	}
	at := reply.Patch
	if reply.Cover {
		at = 0
	}
	if at < 0 || at >= len(s.Each) || !reply.Cover && reply.Title != titleOf(s.Each[at].Title) {
		return
	}
	if reply.Report.Verdict != feedback.Passed && !slices.Contains(open, reply.ID) {
		return
	}
	states := map[feedback.Verdict]patchwork.State{feedback.Failed: patchwork.Fail, feedback.Passed: patchwork.Success, feedback.Told: patchwork.Warning}
	s.addCheck(at, Check{Context: reply.Report.Robot, State: states[reply.Report.Verdict], Reply: reply.ID})
}

func (s *Standing) addCheck(patch int, c Check) {
	s.Each[patch].Checks = append(s.Each[patch].Checks, c)
	switch c.State {
	case patchwork.Fail:
		s.CI.Fail++
	case patchwork.Warning:
		s.CI.Warning++
	case patchwork.Success:
		s.CI.Success++
	default: // what else a server may say is no result
		s.CI.Pending++
	}
}

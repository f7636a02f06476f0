package series

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// Facts are what scripts ask about a series, under b4's names where b4 has
// one.
type Facts struct {
	Schema         int          `json:"schema"` // 1
	Branch         string       `json:"branch"`
	Subject        string       `json:"cover-subject"`
	ChangeID       string       `json:"change-id"`
	Revision       int          `json:"revision"`
	Prefixes       []string     `json:"prefixes"`
	Presubject     string       `json:"presubject,omitempty"`
	BaseBranch     string       `json:"base-branch,omitempty"`
	BaseCommit     string       `json:"base-commit"`
	StartCommit    string       `json:"start-commit"` // the cover letter
	EndCommit      string       `json:"end-commit"`   // the last patch, or the cover letter
	CoverStrategy  string       `json:"cover-strategy"`
	NeedsEditing   bool         `json:"needs-editing"`
	NeedRecipients bool         `json:"needs-recipients"`
	HasDeps        bool         `json:"has-prerequisites"`
	*Needs                      // nil when nobody looked
	Commits        []CommitFact `json:"commits"` // oldest first
	Sent           []SentFact   `json:"sent"`    // oldest first
}

// Needs is what b4 checks before a send (spec/b4-interop 5.2).
type Needs struct {
	AutoToCc      bool `json:"needs-auto-to-cc"`
	Checking      bool `json:"needs-checking"`
	CheckingDeps  bool `json:"needs-checking-deps"`
	MisplacedBody bool `json:"misplaced-body"`
	Failing       bool `json:"preflight-checks-failing"` // one of these, or needs-editing, and not silenced
}

// A CommitFact is one patch of the series.
type CommitFact struct {
	ID      string `json:"id"`
	Short   string `json:"short"` // as git abbreviates it for this user
	Subject string `json:"subject"`
}

// A SentFact is one revision that was mailed.
type SentFact struct {
	Revision  int    `json:"revision"`
	Tag       string `json:"tag"`
	Base      string `json:"base-commit,omitempty"`
	TagObject string `json:"tag-object"`
	MessageID string `json:"message-id,omitempty"`
}

// Facts gathers the facts.
func (s *Series) Facts(ctx context.Context) (*Facts, error) {
	letter, err := s.Letter()
	if err != nil {
		return nil, err
	}
	var sent []Sent
	var short []string
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		sent, err = s.Sent(ctx)
		return err
	})
	group.Go(func() (err error) {
		short, err = s.repo.Abbreviate(ctx, s.patchIDs())
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	f := &Facts{
		Schema: 1, Branch: s.Name(), Subject: letter.Subject, ChangeID: s.Tracking.ChangeID, Revision: s.Tracking.Revision,
		Prefixes: append([]string{}, s.Tracking.Prefixes...), Presubject: s.Tracking.Presubject,
		BaseBranch: s.Tracking.BaseBranch, BaseCommit: string(s.Base), StartCommit: string(s.Start()), EndCommit: string(s.End()),
		CoverStrategy: string(s.Storage), NeedsEditing: s.NeedsEditing(), NeedRecipients: len(letter.To)+len(letter.Cc) == 0,
		HasDeps: len(s.Tracking.Prerequisites) > 0,
		Commits: []CommitFact{}, Sent: []SentFact{},
	}
	for i, p := range s.Patches {
		subject, _ := gitrepo.SplitMessage(p.Text())
		f.Commits = append(f.Commits, CommitFact{ID: string(p.ID), Short: short[i], Subject: subject})
	}
	for _, r := range sent {
		f.Sent = append(f.Sent, SentFact{Revision: r.Revision, Tag: r.Tag, Base: string(r.Base), TagObject: string(r.Object), MessageID: r.FirstID})
	}
	return f, nil
}

// NeedsEditing says whether the cover letter still has its placeholders.
func (s *Series) NeedsEditing() bool { return coverletter.NeedsEditing(s.Text) }

// A Fact is one "key: value" line.
type Fact struct{ Key, Value string }

// List returns the facts line by line in b4's order: the commits newest first
// behind the rest, then the sent revisions newest first. Facts without a value
// are left out.
func (f *Facts) List() []Fact {
	boolean := func(b bool) string {
		if b {
			return "True"
		}
		return "False"
	}
	lines := []Fact{
		{"branch", f.Branch}, {"cover-subject", f.Subject}, {"base-branch", f.BaseBranch},
		{"base-commit", f.BaseCommit}, {"start-commit", f.StartCommit}, {"end-commit", f.EndCommit},
		{"series-range", gitrepo.ID(f.StartCommit).Short() + ".." + gitrepo.ID(f.EndCommit).Short()},
		{"prefixes", strings.Join(f.Prefixes, " ")}, {"presubject", f.Presubject}, {"change-id", f.ChangeID},
		{"revision", fmt.Sprint(f.Revision)}, {"cover-strategy", f.CoverStrategy},
		{"needs-editing", boolean(f.NeedsEditing)}, {"needs-recipients", boolean(f.NeedRecipients)},
		{"has-prerequisites", boolean(f.HasDeps)},
	}
	if n := f.Needs; n != nil {
		lines = append(lines, Fact{"needs-auto-to-cc", boolean(n.AutoToCc)}, Fact{"needs-checking", boolean(n.Checking)},
			Fact{"needs-checking-deps", boolean(n.CheckingDeps)}, Fact{"misplaced-body", boolean(n.MisplacedBody)},
			Fact{"preflight-checks-failing", boolean(n.Failing)})
	}
	for _, c := range slices.Backward(f.Commits) {
		lines = append(lines, Fact{"commit-" + c.Short, c.Subject})
	}
	for _, r := range slices.Backward(f.Sent) {
		lines = append(lines, Fact{fmt.Sprintf("series-v%d", r.Revision),
			strings.TrimSpace(fmt.Sprintf("%s..%s %s", gitrepo.ID(r.Base).Short(), gitrepo.ID(r.TagObject).Short(), r.MessageID))})
	}
	return slices.DeleteFunc(lines, func(l Fact) bool { return l.Value == "" })
}

// FactNames lists the keys that every series may have.
func FactNames() []string {
	return []string{"branch", "cover-subject", "base-branch", "base-commit", "start-commit", "end-commit", "series-range", "prefixes",
		"presubject", "change-id", "revision", "cover-strategy", "needs-editing", "needs-recipients",
		"has-prerequisites", "needs-auto-to-cc", "needs-checking", "needs-checking-deps", "misplaced-body", "preflight-checks-failing", "commit-…", "series-v…"}
}

// IsFact says whether a key exists, with or without a value.
func IsFact(key string) bool {
	return slices.Contains(FactNames(), key) && !strings.HasSuffix(key, "…")
}

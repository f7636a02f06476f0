package series

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kprep/kprep/gitrepo"
)

// A CheckedDep says whether one thing about the prerequisites is right.
type CheckedDep struct {
	Line string `json:"line"` // of the tracking data, or the title of a patch
	OK   bool   `json:"ok"`
	Text string `json:"text"` // what was found, or what is wrong
}

// CheckedDeps is what a check of the prerequisites found.
type CheckedDeps struct {
	Base    string       // the base commit that the mail names
	Lines   []CheckedDep // one for each prerequisite, in order
	Patches []CheckedDep // the patches that do not apply; the first of them is the last tried
	Applied int          // how many patches apply to the base, prerequisites first
	content string
	newer   bool
	absent  bool
	known   []KnownDep
}

// Absent says whether a prerequisite is nowhere where it was looked for.
func (c *CheckedDeps) Absent() bool { return c.absent }

// Outdated says whether a series that is needed was sent in a newer revision.
func (c *CheckedDeps) Outdated() bool { return c.newer }

// Passed says whether nothing failed.
func (c *CheckedDeps) Passed() bool {
	failed := func(d CheckedDep) bool { return !d.OK }
	return !slices.ContainsFunc(c.Lines, failed) && !slices.ContainsFunc(c.Patches, failed)
}

// CheckDeps looks whether every prerequisite is here, whether a series is
// needed in its newest revision, and whether prerequisites and patches apply
// to the base commit one after the other. What it looks at is this repository
// and mail, and nothing in them changes. It returns ErrEmpty or a *MergeError.
func (s *Series) CheckDeps(ctx context.Context, mail Archives) (*CheckedDeps, error) {
	if len(s.Patches) == 0 {
		return nil, ErrEmpty
	}
	if err := s.checkWhole(ctx); err != nil {
		return nil, err
	}
	r := &resolver{repo: s.repo, mail: mail}
	f, err := r.stand(ctx, s)
	if err != nil {
		return nil, err
	}
	out := &CheckedDeps{Base: f.base}
	local := map[string]gitrepo.ID{}
	if slices.ContainsFunc(f.needs, need.onlyByID) {
		if local, err = r.localPatches(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.mailedPatches(ctx, f.needs, local); err != nil {
		return nil, err
	}
	for i := range f.needs {
		n := &f.needs[i]
		if n.mails != nil && n.Kind != NeedsPatch {
			out.known = append(out.known, KnownDep{Line: n.line, PatchIDs: n.ids})
		}
		text, err := r.examine(ctx, n, local)
		if failed := (*PrerequisiteError)(nil); errors.As(err, &failed) {
			out.Lines = append(out.Lines, CheckedDep{Line: n.line, Text: failed.Reason})
			out.newer, out.absent = out.newer || failed.newer, out.absent || failed.absent
			continue
		} else if err != nil {
			return nil, err
		}
		out.Lines = append(out.Lines, CheckedDep{Line: n.line, OK: true, Text: text})
	}
	if f.id != "" {
		if err := r.tryOut(ctx, s, f, out); err != nil {
			return nil, err
		}
	}
	out.content, err = s.depsContent(ctx, f)
	return out, err
}

// localPatches are the commits that are nowhere but here, by patch-id.
func (r *resolver) localPatches(ctx context.Context) (map[string]gitrepo.ID, error) {
	commits, err := r.repo.LocalPatches(ctx, "sent/", maxNeeded)
	if err != nil {
		return nil, err
	}
	ids, err := r.repo.PatchIDs(ctx, commits)
	if err != nil {
		return nil, err
	}
	local := map[string]gitrepo.ID{}
	for i, id := range ids {
		if _, has := local[id]; id != "" && !has {
			local[id] = commits[i]
		}
	}
	return local, nil
}

// onlyByID says whether a patch-id is all that is known of the patches.
func (n need) onlyByID() bool { return len(n.ids) > 0 && n.patches == nil && n.mails == nil }

// mailedPatches finds in mail the patches that were named by patch-id and are
// no commit here.
func (r *resolver) mailedPatches(ctx context.Context, needs []need, local map[string]gitrepo.ID) error {
	var wanted []string
	for _, n := range needs {
		if n.Kind == NeedsPatch && local[n.Value] == "" {
			wanted = append(wanted, n.Value)
		}
	}
	if len(wanted) == 0 || r.mail.ByPatchID == nil {
		return nil
	}
	found, err := r.mail.ByPatchID(ctx, wanted)
	if err != nil {
		return err
	}
	for i, n := range needs {
		mail, ok := found[n.Value]
		if !ok || n.Kind != NeedsPatch {
			continue
		}
		patches, _, err := readPatches(ctx, r.repo, [][]byte{mail.Raw})
		if err != nil {
			return err
		}
		needs[i].mails, needs[i].from = patches, "a mail in "+mail.Where
	}
	return nil
}

// amongCommits finds the patches of a series that was in mail once among the
// commits of local branches; false when one of them is not there.
func (n *need) amongCommits(local map[string]gitrepo.ID) bool {
	var commits []gitrepo.ID
	for _, id := range n.ids {
		if local[id] == "" {
			return false
		}
		commits = append(commits, local[id])
	}
	if len(commits) > 0 {
		n.patches, n.from = commits, "local branches, as they were mailed"
	}
	return len(commits) > 0
}

// examine says what was found for a prerequisite; a *PrerequisiteError says
// what is wrong with it. A commit with the patch-id in local is put into n.
func (r *resolver) examine(ctx context.Context, n *need, local map[string]gitrepo.ID) (string, error) {
	wrong := func(format string, args ...any) (string, error) {
		return "", &PrerequisiteError{Line: n.line, Reason: fmt.Sprintf(format, args...)}
	}
	absent := func(text string) (string, error) {
		return "", &PrerequisiteError{Line: n.line, Reason: text + r.mail.nor(), absent: true}
	}
	switch n.Kind {
	case "":
		_, err := ParsePrerequisite(n.line)
		return "", err
	case NeedsSeries:
		if n.onlyByID() {
			n.amongCommits(local)
		}
		return r.examineSeries(ctx, n)
	case NeedsThread:
		switch {
		case n.problem != "":
			return wrong("%s", n.problem)
		case n.patches == nil && n.mails == nil && !n.amongCommits(local):
			return absent("no series here was sent in that thread")
		}
		return n.found(), nil
	case NeedsPatch:
		id, ok := local[n.Value]
		switch {
		case ok:
			n.patches, n.from = []gitrepo.ID{id}, "commit "+id.Short()
		case n.mails == nil:
			return absent("no commit of a local branch or a sent revision has it")
		}
		return n.from, nil
	case NeedsToStart:
		c, err := r.repo.Commit(n.Value + "^{commit}")
		if errors.As(err, new(*gitrepo.MissingError)) || errors.As(err, new(*gitrepo.NotCommitError)) {
			return wrong("it names no commit of this repository; fetch it from where it was published")
		}
		if err != nil {
			return "", err
		}
		return "commit " + c.ID.Short(), nil
	}
	return wrong("kprep does not know the kind %q", n.Kind)
}

func (n *need) found() string {
	noun, count := "patches", len(n.patches)+len(n.mails)
	if count == 1 {
		noun = "patch"
	}
	return fmt.Sprintf("%d %s of %s", count, noun, n.from)
}

// examineSeries compares with the newest revision: the last that was sent, or
// the one on the branch when its patches are others by now.
func (r *resolver) examineSeries(ctx context.Context, n *need) (string, error) {
	wrong := func(format string, args ...any) (string, error) {
		return "", &PrerequisiteError{Line: n.line, Reason: fmt.Sprintf(format, args...)}
	}
	changeID, revision, err := n.Series()
	if err != nil {
		return wrong("%v", err)
	}
	own, err := r.own(ctx, changeID)
	if err != nil {
		return "", err
	}
	sent, err := r.sent(ctx, changeID, own)
	if err != nil {
		return "", err
	}
	mailed, here := r.mail.newest(changeID), n.patches != nil || n.mails != nil
	if mailed != nil && mailed.Revision > revision && (len(sent) == 0 || mailed.Revision > sent[len(sent)-1].Revision) {
		return "", &PrerequisiteError{Line: n.line, Reason: fmt.Sprintf("v%d of that series is newer, in %s", mailed.Revision, mailed.Where), newer: true}
	}
	switch {
	case n.problem != "":
		return wrong("%s", n.problem)
	case !here && own == nil && len(sent) == 0 && mailed == nil:
		return "", &PrerequisiteError{Line: n.line, Reason: "no branch and no sent tag of that series is here" + r.mail.nor(), absent: true}
	case !here && n.from != "":
		return wrong("%s does not say where its patches begin", n.from)
	case !here:
		return "", &PrerequisiteError{Line: n.line, Reason: fmt.Sprintf("v%d of that series is not here%s", revision, r.mail.nor()), absent: true}
	case n.mails == nil && len(n.patches) == 0:
		return wrong("%s has no patches yet", n.from)
	}
	if last := len(sent) - 1; last >= 0 && sent[last].Revision > revision {
		return "", &PrerequisiteError{Line: n.line, Reason: fmt.Sprintf("v%d of that series is newer", sent[last].Revision), newer: true}
	}
	if own == nil || own.Tracking.Revision <= revision {
		return n.found(), nil
	}
	now, err := r.patchIDs(ctx, own.patchIDs())
	if err != nil {
		return "", err
	}
	if !slices.Equal(now, n.ids) {
		return wrong("branch %q has other patches by now, for v%d", own.Name(), own.Tracking.Revision)
	}
	return n.found(), nil
}

package series

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
}

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
// alone, and nothing in it changes. It returns ErrEmpty or a *MergeError.
func (s *Series) CheckDeps(ctx context.Context) (*CheckedDeps, error) {
	if len(s.Patches) == 0 {
		return nil, ErrEmpty
	}
	if err := s.checkWhole(); err != nil {
		return nil, err
	}
	r := &resolver{repo: s.repo}
	f, err := r.stand(ctx, s)
	if err != nil {
		return nil, err
	}
	out := &CheckedDeps{Base: f.base}
	local := map[string]gitrepo.ID{}
	if slices.ContainsFunc(f.needs, func(n need) bool { return n.Kind == NeedsPatch }) {
		if local, err = r.localPatches(ctx); err != nil {
			return nil, err
		}
	}
	for i := range f.needs {
		n := &f.needs[i]
		text, err := r.examine(ctx, n, local)
		if failed := (*PrerequisiteError)(nil); errors.As(err, &failed) {
			out.Lines = append(out.Lines, CheckedDep{Line: n.line, Text: failed.Reason})
			out.newer = out.newer || failed.newer
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

// examine says what was found for a prerequisite; a *PrerequisiteError says
// what is wrong with it. A commit with the patch-id in local is put into n.
func (r *resolver) examine(ctx context.Context, n *need, local map[string]gitrepo.ID) (string, error) {
	wrong := func(format string, args ...any) (string, error) {
		return "", &PrerequisiteError{Line: n.line, Reason: fmt.Sprintf(format, args...)}
	}
	switch n.Kind {
	case "":
		_, err := ParsePrerequisite(n.line)
		return "", err
	case NeedsSeries:
		return r.examineSeries(ctx, n)
	case NeedsThread:
		if n.patches == nil {
			return wrong("no series here was sent in that thread; name its change-id or its patch-ids as well")
		}
		return n.found(), nil
	case NeedsPatch:
		id, ok := local[n.Value]
		if !ok {
			return wrong("no commit of a local branch or a sent revision has it")
		}
		n.patches, n.from = []gitrepo.ID{id}, "commit "+id.Short()
		return n.from, nil
	case NeedsToStart:
		c, err := r.repo.Commit(n.Value + "^{commit}")
		if errors.As(err, new(*gitrepo.MissingError)) || errors.As(err, new(*gitrepo.NotCommitError)) {
			return wrong("it names no commit of this repository")
		}
		if err != nil {
			return "", err
		}
		return "commit " + c.ID.Short(), nil
	}
	return wrong("kprep does not know the kind %q", n.Kind)
}

func (n *need) found() string {
	noun := "patches"
	if len(n.patches) == 1 {
		noun = "patch"
	}
	return fmt.Sprintf("%d %s of %s", len(n.patches), noun, n.from)
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
	switch {
	case own == nil && len(sent) == 0:
		return wrong("no branch and no sent tag of that series is here")
	case n.patches == nil && n.from != "":
		return wrong("%s does not say where its patches begin", n.from)
	case n.patches == nil:
		return wrong("v%d of that series is not here", revision)
	case len(n.patches) == 0:
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

// tryOut applies the prerequisites and then the patches, until one fails.
func (r *resolver) tryOut(ctx context.Context, s *Series, f footing, out *CheckedDeps) error {
	commits, err := r.inOrder(ctx, f)
	if err != nil {
		return err
	}
	commits = append(commits, s.patchIDs()...)
	patches, err := r.repo.Patches(ctx, commits)
	if err != nil {
		return err
	}
	trial, err := r.repo.NewTrial(ctx, f.id)
	if err != nil {
		return err
	}
	defer trial.Close()
	for i, p := range patches {
		if len(p.Diff) == 0 {
			continue
		}
		err := trial.Apply(ctx, p.Diff)
		if bad := (*gitrepo.ApplyError)(nil); errors.As(err, &bad) {
			c, err := r.repo.Commit(string(commits[i]))
			if err != nil {
				return err
			}
			out.Patches = append(out.Patches, CheckedDep{Line: c.Subject(), Text: bad.Reason})
			return nil
		}
		if err != nil {
			return err
		}
		out.Applied++
	}
	return nil
}

// inOrder lists the commits of the prerequisites, each patch once, without
// those that the base commit has already: it may be the tip of the very series
// that is needed.
func (r *resolver) inOrder(ctx context.Context, f footing) ([]gitrepo.ID, error) {
	below, err := r.repo.LocalOnly(ctx, f.id, "sent/", maxNeeded)
	if err != nil {
		return nil, err
	}
	there, err := r.patchIDs(ctx, below)
	if err != nil {
		return nil, err
	}
	var commits []gitrepo.ID
	for _, n := range f.needs {
		ids, err := r.repo.PatchIDs(ctx, n.patches)
		if err != nil {
			return nil, err
		}
		for i, id := range ids {
			if id != "" && !slices.Contains(there, id) {
				there = append(there, id)
				commits = append(commits, n.patches[i])
			}
		}
	}
	return commits, nil
}

// depsContent tells what a check was about: the base commit, what was needed,
// and the patches.
func (s *Series) depsContent(ctx context.Context, f footing) (string, error) {
	contents, err := s.Contents(ctx)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n\n%s\n\n%s\n", f.base, f.id, strings.Join(s.Tracking.Prerequisites, "\n"), strings.Join(mailLines(f.needs), "\n"))
	fmt.Fprintln(h, DiffsOf(contents))
	return hex.EncodeToString(h.Sum(nil)), nil
}

// PassedDeps says for what content the prerequisites were checked.
type PassedDeps struct {
	Content string    `json:"content"`
	When    time.Time `json:"when"`
}

// RememberDeps keeps that a check of the prerequisites passed; one that failed
// makes kprep forget.
func (s *Series) RememberDeps(ctx context.Context, c *CheckedDeps, now time.Time) error {
	if st, err := s.State(); err != nil || !c.Passed() && st.Deps == nil {
		return err
	}
	return s.UpdateState(ctx, "deps check", now, func(st *State) {
		switch {
		case !c.Passed():
			st.Deps = nil
		case st.Deps == nil || st.Deps.Content != c.content:
			st.Deps = &PassedDeps{Content: c.content, When: now.UTC().Truncate(time.Second)}
		}
	})
}

// DepsUnchecked says whether the series has prerequisites that were not
// checked as they and the patches are now. What cannot be read counts as
// forgotten.
func (s *Series) DepsUnchecked(ctx context.Context) (bool, error) {
	if len(s.Tracking.Prerequisites) == 0 {
		return false, nil
	}
	st, err := s.State()
	if errors.As(err, new(*StateError)) || err == nil && st.Deps == nil {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	f, err := (&resolver{repo: s.repo}).stand(ctx, s)
	if err != nil {
		return false, err
	}
	content, err := s.depsContent(ctx, f)
	return content != st.Deps.Content, err
}

// Stands is what a mail of the series says that it needs: the base commit, and
// the lines of the prerequisites.
func (s *Series) Stands(ctx context.Context) (base string, lines []string, err error) {
	f, err := (&resolver{repo: s.repo}).stand(ctx, s)
	return f.base, mailLines(f.needs), err
}

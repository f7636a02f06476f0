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
)

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
	if st, err := s.State(); err != nil || !c.Passed() && st.Deps == nil && len(c.known) == 0 {
		return err
	}
	return s.UpdateState(ctx, "deps check", now, func(st *State) {
		if len(c.known) > 0 {
			st.know(s.Tracking.Prerequisites, c.known...)
		}
		switch {
		case !c.Passed():
			st.Deps = nil
		case st.Deps == nil || st.Deps.Content != c.content:
			st.Deps = &PassedDeps{Content: c.content, When: now.UTC().Truncate(time.Second)}
		}
	})
}

// know keeps what was found in mail of the prerequisites that are on record.
func (st *State) know(prerequisites []string, found ...KnownDep) {
	st.Known = slices.DeleteFunc(st.Known, func(old KnownDep) bool {
		return !slices.Contains(prerequisites, old.Line) || slices.ContainsFunc(found, func(k KnownDep) bool { return k.Line == old.Line })
	})
	st.Known = append(st.Known, found...)
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

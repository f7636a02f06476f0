package series

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/coverletter"
)

// Prerequisites are what the tracking data records, in order. A line that
// kprep cannot read has no Kind, and is the Value.
func (s *Series) Prerequisites() []Prerequisite {
	all := make([]Prerequisite, len(s.Tracking.Prerequisites))
	for i, line := range s.Tracking.Prerequisites {
		p, err := ParsePrerequisite(line)
		if err != nil {
			p = Prerequisite{Value: line}
		}
		all[i] = p
	}
	return all
}

// ChangePrerequisites removes lines, each given whole or by its value, and
// then adds others. One about the same series, or a base commit, takes the
// place of the one that was there. It returns a *PrerequisiteError for a line
// that cannot be read or is of no known kind, and for one to be removed that
// is not there.
func (s *Series) ChangePrerequisites(ctx context.Context, add, remove []string) (changed bool, err error) {
	all := slices.Clone(s.Tracking.Prerequisites)
	for _, line := range remove {
		before := len(all)
		all = slices.DeleteFunc(all, func(old string) bool { return isPrerequisite(old, line) })
		if len(all) == before {
			return false, &PrerequisiteError{Line: line, Reason: "the series has no such line"}
		}
	}
	for _, line := range add {
		p, err := ParsePrerequisite(line)
		if err == nil && !p.Known() {
			err = &PrerequisiteError{Line: line, Reason: fmt.Sprintf("there are the kinds %s, %s, %s and %s", NeedsSeries, NeedsThread, NeedsPatch, NeedsToStart)}
		}
		if err != nil {
			return false, err
		}
		at := slices.IndexFunc(all, func(old string) bool {
			q, err := ParsePrerequisite(old)
			return err == nil && q.subject() == p.subject()
		})
		if at < 0 {
			all = append(all, p.String())
		} else {
			all[at] = p.String()
		}
	}
	return s.storePrerequisites(ctx, all)
}

func isPrerequisite(line, given string) bool {
	given = strings.TrimSpace(given)
	if line == given {
		return true
	}
	p, err := ParsePrerequisite(line)
	if err != nil {
		return false
	}
	if p.Value == given || p.Kind == NeedsThread && p.Value == "<"+given+">" {
		return true
	}
	q, err := ParsePrerequisite(given)
	return err == nil && p == q
}

// SetPrerequisites replaces all prerequisites by those in text, one a line.
// Lines that start with "#" and blank ones do not count, a repeated one counts
// once. Kinds that kprep does not know are kept, and returned. It returns a
// *PrerequisiteError.
func (s *Series) SetPrerequisites(ctx context.Context, text string) (unknown []Prerequisite, changed bool, err error) {
	var all []string
	about := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		p, err := ParsePrerequisite(line)
		if err != nil {
			return nil, false, err
		}
		switch other, is := about[p.subject()]; {
		case is && other == p.String():
			continue
		case is:
			return nil, false, &PrerequisiteError{Line: line, Reason: fmt.Sprintf("there is %q as well", other)}
		}
		about[p.subject()] = p.String()
		all = append(all, p.String())
		if !p.Known() {
			unknown = append(unknown, p)
		}
	}
	changed, err = s.storePrerequisites(ctx, all)
	return unknown, changed, err
}

func (s *Series) storePrerequisites(ctx context.Context, all []string) (changed bool, err error) {
	for _, line := range all {
		if p, err := ParsePrerequisite(line); err == nil && p.Kind == NeedsSeries {
			if id, _, _ := p.Series(); id == s.Tracking.ChangeID {
				return false, &PrerequisiteError{Line: line, Reason: "it is this series itself"}
			}
		}
	}
	for i, line := range all {
		if slices.Contains(s.Tracking.Prerequisites, line) {
			continue
		}
		if p, err := ParsePrerequisite(line); err == nil && p.Kind == NeedsToStart {
			if p, err = s.pin(ctx, p); err != nil {
				return false, err
			}
			all[i] = p.String()
		}
	}
	if slices.Equal(all, s.Tracking.Prerequisites) {
		return false, nil
	}
	return s.track(ctx, "kprep: set prerequisites", func(t *coverletter.Tracking) { t.Prerequisites = all })
}

// pin makes the name of a base commit its id: branches and HEAD move. Tags do
// not, and stay as they are, as does what this repository does not have.
func (s *Series) pin(ctx context.Context, p Prerequisite) (Prerequisite, error) {
	c, err := s.repo.Commit(p.Value + "^{commit}")
	if err != nil {
		return p, nil // whoever checks the prerequisites is told
	}
	if c.ID == s.Tip || c.ID == s.Start() && s.Storage == CoverCommit || slices.Contains(s.patchIDs(), c.ID) {
		return p, &PrerequisiteError{Line: p.String(), Reason: "that commit is in this series, which cannot be based on it"}
	}
	if tag, err := s.repo.Ref(ctx, "refs/tags/"+p.Value); err == nil && tag != "" {
		return p, nil
	}
	p.Value = string(c.ID)
	return p, nil
}

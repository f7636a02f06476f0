package series

import (
	"context"
	"fmt"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/patchmail"
)

// A RevisionError reports a revision number that was on the wire already, or
// lies below one that was.
type RevisionError struct{ Revision, Sent int }

func (e *RevisionError) Error() string {
	return fmt.Sprintf("v%d cannot come next: v%d of this series was sent already", e.Revision, e.Sent)
}

// A SubjectError reports that the configuration has something for subjects that
// cannot be in them.
type SubjectError struct {
	Setting string // such as "send-prefixes"
	Err     error
}

func (e *SubjectError) Error() string { return "configuration " + e.Setting + ": " + e.Err.Error() }
func (e *SubjectError) Unwrap() error { return e.Err }

// SetPrefixes replaces the words that the subjects carry after PATCH. Words
// that the subject grammar makes by itself are refused.
func (s *Series) SetPrefixes(ctx context.Context, words []string) (changed bool, err error) {
	prefixes, err := prefixesOf(words)
	if err != nil {
		return false, err
	}
	return s.track(ctx, "kprep: set prefixes", func(t *coverletter.Tracking) { t.Prefixes = prefixes })
}

// prefixesOf are the words of texts, each once in any case.
func prefixesOf(texts []string) (prefixes []string, err error) {
	for _, text := range texts {
		for _, w := range strings.Fields(text) {
			if patchmail.PrintableLine(w) != w {
				return nil, fmt.Errorf("%q cannot be a prefix: it has an invisible character", w)
			}
			if lifted, rest := patchmail.LiftBrackets("[" + w + "] x"); len(lifted) != 1 || rest != "x" || lifted[0] != w {
				return nil, fmt.Errorf("%q cannot be a prefix: PATCH, the revision and the counter are put there by kprep", w)
			}
			prefixes = patchmail.MergePrefixes(prefixes, w)
		}
	}
	return prefixes, nil
}

// AddPrefixes adds words to those that are there, each once in any case.
func (s *Series) AddPrefixes(ctx context.Context, words []string) (changed bool, err error) {
	return s.SetPrefixes(ctx, append(append([]string{}, s.Tracking.Prefixes...), words...))
}

// SetPresubject sets the text in front of [PATCH]: "" or something in
// brackets.
func (s *Series) SetPresubject(ctx context.Context, text string) (changed bool, err error) {
	if err := checkPresubject(text); err != nil {
		return false, err
	}
	return s.track(ctx, "kprep: set presubject", func(t *coverletter.Tracking) { t.Presubject = text })
}

func checkPresubject(text string) error {
	switch {
	case text != "" && (!strings.HasPrefix(text, "[") || !strings.HasSuffix(text, "]")):
		return fmt.Errorf("the presubject %q must stand in brackets, as in \"[proj]\"", text)
	case patchmail.PrintableLine(text) != text:
		return fmt.Errorf("the presubject %q has an invisible character", text)
	}
	return nil
}

// SetRevision sets the number of the next submission. It returns a
// *RevisionError for one that is not above every revision that was sent.
func (s *Series) SetRevision(ctx context.Context, revision int) (changed bool, err error) {
	if revision < 1 {
		return false, fmt.Errorf("revision %d: they are counted from 1", revision)
	}
	sent, err := s.Sent(ctx)
	if err != nil {
		return false, err
	}
	if n := len(sent); n > 0 && sent[n-1].Revision >= revision {
		return false, &RevisionError{Revision: revision, Sent: sent[n-1].Revision}
	}
	return s.track(ctx, fmt.Sprintf("kprep: set revision %d", revision), func(t *coverletter.Tracking) { t.Revision = revision })
}

// SetBaseBranch records which branch the series is based on. It must contain
// the base commit.
func (s *Series) SetBaseBranch(ctx context.Context, name string) (changed bool, err error) {
	base, err := s.chooseBase(ctx, name)
	if err != nil {
		return false, err
	}
	return s.track(ctx, "kprep: set base-branch", func(t *coverletter.Tracking) { t.BaseBranch = base })
}

// track stores other tracking data; the cover letter stays as it is.
func (s *Series) track(ctx context.Context, reason string, set func(*coverletter.Tracking)) (changed bool, err error) {
	tracking := s.Tracking.Clone()
	set(tracking)
	if string(tracking.Compact()) == string(s.Tracking.Compact()) {
		return false, nil
	}
	if err := s.CheckRewritable(ctx); err != nil {
		return false, err
	}
	l, err := s.layOut(ctx, s.Storage, s.Text, tracking)
	if err != nil {
		return false, err
	}
	return s.apply(ctx, l, reason)
}

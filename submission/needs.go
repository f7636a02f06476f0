package submission

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
)

// b4's five checks before a send (spec/b4-interop 5.2).
const (
	needsEditing      = "needs-editing"
	needsChecking     = "needs-checking"
	needsCheckingDeps = "needs-checking-deps"
	needsAutoToCc     = "needs-auto-to-cc"
	misplacedBody     = "misplaced-body"
)

// Needs finds out what b4 checks before a send, at little cost: no command
// runs, and git looks at the patches only when something is remembered of
// them. What is remembered and cannot be read counts as forgotten. home is as
// in [Options].
func Needs(ctx context.Context, repo *gitrepo.Repo, s *series.Series, home string) (*series.Needs, error) {
	settings, err := project.Load(ctx, repo, s.Base)
	if err != nil {
		return nil, err
	}
	settings.Home = home
	n, err := needsOf(ctx, settings, s)
	if err != nil {
		return nil, err
	}
	letter, err := s.Letter()
	if err != nil {
		return nil, err
	}
	depsUnchecked, err := s.DepsUnchecked(ctx)
	if err != nil {
		return nil, err
	}
	facts := &series.Needs{Checking: n.unchecked > 0, CheckingDeps: depsUnchecked,
		AutoToCc: n.uncollected || len(letter.To)+len(letter.Cc) == 0}
	prose := ""
	if len(s.Patches) == 1 {
		prose = letter.Prose
	}
	facts.MisplacedBody = slices.ContainsFunc(s.Patches, func(c *gitrepo.Commit) bool { return isMisplaced(c, prose) })
	off := silenced(settings)
	for name, is := range map[string]bool{needsEditing: s.NeedsEditing(), needsChecking: facts.Checking,
		needsCheckingDeps: facts.CheckingDeps, needsAutoToCc: facts.AutoToCc, misplacedBody: facts.MisplacedBody} {
		facts.Failing = facts.Failing || is && !off(name)
	}
	return facts, nil
}

// What is not done yet that a command of the project could do.
type undone struct {
	unchecked   int  // patches that have not passed all commands as they are
	uncollected bool // the patches are not those that recipients were collected for
}

func needsOf(ctx context.Context, settings *project.Settings, s *series.Series) (undone, error) {
	to, cc, err := settings.RecipientCommands()
	if err != nil {
		return undone{}, err
	}
	commands, err := settings.CheckCommands()
	if err != nil {
		return undone{}, err
	}
	var u undone
	u.uncollected = to.Line != "" || cc.Line != ""
	if len(commands) > 0 {
		u.unchecked = len(s.Patches)
	}
	if !u.uncollected && u.unchecked == 0 {
		return u, nil
	}
	state, err := s.State()
	if errors.As(err, new(*series.StateError)) {
		return u, nil
	}
	if err != nil || state.Collected == nil && len(state.Checks) == 0 {
		return u, err
	}
	contents, err := s.Contents(ctx)
	if err != nil {
		return u, err
	}
	u.uncollected = u.uncollected && (state.Collected == nil || state.Collected.Diffs != series.DiffsOf(contents))
	for _, content := range contents {
		if len(commands) > 0 && passedAll(state, content, commands) {
			u.unchecked--
		}
	}
	return u, nil
}

func passedAll(state *series.State, content series.Content, commands []project.Command) bool {
	for _, c := range commands {
		if _, ok := state.Passed(content.Patch, c.String(), c.Changed); !ok {
			return false
		}
	}
	return true
}

// CollectReason is the line of the reflogs where collected recipients are
// stored.
const CollectReason = "kprep: collect recipients"

// StoreCollected writes the recipients into the cover letter and keeps that
// they were collected for these patches, and whom collecting has added so far,
// as one operation. Where nothing of the project's was asked, there is nothing
// to keep. It says whether the cover
// letter changed; a *series.StateError changes nothing.
func StoreCollected(ctx context.Context, s *series.Series, got *Collected, now time.Time) (changed bool, err error) {
	if !got.Asked {
		return s.Edit(ctx, got.Text, CollectReason)
	}
	contents, err := s.Contents(ctx)
	if err != nil {
		return false, err
	}
	diffs := series.DiffsOf(contents)
	return s.EditRemembering(ctx, got.Text, CollectReason, now, func(st *series.State) {
		if st.Collected == nil || st.Collected.Diffs != diffs {
			st.Collected = &series.Collection{Diffs: diffs, When: now.UTC().Truncate(time.Second)}
		}
		st.Collected.Added = got.remembered()
	})
}

// silenced says which of b4's five checks are turned off by
// prep-pre-flight-checks. Beyond b4, a project cannot turn off needs-editing,
// which keeps a template from being mailed: that is the user's to say.
func silenced(settings *project.Settings) func(name string) bool {
	v, _ := settings.Get("prep-pre-flight-checks")
	off := map[string]bool{}
	for _, word := range strings.Split(v.Text, ",") {
		if name, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(word)), "disable-"); ok {
			off[name] = true
		}
	}
	return func(name string) bool {
		switch name {
		case needsEditing:
			return !v.FromTree() && (off["all"] || off[name])
		case needsChecking, needsCheckingDeps, needsAutoToCc, misplacedBody:
			return off["all"] || off[name]
		}
		return false
	}
}

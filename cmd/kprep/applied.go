package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/landing"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

// dropApplied finds the patches that the new base has, and asks whether they are
// to be left out, where git would not notice by itself. What the user has changed
// since it was mailed stays, and so does what was taken back.
func (e *env) dropApplied(c *cli.Context, repo *gitrepo.Repo, s *series.Series, o *series.RebaseOptions) error {
	onto, err := s.RebaseTarget(c.Context, *o)
	if err != nil || onto == s.Base || s.Has(onto) {
		return nil // whoever rebases says what is wrong
	}
	e.progress.doing("looking for patches that were applied")
	defer e.progress.doing("")
	patches, err := landing.Patches(c.Context, s)
	if err != nil {
		return err
	}
	found, err := landing.Find(c.Context, repo, s.Tracking.ChangeID, patches, []landing.Branch{{Name: "the new base", Tip: onto}}, []gitrepo.ID{s.Base})
	if err != nil {
		return err
	}
	var drop []gitrepo.ID
	asking := false
	for _, l := range found.Landings {
		p := &patches[l.Patch]
		title := patchmail.PrintableLine(p.Forms[0].Title)
		switch {
		case l.Reverted != "":
			o.Reapply = true
			e.notef("%q was applied as %s, and taken back by %s", title, l.Commit.Short(), l.Reverted.Short())
		case p.ChangedSince(l.Revision):
			e.warnf("%q was applied as %s, but you have changed it since it was mailed: it stays", title, l.Commit.Short())
		default:
			if drop = append(drop, p.Commit); !l.Same || l.Part {
				asking = true
				e.notef("%q was applied as %s%s", title, l.Commit.Short(), appliedHow(&l, found))
			}
		}
	}
	if asking && !c.Bool("drop-applied") {
		const otherwise = "--drop-applied leaves them out"
		switch err := e.confirm(c.Context, "Leave out what was applied?", otherwise); {
		case err == nil:
		case errors.Is(err, errDeclined):
			return nil
		case !e.mayPrompt():
			e.notef("%s", otherwise)
			return nil
		default:
			return err
		}
	}
	o.Drop = drop
	return nil
}

// appliedHow says in what form a patch has landed, as the end of a sentence; ""
// for as it is.
func appliedHow(l *landing.Landing, found *landing.Found) string {
	var words []string
	if l.Part {
		var others []string
		for _, other := range found.Landings {
			if other.Commit == l.Commit && other.Patch != l.Patch {
				others = append(others, fmt.Sprint(other.Patch+1))
			}
		}
		words = append(words, "together with "+strings.Join(others, " and "))
	}
	if !l.Same {
		words = append(words, "changed")
	}
	if len(words) == 0 {
		return ""
	}
	return ", " + strings.Join(words, ", ")
}

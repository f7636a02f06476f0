package landing

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A Basis says how a patch was found, the surest first.
type Basis string

// The ways to find a patch. In all of them the author is the same.
const (
	ByMessageID Basis = "message-id" // the commit names its mail
	ByPatchID   Basis = "patch-id"   // it is the same change
	ByTitle     Basis = "title"
	BySum       Basis = "sum" // with patches beside it, it is the same change as the commit
)

// A Landing is a patch that is in a branch of the project.
type Landing struct {
	Patch    int        `json:"patch"` // of the series, from 0
	Commit   gitrepo.ID `json:"commit"`
	Branch   string     `json:"branch"` // that has the commit, the first in the order that they were searched in
	Basis    Basis      `json:"basis"`
	Same     bool       `json:"same"`               // the commit makes the change that was mailed, or that the branch has
	Revision int        `json:"revision,omitempty"` // that it was mailed in; 0 when only the branch has it like that, or nobody knows
	Part     bool       `json:"part,omitempty"`     // the commit is this patch and others that have landed
	Reverted gitrepo.ID `json:"reverted,omitempty"` // the commit that took it back there; "" for none
	Stays    bool       `json:"stays,omitempty"`    // the branch has another change by now, which has not landed
}

// Bounds of a search.
const (
	maxWalked   = 10_000 // commits that are looked at, the newest
	maxCompared = 500    // commits of the patches' authors whose change is looked at
)

// A Found is what a search has found.
type Found struct {
	Landings []Landing   // in order of the patches, one for each at most
	Patches  []Patch     // that were looked for
	Mailed   map[int]int // how many patches each revision has; only from Search
	Partial  bool        // there were more commits than are looked at
	Pending  bool        // a branch has a commit that takes a patch back in another one, once that has it
}

// Of is the landing of a patch, nil for none.
func (f *Found) Of(patch int) *Landing {
	for i := range f.Landings {
		if f.Landings[i].Patch == patch {
			return &f.Landings[i]
		}
	}
	return nil
}

// A Branch is one to look into.
type Branch struct {
	Name string
	Tip  gitrepo.ID
}

// Find looks for patches in the commits of branches that are in none of except, in
// those that somebody made who is the author of a patch. Where a patch is in
// several branches the first counts, and of several commits there the oldest that
// was not taken back. Where somebody has changed the patch, the commit must still
// be like it: a title is soon used again, and a commit may name the mail of another.
// A branch that has a cover-letter commit of the series itself is a copy of it, and
// nothing has landed there.
func Find(ctx context.Context, repo *gitrepo.Repo, changeID string, patches []Patch, branches []Branch, except []gitrepo.ID) (*Found, error) {
	return NewHistory(repo).find(ctx, changeID, patches, branches, except, nil)
}

// find is Find where something has been found before: that stands, unless it is
// taken back.
func (h *History) find(ctx context.Context, changeID string, patches []Patch, branches []Branch, except []gitrepo.ID, before []Landing) (*Found, error) {
	f := &finder{patches: patches, reverted: map[gitrepo.ID][]revert{}, place: map[string]int{}}
	walked := 0
	for i, b := range branches {
		f.place[b.Name] = i
		if walked == maxWalked {
			break
		}
		known, copied := len(f.candidates), false
		commits, err := h.commits(ctx, b.Tip, except, maxWalked-walked)
		if err != nil {
			return nil, fmt.Errorf("look for applied patches: %w", err)
		}
		walked += len(commits)
		for _, c := range commits {
			copied = copied || strings.Contains(c.cover, changeID)
			c.branch = b.Name
			f.look(c)
		}
		if copied {
			f.candidates = f.candidates[:known]
		}
		except = append(slices.Clone(except), b.Tip)
	}
	compared := f.candidates[:min(len(f.candidates), maxCompared)]
	ids := make([]gitrepo.ID, len(compared))
	for i, c := range compared {
		ids[i] = c.id
	}
	changes, err := h.repo.PatchIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	f.changes = map[gitrepo.ID]string{}
	for i, id := range ids {
		f.changes[id] = changes[i]
	}
	if err := f.readGists(ctx, h.repo); err != nil {
		return nil, err
	}
	landings := f.match(before)
	if landings, err = addSums(ctx, h.repo, patches, landings, f.changes); err != nil {
		return nil, err
	}
	for i := range landings {
		l := &landings[i]
		l.Stays = patches[l.Patch].ChangedSince(l.Revision)
	}
	return &Found{Landings: landings, Patches: patches, Partial: walked == maxWalked, Pending: f.pending}, nil
}

// A finder keeps of the commits those that may be a patch.
type finder struct {
	patches    []Patch
	candidates []commit                // by an author of a patch, by branch, newest first
	reverted   map[gitrepo.ID][]revert // what was taken back, by which commits
	pending    bool                    // see Found
	place      map[string]int          // of a branch in their order
	changes    map[gitrepo.ID]string   // patch-ids of candidates
	gists      map[gitrepo.ID]gist     // of those that somebody has changed, and of the patches
}

// A revert is a commit that takes another one back in a branch.
type revert struct {
	id     gitrepo.ID
	branch string
}

func (f *finder) look(c commit) {
	for _, id := range c.reverts {
		f.reverted[id] = append(f.reverted[id], revert{c.id, c.branch})
	}
	if len(c.reverts) == 0 && slices.ContainsFunc(f.patches, func(p Patch) bool { return p.wrote(c.name, c.mailbox) }) {
		f.candidates = append(f.candidates, c)
	}
}

// revert is the commit that took another one of a branch back there, "" when none
// did or when it was itself taken back.
func (f *finder) revert(id gitrepo.ID, branch string) gitrepo.ID {
	const deep = 10 // who reverts a revert of a revert
	for _, by := range f.reverts(id, branch) {
		standing := true
		for above, n := f.reverts(by, branch), 0; len(above) > 0 && n < deep; n++ {
			above, standing = f.reverts(above[0], branch), !standing
		}
		if standing {
			return by
		}
	}
	return ""
}

// reverts are the commits that a branch may have and that take one back. Those of
// later branches it may get.
func (f *finder) reverts(id gitrepo.ID, branch string) []gitrepo.ID {
	var there []gitrepo.ID
	for _, by := range f.reverted[id] {
		if f.place[by.branch] <= f.place[branch] {
			there = append(there, by.id)
		} else {
			f.pending = true
		}
	}
	return there
}

// match pairs patches with candidates, by the surest way first.
func (f *finder) match(before []Landing) []Landing {
	var all []Landing
	for i := range f.patches {
		if at := slices.IndexFunc(before, func(l Landing) bool { return l.Patch == i }); at >= 0 {
			known := before[at]
			switch {
			case known.Reverted == "":
				known.Reverted = f.revert(known.Commit, known.Branch)
			case f.revert(known.Reverted, known.Branch) != "":
				known.Reverted = ""
			}
			if all = append(all, known); known.Reverted == "" {
				continue
			}
		}
		for _, by := range []func(int, *commit) *Landing{f.byMessageID, f.byPatchID, f.byTitle} {
			if found := f.best(i, by); found != nil {
				all = slices.DeleteFunc(all, func(l Landing) bool { return l.Patch == i })
				all = append(all, *found)
				break
			}
		}
	}
	return all
}

// best is the candidate of the first branch that is the patch, the oldest one
// that was not taken back; or else one that was.
func (f *finder) best(patch int, is func(int, *commit) *Landing) *Landing {
	var best *Landing
	for i := range f.candidates {
		c := &f.candidates[i]
		if !f.patches[patch].wrote(c.name, c.mailbox) {
			continue
		}
		found := is(patch, c)
		if found == nil {
			continue
		}
		found.Patch, found.Commit, found.Branch, found.Reverted = patch, c.id, c.branch, f.revert(c.id, c.branch)
		switch {
		case best == nil, best.Reverted != "" && found.Reverted == "":
			best = found
		case (best.Reverted == "") == (found.Reverted == "") && best.Branch == found.Branch:
			best = found // older
		}
	}
	return best
}

func (f *finder) byMessageID(patch int, c *commit) *Landing {
	form := f.patches[patch].namedBy(c)
	if form == nil {
		return nil
	}
	same := f.sameForm(patch, c) != nil
	if !same && !f.alike(patch, c, alikeByMessageID) {
		return nil
	}
	return &Landing{Basis: ByMessageID, Revision: form.Revision, Same: same}
}

func (f *finder) byPatchID(patch int, c *commit) *Landing {
	form := f.sameForm(patch, c)
	if form == nil {
		return nil
	}
	return &Landing{Basis: ByPatchID, Revision: form.Revision, Same: true}
}

// sameForm is the form of the patch that a commit makes the change of; a mailed
// one rather than that of the branch.
func (f *finder) sameForm(patch int, c *commit) *Form {
	change := f.changes[c.id]
	is := func(form *Form) bool { return change != "" && form.PatchID == change }
	if mailed := f.patches[patch].form(func(form *Form) bool { return form.Revision > 0 && is(form) }); mailed != nil {
		return mailed
	}
	return f.patches[patch].form(is)
}

// byTitle believes a title that no other patch has or had, and a commit that
// names no mail of another patch.
func (f *finder) byTitle(patch int, c *commit) *Landing {
	if !f.patches[patch].isTitled(c.title) {
		return nil
	}
	for i := range f.patches {
		other := &f.patches[i]
		if i == patch {
			continue
		}
		if other.isTitled(c.title) || other.namedBy(c) != nil || f.sameForm(i, c) != nil {
			return nil
		}
	}
	if !f.alike(patch, c, alikeByTitle) {
		return nil
	}
	return &Landing{Basis: ByTitle}
}

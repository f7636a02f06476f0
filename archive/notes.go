package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// maxDepth is how far below a ref the commits of a series lie at most, twice
// what a series may be long.
const maxDepth = 2000

// commits are those of the branch and of every revision that was sent.
func (r *Removal) commits() ([]gitrepo.ID, error) {
	s := r.Series
	all, err := below(r.repo, s.Tip, s.Base)
	if err != nil {
		return nil, err
	}
	for _, tag := range r.Tags {
		base := s.SentBase(tag)
		if base == "" {
			continue
		}
		sent, err := below(r.repo, tag.Peeled, base)
		if err != nil {
			return nil, err
		}
		all = append(all, sent...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// below lists a commit and its first parents down to base, exclusive, as far
// as they are here.
func below(repo *gitrepo.Repo, tip, base gitrepo.ID) ([]gitrepo.ID, error) {
	var all []gitrepo.ID
	for id := tip; id != base && len(all) < maxDepth; {
		c, err := repo.Commit(string(id))
		if len(all) > 0 && errors.As(err, new(*gitrepo.MissingError)) {
			break // a shallow clone ends here
		}
		if err != nil {
			return nil, err
		}
		all = append(all, c.ID)
		if len(c.Parents) == 0 {
			break
		}
		id = c.Parents[0]
	}
	return all, nil
}

func (p *packer) addNotes(ctx context.Context) error {
	commits, err := p.r.commits()
	if err != nil {
		return err
	}
	notes, err := p.r.repo.NotesOf(ctx, commits)
	if err != nil || len(notes) == 0 {
		return err
	}
	text, err := json.Marshal(notes)
	if err != nil {
		return err
	}
	return p.add(entryNotes, text)
}

func (a *Archive) parseNotes(text []byte) error {
	if text == nil {
		return nil
	}
	if err := json.Unmarshal(text, &a.notes); err != nil {
		return err
	}
	for _, n := range a.notes {
		if !strings.HasPrefix(n.Ref, "refs/notes/") {
			return fmt.Errorf("%q is no notes ref", n.Ref)
		}
		if !objectID().MatchString(string(n.Commit)) {
			return fmt.Errorf("%q is no object name", n.Commit)
		}
	}
	return nil
}

// checkNotes makes sure that the notes are of commits that the archived refs
// lead to: a stranger has nothing to say about any other.
func (a *Archive) checkNotes(repo *gitrepo.Repo) error {
	if len(a.notes) == 0 {
		return nil
	}
	ours := map[gitrepo.ID]bool{}
	for _, ref := range a.refs() {
		commits, err := below(repo, ref.Object, "")
		if err != nil {
			return err
		}
		for _, id := range commits {
			ours[id] = true
		}
	}
	for _, n := range a.notes {
		if !ours[n.Commit] {
			return fmt.Errorf("%s: the commit %s is not of the series", entryNotes, n.Commit.Short())
		}
	}
	return nil
}

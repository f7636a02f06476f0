package landing

import (
	"bytes"
	"context"

	"github.com/kprep/kprep/gitrepo"
)

// How much of the smaller of two changes has to be in the larger one, so that
// they can be two states of one patch: where nothing but the title says so, and
// where the commit names the mail.
const (
	alikeByTitle     = 0.5
	alikeByMessageID = 0.25
)

// A gist is what a change says: the names of its files, and the lines of its
// hunks, with those around them, that hold a letter or a digit; each with how
// often it is there.
type gist map[string]int

func gistOf(diff []byte) gist {
	g := gist{}
	inHunk := false
	for line := range bytes.Lines(diff) {
		switch {
		case bytes.HasPrefix(line, []byte("diff --git ")):
			inHunk = false
			g[string(line)]++
		case bytes.HasPrefix(line, []byte("@@ ")):
			inHunk = true
		case inHunk:
			if text := bytes.TrimSpace(line[1:]); bytes.ContainsFunc(text, isWordRune) {
				g[string(text)]++
			}
		}
	}
	return g
}

func isWordRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r >= 0x80
}

// likeness is the share of the smaller one that is in the other, from 0 to 1.
func (g gist) likeness(other gist) float64 {
	common, size, otherSize := 0, 0, 0
	for text, n := range g {
		common += min(n, other[text])
		size += n
	}
	for _, n := range other {
		otherSize += n
	}
	if size == 0 || otherSize == 0 {
		return 0
	}
	return float64(common) / float64(min(size, otherSize))
}

// readGists reads what candidates change that somebody has changed, and the
// patches that they may be.
func (f *finder) readGists(ctx context.Context, repo *gitrepo.Repo) error {
	var ids []gitrepo.ID
	f.gists = map[gitrepo.ID]gist{}
	add := func(id gitrepo.ID) {
		if _, known := f.gists[id]; !known {
			ids, f.gists[id] = append(ids, id), nil
		}
	}
	for i := range f.candidates {
		c := &f.candidates[i]
		for n := range f.patches {
			if p := &f.patches[n]; (p.namedBy(c) != nil || p.isTitled(c.title)) && f.sameForm(n, c) == nil {
				add(c.id)
				add(p.Commit)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return repo.EachPatch(ctx, ids, func(i int, p gitrepo.Patch) error {
		f.gists[ids[i]] = gistOf(p.Diff)
		return nil
	})
}

// alike says whether a commit can be the patch, as somebody has changed it.
func (f *finder) alike(patch int, c *commit, least float64) bool {
	return f.gists[f.patches[patch].Commit].likeness(f.gists[c.id]) >= least
}

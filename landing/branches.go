package landing

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// DefaultBranches are globs for the remote-tracking branches that patches land in.
// What somebody pushed for others to look at is not among them.
func DefaultBranches() []string {
	return []string{"*/main", "*/master", "*/trunk", "*/next", "*/for-next", "*/*-next", "*/fixes", "*/for-linus", "*/devel"}
}

// maxBranches bounds how many branches are looked into.
const maxBranches = 40

// Branches picks those to look into out of all refs: first, in that order, those
// of first, by full name, then the remote-tracking branches that globs stand for,
// in order of the globs and of names. Without a glob they are those of
// DefaultBranches, and what the HEADs of remotes lead to.
func Branches(refs map[string]gitrepo.ID, first, globs []string) []Branch {
	const remotes = "refs/remotes/"
	var all []Branch
	add := func(ref string) {
		name := strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), remotes)
		known := slices.ContainsFunc(all, func(b Branch) bool { return b.Name == name })
		if id := refs[ref]; id != "" && !known && len(all) < maxBranches {
			all = append(all, Branch{Name: name, Tip: id})
		}
	}
	for _, ref := range first {
		add(ref)
	}
	names := slices.Sorted(maps.Keys(refs))
	if len(globs) == 0 {
		globs = append(DefaultBranches(), "*/HEAD")
	}
	for _, glob := range globs {
		for _, ref := range names {
			name, remote := strings.CutPrefix(ref, remotes)
			if ok, err := path.Match(glob, name); remote && ok && err == nil {
				add(ref)
			}
		}
	}
	return withoutTwins(all)
}

// withoutTwins keeps of branches at the same commit the first.
func withoutTwins(all []Branch) []Branch {
	seen := map[gitrepo.ID]bool{}
	return slices.DeleteFunc(all, func(b Branch) bool {
		twin := seen[b.Tip]
		seen[b.Tip] = true
		return twin
	})
}

package trailers

import "slices"

// A Patch is one patch of a series.
type Patch struct {
	Title   string // the subject, without what stands in brackets in front of it
	PatchID string // "" when it is not known
	Message string // the commit message; of those of the branch alone
}

// A Revision is a series as it was mailed once. A patch that nothing is known of
// is zero.
type Revision struct {
	Number  int
	Patches []Patch
}

// A Basis says how a patch that was mailed was found in the branch, the surest
// first.
type Basis int

// The ways to find a patch again.
const (
	ByPatchID Basis = iota // it is the same change
	ByLink                 // the commit has a Link trailer to its mail
	ByTitle                // some revision has the same title, and only once
	ByPlace                // it stands between the same neighbours
)

func (b Basis) String() string { return [...]string{"patch-id", "link", "title", "place"}[b] }

// MarshalText gives the word.
func (b Basis) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// A kin is what became of a patch in a later revision.
type kin struct {
	index int // -1 for nothing, or for more than one
	basis Basis
}

// follow pairs the patches of two revisions, and returns for each of the first
// what became of it: by the change, then by a title that neither has twice, then
// by the place between neighbours that are known. What fits two is never guessed.
func follow(from, to []Patch) []kin {
	found := make([]kin, len(from))
	for i := range found {
		found[i].index = -1
	}
	taken := make([]bool, len(to))
	pair := func(basis Basis, before, after map[string]int, key func(Patch) string) {
		for i, p := range from {
			k := key(p)
			if found[i].index >= 0 || k == "" || before[k] < 0 {
				continue
			}
			if j, there := after[k]; there && j >= 0 && !taken[j] {
				found[i], taken[j] = kin{j, basis}, true
			}
		}
	}
	change := func(p Patch) string { return p.PatchID }
	pair(ByPatchID, single(from, change), single(to, change), change)
	title := func(p Patch) string { return p.Title }
	before, after := single(from, title), single(to, title)
	pair(ByTitle, before, after, title)
	twice := make([]bool, len(from))
	for i, p := range from {
		twice[i] = before[p.Title] < 0 || after[p.Title] < 0
	}
	pairByPlace(found, taken, twice)
	return found
}

// single are the patches by a key, -1 where several have the same.
func single(patches []Patch, key func(Patch) string) map[string]int {
	at := make(map[string]int, len(patches))
	for i, p := range patches {
		k := key(p)
		if _, twice := at[k]; twice {
			at[k] = -1
		} else {
			at[k] = i
		}
	}
	return at
}

// pairByPlace pairs a single patch with a single one where both stand between
// the same neighbours, or at the same end. One whose title is there twice could
// be another one as well.
func pairByPlace(found []kin, taken, twice []bool) {
	n := len(found)
	neighbour := func(i int, end int) int { // where the neighbour went
		if i < 0 || i >= n {
			return end
		}
		return found[i].index
	}
	var placed []int
	for i := range found {
		if found[i].index >= 0 || twice[i] {
			continue
		}
		before := neighbour(i-1, -1)
		if i > 0 && before < 0 {
			continue
		}
		after := neighbour(i+1, len(taken))
		if i+1 < n && after < 0 {
			continue
		}
		if after == before+2 && !taken[before+1] {
			placed = append(placed, i, before+1)
		}
	}
	for k := 0; k < len(placed); k += 2 {
		found[placed[k]] = kin{placed[k+1], ByPlace}
	}
}

// A lineage follows patches through the revisions to the branch of today.
type lineage struct {
	revisions []Revision // by number; the last is the branch
	recorded  []bool     // which of them are on record, the branch among them
	at        map[int]int
	pairs     map[[2]int][]kin
}

// newLineage puts revisions in their order. The claimed ones are not on record:
// they lead to those that are, which do not lead to them.
func newLineage(sent, claimed []Revision, today []Patch) *lineage {
	revisions := slices.Concat(sent, claimed)
	slices.SortStableFunc(revisions, func(a, b Revision) int { return a.Number - b.Number })
	l := &lineage{revisions: append(revisions, Revision{Patches: today}), at: map[int]int{}, pairs: map[[2]int][]kin{}}
	onRecord := map[int]bool{}
	for _, r := range sent {
		onRecord[r.Number] = true
	}
	for i, r := range revisions {
		l.at[r.Number] = i
		l.recorded = append(l.recorded, onRecord[r.Number])
	}
	l.recorded = append(l.recorded, true)
	return l
}

// patches are those of a revision, nil when it is not known.
func (l *lineage) patches(revision int) []Patch {
	if at, known := l.at[revision]; known {
		return l.revisions[at].Patches
	}
	return nil
}

// has says whether some patch of a revision is known to be that change.
func (l *lineage) has(revision, index int, patchID string) bool {
	patches := l.patches(revision)
	return index >= 0 && index < len(patches) && patches[index].PatchID == patchID
}

// today says what became of a patch of a revision in the branch.
func (l *lineage) today(revision, index int) kin {
	at, known := l.at[revision]
	none := kin{index: -1}
	if !known || index < 0 || index >= len(l.revisions[at].Patches) {
		return none
	}
	now := kin{index: index, basis: ByPatchID}
	for next := at + 1; next < len(l.revisions); next++ {
		if l.recorded[at] && !l.recorded[next] {
			continue
		}
		key := [2]int{at, next}
		if l.pairs[key] == nil {
			l.pairs[key] = follow(l.revisions[at].Patches, l.revisions[next].Patches)
		}
		if k := l.pairs[key][now.index]; k.index >= 0 {
			at, now = next, kin{k.index, max(now.basis, k.basis)}
		}
	}
	if at < len(l.revisions)-1 {
		return none
	}
	return now
}

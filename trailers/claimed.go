package trailers

import "slices"

// What mails may claim: patches in a revision, such revisions, and patches in all
// of them.
const (
	maxPatches   = 10_000
	maxClaimed   = 100
	maxAllClaims = 20_000
)

// sent are the revisions on record that something is known of.
func (b Branch) sent() []Revision {
	var all []Revision
	for _, r := range b.Sent {
		patches := slices.Clone(r.Patches)
		for i := range patches {
			patches[i].Title = squeeze(patches[i].Title)
		}
		if len(patches) > 0 {
			all = append(all, Revision{r.Number, patches})
		}
	}
	return all
}

// claimed are the revisions that are not on record, as the mails show them.
func (c *collector) claimed() []Revision {
	var all []Revision
	at := map[int]int{}
	left := maxAllClaims
	for i := range c.posts {
		p, s := &c.posts[i], c.subjects[i]
		if c.recorded[s.Revision] > 0 || p.PatchID == "" || !c.posted[i] || s.Total > maxPatches || !c.isMine(i) {
			continue
		}
		n, known := at[s.Revision]
		if !known {
			if len(all) == maxClaimed || s.Total > left {
				continue
			}
			left -= s.Total
			n = len(all)
			at[s.Revision] = n
			all = append(all, Revision{Number: s.Revision, Patches: make([]Patch, s.Total)})
		}
		if s.Counter <= len(all[n].Patches) && all[n].Patches[s.Counter-1] == (Patch{}) {
			all[n].Patches[s.Counter-1] = Patch{Title: squeeze(s.Title), PatchID: p.PatchID}
		}
	}
	return all
}

package trailers

import "slices"

// A Mailed is what a patch of the branch was mailed as.
type Mailed struct {
	Patch
	Revision   int
	MessageIDs []string // as far as they are known, in order
}

// Mailed lists for each patch of the branch what it was mailed as, in the order of
// b.Sent, as far as that is sure. See [Basis].
func (b Branch) Mailed() [][]Mailed {
	all := make([][]Mailed, len(b.Patches))
	known := knownIDs(b)
	ids := map[place][]string{}
	for _, id := range b.MessageIDs() {
		ids[known[id]] = append(ids[known[id]], id)
	}
	l := newLineage(b.Sent, nil, b.Patches)
	for _, r := range b.Sent {
		for i, p := range r.Patches {
			if now := l.today(r.Number, i); now.index >= 0 {
				all[now.index] = append(all[now.index], Mailed{Patch: p, Revision: r.Number, MessageIDs: slices.Clone(ids[place{r.Number, i + 1}])})
			}
		}
	}
	return all
}

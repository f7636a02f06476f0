package submission

import (
	"slices"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

// merge puts those who were named into the text of the cover letter. What the
// user did there since the last collection stays done: whoever was taken out
// stays out, unless again is set.
func (g *Collected) merge(s *series.Series, to, cc []patchmail.Address, again bool) error {
	state, err := s.State()
	if err != nil {
		return err
	}
	if state.Collected != nil {
		g.earlier = state.Collected.Added
	}
	before, err := coverletter.Parse(s.Text)
	if err != nil {
		return err
	}
	present := slices.Concat(before.To, before.Cc)
	named := slices.Concat(to, cc)
	if err := g.leaveDropped(s, &to, &cc); err != nil {
		return err
	}
	if !again {
		to, cc = g.leaveOut(to, present), g.leaveOut(cc, present)
	}
	g.Text = coverletter.AddRecipients(s.Text, to, cc)
	after, err := coverletter.Parse(g.Text)
	if err != nil {
		return err
	}
	g.To, g.Cc = without(after.To, before.To), without(after.Cc, before.Cc)
	for _, a := range present {
		if g.wasAdded(a) && !contains(named, a) {
			g.Stale = append(g.Stale, a)
		}
	}
	return nil
}

// leaveDropped takes those out of both lists who were dropped from this
// repository.
func (g *Collected) leaveDropped(s *series.Series, lists ...*[]patchmail.Address) error {
	dropped, err := s.Dropped()
	if err != nil {
		return err
	}
	for _, list := range lists {
		*list = slices.DeleteFunc(slices.Clone(*list), func(a patchmail.Address) bool {
			is := slices.Contains(dropped, a.Key())
			if is && !contains(g.Dropped, a) {
				g.Dropped = append(g.Dropped, a)
			}
			return is
		})
	}
	return nil
}

// leaveOut returns the list less those whom an earlier collection added and
// who are not present any more.
func (g *Collected) leaveOut(list, present []patchmail.Address) []patchmail.Address {
	var kept []patchmail.Address
	for _, a := range list {
		switch {
		case !g.wasAdded(a) || contains(present, a):
			kept = append(kept, a)
		case !contains(g.LeftOut, a):
			g.LeftOut = append(g.LeftOut, a)
		}
	}
	return kept
}

func (g *Collected) wasAdded(a patchmail.Address) bool { return slices.Contains(g.earlier, a.Key()) }

// Prune takes the stale recipients out of the text.
func (g *Collected) Prune() {
	g.Text, g.pruned = coverletter.DropRecipients(g.Text, g.Stale)
}

// remembered are the mailboxes that collecting has added by now.
func (g *Collected) remembered() []string {
	var all []string
	for _, key := range g.earlier {
		if !slices.ContainsFunc(g.pruned, func(a patchmail.Address) bool { return a.Key() == key }) {
			all = append(all, key)
		}
	}
	for _, a := range slices.Concat(g.To, g.Cc) {
		if !slices.Contains(all, a.Key()) {
			all = append(all, a.Key())
		}
	}
	return all
}

package landing

import (
	"context"
	"fmt"
	"slices"

	"github.com/kprep/kprep/cache"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
)

// Search looks for the patches of a series in branches, where [Find] does, and
// keeps what it finds in the cache of the repository: next time only what is new
// in the branches is looked at.
func (h *History) Search(ctx context.Context, s series.Listed, branches []Branch) (*Found, error) {
	m := remembered(h.repo, s)
	if m.Patches == nil || !slices.Equal(m.Branches, branches) {
		if err := m.renew(ctx, h, s, branches); err != nil {
			return nil, err
		}
		m.keep(h.repo, s.Series)
	}
	return &Found{Landings: m.Landings, Partial: m.Partial, Patches: m.Patches, Mailed: m.Mailed}, nil
}

// Prepare reads at once what the searches for several series would read for each.
func (h *History) Prepare(ctx context.Context, all []series.Listed) error {
	var ids []gitrepo.ID
	for _, s := range all {
		if remembered(h.repo, s).Patches == nil {
			ids = append(ids, s.Commits()...)
		}
	}
	_, err := h.repo.PatchIDs(ctx, ids)
	return err
}

// renew looks for what is not known yet.
func (m *memory) renew(ctx context.Context, h *History, s series.Listed, branches []Branch) (err error) {
	if m.Patches == nil {
		known, err := s.Reviewed(ctx)
		if err != nil {
			return err
		}
		m.Patches, m.Mailed = patchesOf(s.Series, known), map[int]int{}
		for _, r := range known.Branch.Sent {
			m.Mailed[r.Number] = len(r.Patches)
		}
	}
	found, err := m.search(ctx, h, s.Series, branches)
	if err != nil {
		return err
	}
	m.Landings, m.Partial, m.Pending, m.Branches = found.Landings, found.Partial, found.Pending, branches
	return nil
}

// memoryForm is the version of what this kprep keeps.
const memoryForm = 2

// A memory is what a search has left behind.
type memory struct {
	Form     int         `json:"form"`
	State    string      `json:"state"` // of the series that it is about
	Patches  []Patch     `json:"patches"`
	Mailed   map[int]int `json:"mailed"`   // how many patches each revision has
	Branches []Branch    `json:"branches"` // as they were
	Landings []Landing   `json:"landings"`
	Partial  bool        `json:"partial,omitempty"`
	Pending  bool        `json:"pending,omitempty"` // so that a branch may get what another one is known to have
}

func memoryFile(repo *gitrepo.Repo, s *series.Series) string {
	return cache.File(repo, "landing", s.Tracking.ChangeID)
}

// remembered is what is known of the series as it is now. What cannot be read is
// forgotten.
func remembered(repo *gitrepo.Repo, s series.Listed) *memory {
	state := fmt.Sprintf("%s %s", s.Base, s.End())
	for _, revision := range s.Sent {
		state += " " + string(revision.Object) + " " + revision.FirstID
	}
	var m memory
	if known, err := cache.Read(memoryFile(repo, s.Series), &m); err != nil || !known || m.Form != memoryForm || m.State != state || m.Patches != nil && !m.fits(s.Series) {
		return &memory{Form: memoryForm, State: state}
	}
	return &m
}

// fits says whether all that is known is about patches that are there.
func (m *memory) fits(s *series.Series) bool {
	return len(m.Patches) == len(s.Patches) && !slices.ContainsFunc(m.Patches, func(p Patch) bool { return len(p.Forms) == 0 }) &&
		!slices.ContainsFunc(m.Landings, func(l Landing) bool { return l.Patch < 0 || l.Patch >= len(s.Patches) })
}

// keep stores what was found. It is no loss where that cannot be.
func (m *memory) keep(repo *gitrepo.Repo, s *series.Series) {
	_ = cache.Keep(memoryFile(repo, s), m)
}

// search looks at all, or at what is new where branches have only grown.
func (m *memory) search(ctx context.Context, h *History, s *series.Series, branches []Branch) (*Found, error) {
	except := []gitrepo.ID{s.Base}
	grown := len(m.Branches) > 0 && !m.Pending
	for _, was := range m.Branches {
		i := slices.IndexFunc(branches, func(b Branch) bool { return b.Name == was.Name })
		if i < 0 {
			grown = false
			break
		}
		if branches[i].Tip == was.Tip {
			continue
		}
		ok, err := h.repo.Ancestor(ctx, was.Tip, branches[i].Tip)
		if err != nil || !ok { // it was rewound, and git may have taken the commit
			grown = false
			break
		}
	}
	if !grown {
		return h.find(ctx, s.Tracking.ChangeID, m.Patches, branches, except, nil)
	}
	for _, was := range m.Branches {
		except = append(except, was.Tip)
	}
	more, err := h.find(ctx, s.Tracking.ChangeID, m.Patches, branches, except, m.Landings)
	if more != nil {
		more.Partial = more.Partial || m.Partial
	}
	return more, err
}

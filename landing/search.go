package landing

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
)

// Search looks for the patches of a series in branches, where [Find] does, and
// keeps what it finds in the cache of the repository: next time only what is new
// in the branches is looked at.
func Search(ctx context.Context, repo *gitrepo.Repo, s *series.Series, branches []Branch) (*Found, error) {
	m, err := remembered(ctx, repo, s)
	if err != nil {
		return nil, err
	}
	switch {
	case m.Patches != nil && m.looked(branches):
		return &Found{Landings: m.Landings, Partial: m.Partial}, nil
	case m.Patches == nil:
		if m.Patches, err = Patches(ctx, s); err != nil {
			return nil, err
		}
	}
	found, err := m.search(ctx, repo, s, branches)
	if err != nil {
		return nil, err
	}
	m.Landings, m.Partial, m.Branches = found.Landings, found.Partial, branches
	m.keep(repo, s)
	return found, nil
}

// memoryForm is the version of what this kprep keeps.
const memoryForm = 1

// A memory is what a search has left behind.
type memory struct {
	Form     int       `json:"form"`
	State    string    `json:"state"` // of the series that it is about
	Patches  []Patch   `json:"patches"`
	Branches []Branch  `json:"branches"` // as they were
	Landings []Landing `json:"landings"`
	Partial  bool      `json:"partial,omitempty"`
}

func memoryFile(repo *gitrepo.Repo, s *series.Series) string {
	return filepath.Join(repo.CommonDir, "kprep", "cache", "landing", s.Tracking.ChangeID+".json")
}

// remembered is what is known of the series as it is now. What cannot be read is
// forgotten.
func remembered(ctx context.Context, repo *gitrepo.Repo, s *series.Series) (*memory, error) {
	sent, err := s.Sent(ctx)
	if err != nil {
		return nil, err
	}
	state := fmt.Sprintf("%s %s", s.Base, s.End())
	for _, revision := range sent {
		state += " " + string(revision.Object) + " " + revision.FirstID
	}
	var m memory
	text, err := os.ReadFile(memoryFile(repo, s))
	if err != nil || json.Unmarshal(text, &m) != nil || m.Form != memoryForm || m.State != state {
		return &memory{Form: memoryForm, State: state}, nil
	}
	return &m, nil
}

// keep stores what was found. It is no loss where that cannot be.
func (m *memory) keep(repo *gitrepo.Repo, s *series.Series) {
	file := memoryFile(repo, s)
	text, err := json.Marshal(m)
	if err == nil && os.MkdirAll(filepath.Dir(file), 0o700) == nil {
		_ = renameio.WriteFile(file, text, 0o600, renameio.WithTempDir(filepath.Dir(file)))
	}
}

func (m *memory) looked(branches []Branch) bool { return slices.Equal(m.Branches, branches) }

// search looks at all, or at what is new where branches have only grown.
func (m *memory) search(ctx context.Context, repo *gitrepo.Repo, s *series.Series, branches []Branch) (*Found, error) {
	except := []gitrepo.ID{s.Base}
	grown := len(m.Branches) > 0
	for _, was := range m.Branches {
		i := slices.IndexFunc(branches, func(b Branch) bool { return b.Name == was.Name })
		if i < 0 {
			grown = false
			break
		}
		if branches[i].Tip == was.Tip {
			continue
		}
		ok, err := repo.Ancestor(ctx, was.Tip, branches[i].Tip)
		if err != nil || !ok { // it was rewound, and git may have taken the commit
			grown = false
			break
		}
	}
	if !grown {
		return Find(ctx, repo, s.Tracking.ChangeID, m.Patches, branches, except)
	}
	for _, was := range m.Branches {
		except = append(except, was.Tip)
	}
	more, err := find(ctx, repo, s.Tracking.ChangeID, m.Patches, branches, except, m.Landings)
	if more != nil {
		more.Partial = more.Partial || m.Partial
	}
	return more, err
}

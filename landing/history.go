package landing

import (
	"context"
	"fmt"
	"sync"

	"github.com/kprep/kprep/gitrepo"
)

// A History is what was read of the branches of a repository, for who looks for
// the patches of several series.
type History struct {
	repo *gitrepo.Repo

	mu    sync.Mutex
	walks map[string]func() ([]commit, error)
	kept  int // commits
}

// NewHistory knows nothing yet.
func NewHistory(repo *gitrepo.Repo) *History {
	return &History{repo: repo, walks: map[string]func() ([]commit, error){}}
}

// maxKept bounds how many commits are kept.
const maxKept = 5 * maxWalked

// commits are those of a tip that are in none of except, the newest first, at most
// limit of them. Who asks for the same at the same time waits for one answer.
func (h *History) commits(ctx context.Context, tip gitrepo.ID, except []gitrepo.ID, limit int) ([]commit, error) {
	key := fmt.Sprint(tip, except, limit)
	h.mu.Lock()
	read := h.walks[key]
	if read == nil {
		read = sync.OnceValues(func() ([]commit, error) { return h.read(ctx, tip, except, limit) })
		h.walks[key] = read
	}
	h.mu.Unlock()
	return read()
}

func (h *History) read(ctx context.Context, tip gitrepo.ID, except []gitrepo.ID, limit int) (all []commit, err error) {
	err = h.repo.Messages(ctx, []gitrepo.ID{tip}, except, limit, func(l gitrepo.Logged) error {
		all = append(all, readCommit(l))
		return nil
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.kept += len(all); h.kept > maxKept {
		clear(h.walks)
		h.kept = 0
	}
	return all, err
}

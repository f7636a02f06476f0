package dashboard

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/kprep/kprep/cache"
	"github.com/kprep/kprep/series"
)

// memoryForm is the version of what this kprep keeps; another one is forgotten.
const memoryForm = 2

// A memory is what was found out about the series of a repository, each with a
// key of all that it depends on.
type memory struct {
	Form   int              `json:"form"`
	Series map[string]keyed `json:"series"` // by full name of the branch

	mu    sync.Mutex
	file  string
	fresh bool // there is something new in it
}

type keyed struct {
	Key      string    `json:"key"`
	Standing *Standing `json:"standing"`
	Sound    bool      `json:"sound"` // its cover letter is in its place
}

// remember reads what is known of the repository. What cannot be read is forgotten.
func (r *reader) remember() (*memory, error) {
	config, err := r.repo.Config()
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	for _, key := range config.Keys() {
		fmt.Fprintf(h, "%q %q\n", key, config.All(key))
	}
	r.config = hex.EncodeToString(h.Sum(nil))
	m := &memory{file: cache.File(r.repo, "dashboard")}
	if known, err := cache.Read(m.file, m); err != nil || !known || m.Form != memoryForm || m.Series == nil {
		m.Form, m.Series = memoryForm, map[string]keyed{}
	}
	return m, nil
}

// of is what is known of a series, which may be nothing but the key.
func (m *memory) of(s series.Listed, key string) keyed {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.Series[s.Branch]; known.Key == key {
		return known
	}
	return keyed{Key: key}
}

// put keeps what was found out, unless something could not be.
func (m *memory) put(s series.Listed, found keyed) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if found.Standing != nil && len(found.Standing.Trouble) == 0 {
		copied := *found.Standing
		found.Standing = &copied
		m.Series[s.Branch], m.fresh = found, true
	}
}

// keep stores the memory, without branches that are gone. It is no loss where that
// cannot be.
func (m *memory) keep(v *view) {
	if !m.fresh {
		return
	}
	for branch := range m.Series {
		if !v.isSeries(branch) {
			delete(m.Series, branch)
		}
	}
	_ = cache.Keep(m.file, m)
}

// key is made of all that the standing of a series depends on, beside the other
// series of the repository.
func (r *reader) key(s series.Listed) string {
	h := sha256.New()
	fmt.Fprintln(h, r.config, r.home, s.Branch, s.Tip, s.Base, s.Storage)
	if s.Storage == series.BranchDescription {
		fmt.Fprintln(h, s.Text) // the tip says nothing of it
	}
	for _, sent := range s.Sent {
		fmt.Fprintln(h, sent.Tag, sent.Object)
	}
	for _, ref := range r.view.names {
		if strings.HasPrefix(ref, "refs/heads/") { // what no branch has any more is the series'
			fmt.Fprintln(h, ref)
		}
	}
	for _, b := range r.view.branches(s) {
		fmt.Fprintln(h, b.Name, b.Tip)
	}
	for _, ref := range r.view.names {
		if strings.HasPrefix(ref, "refs/remotes/") && strings.HasSuffix(ref, "/"+s.Name()) || ref == r.view.Upstreams[s.Branch] {
			fmt.Fprintln(h, ref, r.view.Refs[ref])
		}
	}
	dir, id := filepath.Join(r.repo.CommonDir, "kprep"), s.Tracking.ChangeID
	stamp(h, filepath.Join(dir, filepath.FromSlash(series.StatePath(id))))
	stamp(h, filepath.Join(dir, filepath.FromSlash(series.SeenPath(id))))
	stamp(h, cache.File(r.repo, "feedback", id))
	stamp(h, patchworkFile(r.repo, id))
	stamp(h, filepath.Join(r.repo.CommonDir, "b4-trailers-ignore.json"))
	_ = filepath.WalkDir(filepath.Join(dir, "send", id), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case entry.IsDir() && entry.Name() == "msg":
			return fs.SkipDir
		}
		stamp(h, path)
		return nil
	})
	return hex.EncodeToString(h.Sum(nil))
}

// stamp notes whether a file is there, and which it is.
func stamp(h hash.Hash, path string) {
	info, err := os.Lstat(path)
	if err != nil {
		fmt.Fprintln(h, path, "-")
		return
	}
	fmt.Fprintln(h, path, info.Size(), info.ModTime().UnixNano())
}

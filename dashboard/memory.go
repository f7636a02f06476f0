package dashboard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/kprep/kprep/cache"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
)

// memoryForm is the version of what this kprep keeps; another one is forgotten.
const memoryForm = 4

// A memory is what was found out about the series of a repository, each with a
// key of all that it depends on.
type memory struct {
	Form   int              `json:"form"`
	State  string           `json:"state,omitempty"`  // of the repository, when these were all of its series, and nothing was wrong; else ""
	Series map[string]keyed `json:"series"`           // by full name of the branch
	Barren []gitrepo.ID     `json:"barren,omitempty"` // see series.Listing; nil where the clone is shallow, and may get what is below

	mu    sync.Mutex
	file  string
	fresh bool // there is something new in it
}

type keyed struct {
	Key      string    `json:"key"`
	Files    string    `json:"files"` // a key of the files of ours that it depends on
	Standing *Standing `json:"standing"`
	Sound    string    `json:"sound"` // the branches, as a key, for which its cover letter is in its place; "" for none
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

// state is made of all that decides which series a repository has: its refs, what
// is configured, and who the user is.
func (r *reader) state(ctx context.Context) (string, error) {
	refs, err := r.repo.RefValues(ctx, "refs/heads/", "refs/remotes/", "refs/tags/sent/")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %q\n", r.config, r.home, r.repo.IdentitySettings())
	stamp(h, r.shallowFile())
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		fmt.Fprintln(h, name, refs[name])
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// whole is what is known of all series, in order of branches, when nothing has
// changed since that was found out; else nil.
func (m *memory) whole(r *reader, state string) []*Standing {
	if m.State != state {
		return nil
	}
	all := []*Standing{}
	for _, branch := range slices.Sorted(maps.Keys(m.Series)) {
		known := m.Series[branch]
		if known.Standing == nil || known.Files != r.files(known.Standing.ChangeID) {
			return nil
		}
		all = append(all, known.Standing)
	}
	return all
}

// of is what is known of a series, which may be nothing but the keys.
func (m *memory) of(s series.Listed, key, files string) keyed {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.Series[s.Branch]; known.Key == key && known.Files == files {
		return known
	}
	return keyed{Key: key, Files: files}
}

// put keeps what was found out, unless something could not be, or is true only for
// as long as another process lives, whose end leaves no trace in files.
func (m *memory) put(s series.Listed, found keyed) {
	m.mu.Lock()
	defer m.mu.Unlock()
	lasts := found.Standing != nil && len(found.Standing.Trouble) == 0
	if lasts && (found.Standing.OpenSend == nil || found.Standing.OpenSend.Running == nil) {
		copied := *found.Standing
		found.Standing = &copied
		m.Series[s.Branch], m.fresh = found, true
	}
}

// keep stores the memory, without branches that are gone. State is "" when it does
// not say all. It is no loss where that cannot be.
func (m *memory) keep(r *reader, state string) {
	heads := r.view.heads()
	for _, s := range r.view.All {
		if m.Series[s.Branch].Sound != heads {
			state = ""
		}
	}
	if !m.fresh && m.State == state {
		return
	}
	for branch := range m.Series {
		if !r.view.isSeries(branch) {
			delete(m.Series, branch)
		}
	}
	if m.State, m.Barren = state, r.view.Barren; r.isShallow() {
		m.Barren = nil
	}
	_ = cache.Keep(m.file, m)
}

func (r *reader) isShallow() bool {
	_, err := os.Lstat(r.shallowFile())
	return err == nil
}

// shallowFile is where git notes in which commits a shallow clone ends.
func (r *reader) shallowFile() string { return filepath.Join(r.repo.CommonDir, "shallow") }

// key is made of all that the standing of a series depends on, beside the other
// series of the repository, and files of ours.
func (r *reader) key(s series.Listed) string {
	h := sha256.New()
	fmt.Fprintln(h, r.config, r.home, s.Branch, s.Tip, s.Base, s.Storage)
	if s.Storage == series.BranchDescription {
		fmt.Fprintln(h, s.Text) // the tip says nothing of it
	}
	for _, sent := range s.Sent {
		fmt.Fprintln(h, sent.Tag, sent.Object)
	}
	for _, b := range r.view.branches(s) {
		fmt.Fprintln(h, b.Name, b.Tip)
	}
	for _, ref := range r.view.names {
		if strings.HasPrefix(ref, "refs/remotes/") && strings.HasSuffix(ref, "/"+s.Name()) || ref == r.view.Upstreams[s.Branch] {
			fmt.Fprintln(h, ref, r.view.Refs[ref])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// files is made of what kprep keeps of a series, as far as its standing depends on
// that.
func (r *reader) files(id string) string {
	h := sha256.New()
	dir := filepath.Join(r.repo.CommonDir, "kprep")
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

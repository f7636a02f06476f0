package inbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/gitrepo"
)

// A Mirror is the source that a public-inbox on this machine is: the folder of
// a v2 inbox as public-inbox-clone and grokmirror make it, with the epochs
// git/0.git, git/1.git, or without git/ in front, or the bare repository of a
// v1 inbox. An index of kprep's own, below CacheDir, follows it.
type Mirror struct {
	Dir      string
	CacheDir string
	Tracking Tracking
	Git      gitrepo.Options
	Progress func(mails int) // is told how many mails of an epoch were indexed, now and then; may be nil

	index *index
	repos map[string]*gitrepo.Repo // by the name of the epoch
}

// An epoch is one of the repositories of a mirror.
type epoch struct {
	name string // "0.git", or "" for a v1 inbox
	dir  string
}

// IsMirror says whether a path is that of a public-inbox.
func IsMirror(path string) bool {
	epochs, err := findEpochs(path)
	return err == nil && len(epochs) > 0
}

// findEpochs lists the repositories of a mirror, the oldest first.
func findEpochs(dir string) ([]epoch, error) {
	for _, folder := range []string{filepath.Join(dir, "git"), dir} {
		entries, err := os.ReadDir(folder)
		if err != nil && folder == dir {
			return nil, err
		}
		var epochs []epoch
		for _, e := range entries {
			if path := filepath.Join(folder, e.Name()); epochNumber(e.Name()) >= 0 && gitrepo.IsGitDir(path) {
				epochs = append(epochs, epoch{name: e.Name(), dir: path})
			}
		}
		if len(epochs) > 0 {
			slices.SortFunc(epochs, func(a, b epoch) int { return epochNumber(a.name) - epochNumber(b.name) })
			return epochs, nil
		}
	}
	if gitrepo.IsGitDir(dir) {
		return []epoch{{dir: dir}}, nil
	}
	return nil, nil
}

// epochNumber is that of "12.git", -1 for other names.
func epochNumber(name string) int {
	digits, ok := strings.CutSuffix(name, ".git")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 0 {
		return -1
	}
	return n
}

// Name is the path.
func (m *Mirror) Name() string { return m.Dir }

// Remote is false.
func (m *Mirror) Remote() bool { return false }

// ErrIndexing means that an index lacks what another process is about to put in.
var ErrIndexing = errors.New("another kprep is indexing what is new in it")

// ErrNoMirror means that there is no public-inbox in a folder, or no mail in it.
var ErrNoMirror = errors.New("there is no public-inbox in this folder")

// Find implements [Source]. The index takes in first what is new; while another
// process does so, what it has counts, as an answer that is stale. One that turns
// out to be damaged is made anew.
func (m *Mirror) Find(ctx context.Context, q Query, broken func(error)) (Answer, error) {
	answer, err := m.find(ctx, q, broken)
	if m.index != nil && isDamage(err) {
		file := m.index
		m.Close()
		file.remove()
		answer, err = m.find(ctx, q, broken)
	}
	return answer, err
}

func (m *Mirror) find(ctx context.Context, q Query, broken func(error)) (Answer, error) {
	asOf, err := m.Update(ctx, broken)
	stale := errors.Is(err, ErrIndexing) && m.index.isWhole(ctx)
	if err != nil && !stale {
		return Answer{}, err
	}
	messages, readErr := m.threads(ctx, q, broken)
	switch {
	case readErr == nil && len(messages) == 0 && m.index.isEmpty(ctx):
		return Answer{}, ErrNoMirror // but some other repository, for example
	case readErr != nil:
		return Answer{}, fmt.Errorf("read the index of %s: %w", m.Dir, readErr)
	case stale:
		return Answer{Messages: messages, Stale: err}, nil
	}
	return Answer{Messages: messages, AsOf: asOf, Mirror: true}, nil
}

// Close gives up the index and the git processes.
func (m *Mirror) Close() error {
	for _, r := range m.repos {
		r.Close()
	}
	m.repos = nil
	if m.index == nil {
		return nil
	}
	err := m.index.close()
	m.index = nil
	return err
}

// repo is the repository of an epoch, opened once.
func (m *Mirror) repo(e epoch) *gitrepo.Repo {
	if m.repos == nil {
		m.repos = map[string]*gitrepo.Repo{}
	}
	if m.repos[e.name] == nil {
		m.repos[e.name] = gitrepo.Bare(e.dir, m.Git)
	}
	return m.repos[e.name]
}

// Update brings the index up to date. It returns when mail was last fetched
// into the mirror, and ErrIndexing when another process is at it for long.
func (m *Mirror) Update(ctx context.Context, broken func(error)) (time.Time, error) {
	var asOf time.Time
	epochs, err := findEpochs(m.Dir)
	if err == nil && len(epochs) == 0 {
		err = ErrNoMirror
	}
	if err != nil {
		return asOf, fmt.Errorf("read %s: %w", m.Dir, err)
	}
	if m.index == nil {
		if m.index, err = openIndex(ctx, m.CacheDir, m.Dir); err != nil {
			return asOf, err
		}
	}
	marks := map[string]string{}
	for _, e := range epochs {
		mark, changed, err := gitrepo.BranchMark(e.dir)
		if err != nil {
			return asOf, fmt.Errorf("read %s: %w", e.dir, err)
		}
		marks[e.name] = mark
		if changed.After(asOf) {
			asOf = changed
		}
	}
	if m.index.upToDate(ctx, marks) {
		return asOf, nil
	}
	return asOf, m.index.exclusively(ctx, func() error {
		if err := m.index.forgetOthers(ctx, marks); err != nil {
			return err
		}
		for _, e := range epochs {
			if err := m.follow(ctx, e, marks[e.name], broken); err != nil {
				return fmt.Errorf("index %s: %w", e.dir, err)
			}
		}
		return nil
	})
}

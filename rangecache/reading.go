package rangecache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/rangediff"
)

// A Question asks for the commits of ranges.
type Question struct {
	// Words are what the ranges are made of, for git rev-parse.
	Words []string
	// Ranges turns what each word names into the ids of each range, those
	// after "^" excluded; nil when each word is a range.
	Ranges func(revisions [][]string) [][]string
	// Log has git log print a range, with options before the range.
	Log func(ctx context.Context, nth int, options []string, read func(io.Reader) error) error
	// Options are what Log tells git log besides. They are part of what an
	// entry is found by.
	Options []string
	// Never keeps the answer from being looked up and from being kept.
	Never bool
}

// An Answer is the commits of the ranges.
type Answer struct {
	Commits [][]rangediff.Commit
	// State is what git made of the words; nil when it refused them.
	State *gitrepo.LogState

	repo       *gitrepo.Repo
	question   Question
	attributes *gitrepo.AttributeReader
	known      []bool // which ranges were kept before
	private    []bool // which are not to be kept
}

// Ask answers from what is kept, and for the rest by git log. The caller calls
// [Answer.Keep], or [Answer.Close] when nothing of it is to be kept.
func Ask(ctx context.Context, repo *gitrepo.Repo, q Question, ranges int) (*Answer, error) {
	a := &Answer{Commits: make([][]rangediff.Commit, ranges), repo: repo, question: q, known: make([]bool, ranges), private: make([]bool, ranges)}
	if !q.Never {
		var err error
		if a.attributes, err = repo.StartAttributes(ctx); err != nil {
			return nil, err
		}
	}
	var group errgroup.Group
	group.Go(func() error {
		// Why words are refused, the log says better.
		a.State, _ = repo.LogState(ctx, q.Words)
		return nil
	})
	// When nothing is kept the logs need not wait.
	if !q.Never && storeIn(repo.GuessCommonDir()).used() {
		group.Wait()
		a.lookUp()
	}
	for n := range ranges {
		if a.known[n] {
			continue
		}
		group.Go(func() (err error) {
			a.Commits[n], a.private[n], err = q.read(ctx, n)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// read reads a range from git log; private when its texts are not to be kept.
//
// What git shows of submodules depends on settings in several places. So it is
// first asked for all; if there is none, the settings do not matter.
func (q *Question) read(ctx context.Context, n int) (commits []rangediff.Commit, private bool, err error) {
	read := func(log io.Reader) (err error) {
		commits, err = rangediff.ParseLog(log)
		return err
	}
	if err := q.Log(ctx, n, append(rangediff.LogOptions(), "--raw", "--ignore-submodules=none"), read); err != nil {
		return nil, false, err
	}
	if !slices.ContainsFunc(commits, func(c rangediff.Commit) bool { return c.Submodules }) {
		return commits, false, nil
	}
	err = q.Log(ctx, n, rangediff.LogOptions(), read)
	return commits, true, err
}

// sure reports whether entries may be used and made.
func (a *Answer) sure() bool {
	return !a.question.Never && a.State != nil && a.State.Unsure == ""
}

// names are the names of the ranges' entries.
func (a *Answer) names() []string {
	ranges := a.State.Revisions
	if a.question.Ranges != nil {
		ranges = a.question.Ranges(ranges)
	}
	names := make([]string, len(ranges))
	for n, ids := range ranges {
		h := sha256.New()
		fmt.Fprintf(h, "%x %q %q %q", a.State.Digest, self(), a.question.Options, slices.Sorted(slices.Values(ids)))
		names[n] = hex.EncodeToString(h.Sum(nil))
	}
	return names
}

// self is what the file of this program looks like: another version may read
// logs in another way.
func self() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.ModTime(), info.Size())
}

// lookUp finds what is kept.
func (a *Answer) lookUp() {
	if !a.sure() {
		return
	}
	entries := make([]*entry, len(a.known))
	files := map[string]struct{}{}
	for n, name := range a.names() {
		e, err := decode(storeIn(a.State.CommonDir).get(name))
		if err != nil {
			continue
		}
		entries[n] = e
		for _, file := range e.files {
			files[file] = struct{}{}
		}
	}
	if !slices.ContainsFunc(entries, func(e *entry) bool { return e != nil }) {
		return
	}
	attributes, err := a.readAttributes(slices.Sorted(maps.Keys(files)))
	if err != nil {
		return
	}
	for n, e := range entries {
		if e != nil && e.attributes == digestOf(e.files, attributes) {
			a.Commits[n], a.known[n] = e.commits, true
		}
	}
}

func (a *Answer) readAttributes(files []string) (map[string]string, error) {
	reader := a.attributes
	a.attributes = nil
	return reader.Read(a.State.ToTop, files)
}

// digestOf is of the attributes of some of the files.
func digestOf(files []string, attributes map[string]string) [sha256.Size]byte {
	h := sha256.New()
	for _, file := range files {
		fmt.Fprintf(h, "%d:%s%d:%s", len(file), file, len(attributes[file]), attributes[file])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// Keep keeps what was not kept before. An error is of no consequence but that
// the next time takes as long.
func (a *Answer) Keep(ctx context.Context) error {
	defer a.Close()
	if a.State != nil && a.State.Unsure != "" {
		return fmt.Errorf("texts are not kept: %s", a.State.Unsure)
	}
	if !a.sure() || !slices.Contains(a.known, false) {
		return nil
	}
	entries := make([]*entry, len(a.known))
	var all []string
	for n, known := range a.known {
		if known || a.private[n] {
			continue
		}
		e := &entry{commits: a.Commits[n]}
		for _, c := range e.commits {
			e.files = append(e.files, c.Files...)
		}
		slices.Sort(e.files)
		e.files = slices.Compact(e.files)
		all = append(all, e.files...)
		entries[n] = e
	}
	if a.attributes == nil {
		var err error
		if a.attributes, err = a.repo.StartAttributes(ctx); err != nil {
			return err
		}
	}
	slices.Sort(all)
	attributes, err := a.readAttributes(slices.Compact(all))
	if err != nil {
		return err
	}
	for n, name := range a.names() {
		if entries[n] == nil {
			continue
		}
		entries[n].attributes = digestOf(entries[n].files, attributes)
		if err := storeIn(a.State.CommonDir).put(name, entries[n].encode()); err != nil {
			return err
		}
	}
	return nil
}

// Close ends what still runs.
func (a *Answer) Close() {
	if a.attributes != nil {
		a.attributes.Close()
		a.attributes = nil
	}
}

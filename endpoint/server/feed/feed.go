package feed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gofrs/flock"

	"github.com/kprep/kprep/patchmail"
)

const (
	// epochSize is where an epoch ends, as public-inbox does it.
	epochSize = 1 << 30
	lockPause = 20 * time.Millisecond
	hookTime  = time.Minute
)

// Settings describe a feed.
type Settings struct {
	Dir         string
	Description string            // one line, for people who look at the feed; "": none
	EpochSize   int64             // bytes; 0: one gigabyte
	Committer   patchmail.Address // of the commits; their author is that of the mail
}

// A Feed is an archive that is open for writing. Its methods may be used at
// once, and by several processes.
type Feed struct {
	settings Settings
	mutex    chan struct{} // flock holds off other processes only
	size     sizes
}

// A HookError reports mails that were added, and a hook that failed.
type HookError struct {
	Hook string
	Err  error
}

func (e *HookError) Error() string { return fmt.Sprintf("%s: %v", e.Hook, e.Err) }
func (e *HookError) Unwrap() error { return e.Err }

// Open opens the feed in a folder, and makes it when it is missing. What a
// process that died left unfinished is mended.
func Open(ctx context.Context, s Settings) (*Feed, error) {
	if s.EpochSize == 0 {
		s.EpochSize = epochSize
	}
	f := &Feed{settings: s, mutex: make(chan struct{}, 1), size: sizes{}}
	if err := os.MkdirAll(filepath.Join(s.Dir, "git"), 0o755); err != nil {
		return nil, err
	}
	err := f.locked(ctx, func() error {
		if err := f.describe(); err != nil {
			return err
		}
		last, err := f.lastEpoch()
		if err != nil {
			return err
		}
		if last < 0 {
			return f.addEpoch(0)
		}
		return f.link(last)
	})
	if err != nil {
		return nil, fmt.Errorf("open the feed %s: %w", s.Dir, err)
	}
	return f, nil
}

// locked runs do while nobody else writes to the feed.
func (f *Feed) locked(ctx context.Context, do func() error) error {
	select {
	case f.mutex <- struct{}{}:
		defer func() { <-f.mutex }()
	case <-ctx.Done():
		return ctx.Err()
	}
	lock := flock.New(filepath.Join(f.settings.Dir, "inbox.lock"), flock.SetPermissions(0o644))
	if _, err := lock.TryLockContext(ctx, lockPause); err != nil {
		return err
	}
	defer lock.Unlock()
	return do()
}

// Append adds mails with LF line ends, in order, and returns the commit of each.
// One that is in the feed already, with the same bytes, keeps its commit. The
// error of the hook is a *HookError: the mails are in the feed nonetheless.
func (f *Feed) Append(ctx context.Context, mails [][]byte, now time.Time) (commits []string, err error) {
	added := 0
	err = f.locked(ctx, func() error {
		var err error
		commits, added, err = f.write(mails, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write to the feed: %w", err)
	}
	if added > 0 {
		err = f.runHook(ctx)
	}
	return commits, err
}

// write is Append under the lock.
func (f *Feed) write(mails [][]byte, now time.Time) (commits []string, added int, err error) {
	last, err := f.lastEpoch()
	if err != nil {
		return nil, 0, err
	}
	commits = make([]string, len(mails))
	for n := last; n >= 0; n-- {
		if err := f.find(n, mails, commits); err != nil {
			return nil, 0, err
		}
	}
	e, err := openEpoch(f.epoch(last))
	if err != nil {
		return nil, 0, err
	}
	full, err := f.size.atLeast(e, f.settings.EpochSize)
	if err != nil {
		return nil, 0, err
	}
	if full {
		if err := f.addEpoch(last + 1); err != nil {
			return nil, 0, err
		}
		if e, err = openEpoch(f.epoch(last + 1)); err != nil {
			return nil, 0, err
		}
	}
	batch := newBatch(e, f.settings.Committer, now)
	for i, raw := range mails {
		if commits[i] != "" {
			continue
		}
		if commits[i], err = batch.add(raw); err != nil {
			return nil, 0, err
		}
		added++
		for j := i + 1; j < len(mails); j++ { // the same mail twice in one call
			if string(mails[j]) == string(raw) {
				commits[j] = commits[i]
			}
		}
	}
	if added == 0 {
		return commits, 0, nil
	}
	written, err := batch.publish()
	if err != nil {
		return nil, 0, err
	}
	f.size.grew(e, written)
	return commits, added, nil
}

// find fills in the commits of mails that an epoch has.
func (f *Feed) find(n int, mails [][]byte, commits []string) error {
	e, err := openEpoch(f.epoch(n))
	if err != nil {
		return err
	}
	wanted := map[string][]int{} // by the id of the tree that the mail gives
	for i, raw := range mails {
		if commits[i] != "" {
			continue
		}
		there, err := e.objects.has(blobOf(raw))
		if err != nil {
			return err
		}
		if there {
			tree := treeOf(raw).String()
			wanted[tree] = append(wanted[tree], i)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	// Seldom: who wrote the mail died before it was noted elsewhere.
	return e.walk(func(commit, tree string) bool {
		for _, i := range wanted[tree] {
			commits[i] = commit
		}
		delete(wanted, tree)
		return len(wanted) > 0
	})
}

func (f *Feed) epoch(n int) string {
	return filepath.Join(f.settings.Dir, "git", strconv.Itoa(n)+".git")
}

// lastEpoch is the number of the newest epoch, -1 when there is none.
func (f *Feed) lastEpoch() (int, error) {
	for n := 0; ; n++ {
		switch _, err := os.Stat(f.epoch(n)); {
		case errors.Is(err, fs.ErrNotExist):
			return n - 1, nil
		case err != nil:
			return 0, err
		}
	}
}

// runHook runs the program hooks/post-commit of the feed, when there is one.
func (f *Feed) runHook(ctx context.Context) error {
	hook := filepath.Join(f.settings.Dir, "hooks", "post-commit")
	info, err := os.Stat(hook)
	if err != nil || info.Mode()&0o111 == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, hookTime)
	defer cancel()
	if hook, err = filepath.Abs(hook); err != nil {
		return &HookError{hook, err}
	}
	cmd := exec.CommandContext(ctx, hook)
	cmd.Dir, cmd.WaitDelay = f.settings.Dir, time.Second
	if err := cmd.Run(); err != nil {
		return &HookError{hook, err}
	}
	return nil
}

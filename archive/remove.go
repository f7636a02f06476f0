package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/series"
)

// A CheckedOutError means that a branch cannot go because it is checked out.
type CheckedOutError struct {
	Branch   string // full ref name
	WorkTree string // the path of another work tree; "" for this one
}

func (e *CheckedOutError) Error() string {
	name := strings.TrimPrefix(e.Branch, branches)
	if e.WorkTree == "" {
		return fmt.Sprintf("branch %q is checked out", name)
	}
	return fmt.Sprintf("branch %q is checked out in the work tree %s", name, e.WorkTree)
}

// A Removal is the putting away of a series, prepared: nothing has changed.
type Removal struct {
	Series *series.Series
	Tags   []gitrepo.Ref     // that go with it
	Unsent []*gitrepo.Commit // patches that nobody else has, oldest first

	repo   *gitrepo.Repo
	config string   // the branch's sections, as text
	keys   []string // of these
	state  []byte   // what is remembered of the series; nil for nothing
	seen   []byte   // as of series.ReadSeen
}

// Prepare looks at what would go. It returns a *CheckedOutError or a
// *gitrepo.BusyError when the branch is in use.
func Prepare(ctx context.Context, repo *gitrepo.Repo, s *series.Series) (*Removal, error) {
	head, err := repo.HeadNow(ctx)
	if err != nil {
		return nil, err
	}
	if head.Branch == s.Branch {
		return nil, &CheckedOutError{Branch: s.Branch}
	}
	tree, err := repo.WorkTreeWith(ctx, s.Branch)
	if err != nil {
		return nil, err
	}
	if tree != "" {
		return nil, &CheckedOutError{Branch: s.Branch, WorkTree: tree}
	}
	if err := repo.CheckIdle(ctx, s.Branch); err != nil {
		return nil, err
	}
	r := &Removal{Series: s, repo: repo}
	if r.Tags, err = s.SentTags(ctx); err != nil {
		return nil, err
	}
	if r.Unsent, err = s.Unsent(ctx); err != nil {
		return nil, err
	}
	if r.state, err = readState(repo, s.Tracking.ChangeID); err != nil {
		return nil, err
	}
	if r.seen, err = series.ReadSeen(repo.CommonDir, s.Tracking.ChangeID); err != nil {
		return nil, err
	}
	return r, r.readConfig(ctx)
}

// readState reads what is remembered of a series; nil is nothing.
func readState(repo *gitrepo.Repo, changeID string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(repo.CommonDir, "kprep", filepath.FromSlash(series.StatePath(changeID))))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

func (r *Removal) readConfig(ctx context.Context) error {
	file, err := r.repo.ConfigFile()
	if err != nil {
		return err
	}
	for _, section := range file.Branch(r.Series.Name()) {
		r.config += strings.TrimRight(section.Text, "\n") + "\n"
	}
	config, err := r.repo.ParseConfig(ctx, []byte(r.config))
	if err == nil {
		r.keys = config.Keys()
	}
	return err
}

func (r *Removal) branch() gitrepo.Ref {
	return gitrepo.Ref{Name: r.Series.Branch, Object: r.Series.Tip}
}

func (r *Removal) refs() []gitrepo.Ref { return append([]gitrepo.Ref{r.branch()}, r.Tags...) }

// Apply writes the archive into dir, and then takes branch, tags, the branch's
// configuration and what is remembered of the series away as one operation.
// Notes, journals, and which replies were shown, stay where they are. It returns the archive's name.
// Without an archive, *WriteError, nothing goes.
func (r *Removal) Apply(ctx context.Context, log *oplog.Log, dir string, now time.Time) (string, error) {
	file, err := r.write(ctx, dir, now)
	if err != nil {
		return "", err
	}
	if err := r.remove(ctx, log); err != nil {
		if r.untouched(ctx) {
			os.Remove(file) // of a series that is still there
		}
		return "", err
	}
	return file, nil
}

func (r *Removal) remove(ctx context.Context, log *oplog.Log) error {
	var plan oplog.Plan
	var names []string
	for _, ref := range r.refs() {
		plan.Refs = append(plan.Refs, gitrepo.RefUpdate{Name: ref.Name, Old: ref.Object})
		names = append(names, ref.Name)
	}
	for _, key := range r.keys {
		plan.Config = append(plan.Config, oplog.ConfigValue{Key: key})
	}
	s := r.Series
	if r.state != nil {
		plan.Blobs = []oplog.Blob{{Path: series.StatePath(s.Tracking.ChangeID), Edit: func(now []byte) ([]byte, error) {
			if !bytes.Equal(now, r.state) {
				return nil, errors.New("what is remembered of the series changed while the archive was written")
			}
			return nil, nil
		}}}
	}
	return operate(ctx, r.repo, log, oplog.Intent{Verb: "cleanup", Args: []string{s.Name()}, ChangeID: s.Tracking.ChangeID, Branch: s.Branch,
		Scope: oplog.Scope{Refs: names, Branches: []string{s.Name()}}}, plan)
}

// untouched says that all refs are as they were.
func (r *Removal) untouched(ctx context.Context) bool {
	var names []string
	for _, ref := range r.refs() {
		names = append(names, ref.Name)
	}
	values, err := r.repo.RefValues(context.WithoutCancel(ctx), names...)
	for _, ref := range r.refs() {
		if err != nil || values[ref.Name] != ref.Object {
			return false
		}
	}
	return true
}

// operate carries out a plan as one operation.
func operate(ctx context.Context, repo *gitrepo.Repo, log *oplog.Log, in oplog.Intent, plan oplog.Plan) error {
	if me, err := repo.Committer(); err == nil { // nobody is needed to put something away
		in.Committer = me.Email
	}
	return log.Perform(ctx, in, plan)
}

package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A RefUpdate moves one ref, and only from the value that was read.
type RefUpdate struct {
	Name string // full name
	New  ID     // "" deletes the ref
	Old  ID     // "" means that the ref must not exist
}

// A RefChangedError means that a ref no longer had the value that was read:
// somebody else moved it meanwhile. Nothing was changed.
type RefChangedError struct {
	Name      string
	Want, Got ID // "" for "does not exist"
}

func (e *RefChangedError) Error() string {
	switch {
	case e.Want == "":
		return fmt.Sprintf("%s exists already", e.Name)
	case e.Got == "":
		return fmt.Sprintf("%s was deleted meanwhile", e.Name)
	}
	return fmt.Sprintf("%s was moved meanwhile, from %s to %s", e.Name, e.Want.Short(), e.Got.Short())
}

// ofTag says that the ref may be at a tag object. QUIRK: git gc says of each that
// a reflog names, "error: Object … not a commit".
func (u RefUpdate) ofTag() bool {
	return strings.HasPrefix(u.Name, "refs/tags/") || strings.HasPrefix(u.Name, "refs/kprep/begun/")
}

// UpdateRefs applies all updates in one transaction, or none of them, with
// message in the reflog. It returns a *RefChangedError when a ref had another
// value, a *LockedError when it is locked, and git's own error when a hook
// refuses it or another ref is in the way.
func (r *Repo) UpdateRefs(ctx context.Context, message string, updates ...RefUpdate) error {
	var in bytes.Buffer
	in.WriteString("start\x00")
	for _, u := range updates {
		switch {
		case u.New == "":
			fmt.Fprintf(&in, "delete %s\x00%s\x00", u.Name, u.Old)
		case u.Old == "":
			fmt.Fprintf(&in, "create %s\x00%s\x00", u.Name, u.New)
		default:
			fmt.Fprintf(&in, "update %s\x00%s\x00%s\x00", u.Name, u.New, u.Old)
		}
	}
	in.WriteString("prepare\x00commit\x00")
	args := []string{"update-ref", "--stdin", "-z", "-m", message}
	if !slices.ContainsFunc(updates, RefUpdate.ofTag) {
		args = append(args, "--create-reflog")
	}
	_, err := r.git.filter(ctx, &in, args...)
	if err == nil {
		return nil
	}
	for _, u := range updates {
		if got, lookErr := r.Ref(ctx, u.Name); lookErr == nil && got != u.Old {
			return &RefChangedError{Name: u.Name, Want: u.Old, Got: got}
		}
		if locked := r.lockedRefs(u.Name); locked != nil {
			return locked
		}
	}
	// Where HEAD is at a ref that moves, git locks it too, for its reflog.
	if locked := r.lockedRefs("HEAD"); locked != nil {
		return locked
	}
	return fmt.Errorf("update refs: %w", err)
}

// CheckRefs proves that the updates could be made now, without making them:
// names are valid, nothing is locked, no ref is in the way.
func (r *Repo) CheckRefs(ctx context.Context, updates ...RefUpdate) error {
	var in bytes.Buffer
	in.WriteString("start\x00")
	for _, u := range updates {
		if u.Old == "" {
			fmt.Fprintf(&in, "create %s\x00%s\x00", u.Name, u.New)
		} else {
			fmt.Fprintf(&in, "update %s\x00%s\x00%s\x00", u.Name, u.New, u.Old)
		}
	}
	in.WriteString("prepare\x00abort\x00")
	_, err := r.git.filter(ctx, &in, "update-ref", "--stdin", "-z")
	return err
}

// Ref returns the object a full ref name points at, "" when it does not exist.
func (r *Repo) Ref(ctx context.Context, name string) (ID, error) {
	if strings.ContainsAny(name, "~^:") || strings.Contains(name, "@{") || strings.Contains(name, "..") {
		return "", nil // rev-parse would take it for more than a name
	}
	if !isPattern(name) {
		if values, sure := r.refsInFiles(name); sure {
			return values[name], nil
		}
	}
	out, err := r.git.output(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
	if ge := (*Error)(nil); errors.As(err, &ge) && ge.ExitCode == 1 {
		return "", nil
	}
	return ID(bytes.TrimSpace(out)), err
}

// A Ref is one name and what it points at.
type Ref struct {
	Name   string // full
	Object ID
	Peeled ID        // the object behind an annotated tag; else Object
	When   time.Time // of the commit, or of the tag's making
}

// Refs lists the refs below the given prefixes, in git's order of names.
func (r *Repo) Refs(ctx context.Context, prefixes ...string) ([]Ref, error) {
	if none, sure := r.refsInFiles(prefixes...); sure && len(none) == 0 {
		return nil, nil
	}
	args := append([]string{"for-each-ref", "--format=%(refname)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)"}, prefixes...)
	out, err := r.git.output(ctx, args...)
	if err != nil {
		return nil, err
	}
	var refs []Ref
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\x00")
		if len(f) != 4 {
			return nil, fmt.Errorf("git for-each-ref printed %q", line)
		}
		seconds, _ := strconv.ParseInt(f[3], 10, 64)
		ref := Ref{Name: f[0], Object: ID(f[1]), Peeled: ID(f[2]), When: time.Unix(seconds, 0)}
		if ref.Peeled == "" {
			ref.Peeled = ref.Object
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// RefsThere lists as Refs does those refs whose objects are there, and names
// the others to lost: one of them makes git refuse them all.
func (r *Repo) RefsThere(ctx context.Context, lost func(name string), prefixes ...string) ([]Ref, error) {
	refs, err := r.Refs(ctx, prefixes...)
	if err == nil || !errors.As(err, new(*Error)) {
		return refs, err
	}
	values, valuesErr := r.RefValues(ctx, prefixes...)
	if valuesErr != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		one, oneErr := r.Refs(ctx, name)
		if oneErr != nil {
			lost(name)
		}
		refs = append(refs, one...)
	}
	return refs, ctx.Err()
}

// CheckRefName says whether git takes the full ref name.
func (r *Repo) CheckRefName(ctx context.Context, name string) error {
	if _, err := r.git.output(ctx, "check-ref-format", name); err != nil {
		if ge := (*Error)(nil); errors.As(err, &ge) {
			return fmt.Errorf("git does not allow the name %q", name)
		}
		return err
	}
	return nil
}

// Ancestor says whether a is b or an ancestor of it.
func (r *Repo) Ancestor(ctx context.Context, a, b ID) (bool, error) {
	_, err := r.git.output(ctx, "merge-base", "--is-ancestor", string(a), string(b))
	if ge := (*Error)(nil); errors.As(err, &ge) && ge.ExitCode == 1 {
		return false, nil
	}
	return err == nil, err
}

// MergeBase returns the best common ancestor, "" when there is none.
func (r *Repo) MergeBase(ctx context.Context, a, b ID) (ID, error) {
	out, err := r.git.output(ctx, "merge-base", string(a), string(b))
	if ge := (*Error)(nil); errors.As(err, &ge) && ge.ExitCode == 1 {
		return "", nil
	}
	return ID(bytes.TrimSpace(out)), err
}

// ForkPoint returns where branch left base, as git merge-base --fork-point
// sees it with the help of base's reflog, else as MergeBase. Base is a full
// ref name. It is "" when the two have no common ancestor.
func (r *Repo) ForkPoint(ctx context.Context, base string, branch ID) (ID, error) {
	out, err := r.git.output(ctx, "merge-base", "--fork-point", base, string(branch))
	if err == nil {
		return ID(bytes.TrimSpace(out)), nil
	}
	if ge := (*Error)(nil); !errors.As(err, &ge) || ge.ExitCode != 1 {
		return "", err
	}
	tip, err := r.Ref(ctx, base)
	if err != nil {
		return "", err
	}
	return r.MergeBase(ctx, tip, branch)
}

// RefsContaining lists refs below the prefixes that contain a commit.
func (r *Repo) RefsContaining(ctx context.Context, commit ID, prefixes ...string) ([]string, error) {
	args := append([]string{"for-each-ref", "--contains", string(commit), "--format=%(refname)"}, prefixes...)
	out, err := r.git.output(ctx, args...)
	return strings.Fields(string(out)), err
}

// OnlyOn lists the commits from tip down, newest first and at most limit of
// them, that no branch but the given one, no remote-tracking branch and no tag
// contains.
func (r *Repo) OnlyOn(ctx context.Context, branch string, tip ID, limit int) ([]ID, error) {
	out, err := r.git.output(ctx, "rev-list", "--ignore-missing", "--first-parent", fmt.Sprintf("--max-count=%d", limit), string(tip),
		"--not", "--exclude="+strings.TrimPrefix(branch, "refs/heads/"), "--branches", "--remotes", "--tags")
	var ids []ID
	for _, id := range strings.Fields(string(out)) {
		ids = append(ids, ID(id))
	}
	return ids, err
}

// RemotesContaining lists the remote-tracking branches that contain a commit.
func (r *Repo) RemotesContaining(ctx context.Context, commit ID) ([]string, error) {
	return r.RefsContaining(ctx, commit, "refs/remotes/")
}

// AttachHead makes branch, a full ref name, the one that is checked out
// without touching index or work tree: its tree must be that of HEAD.
func (r *Repo) AttachHead(ctx context.Context, branch, message string) error {
	_, err := r.git.output(ctx, "symbolic-ref", "-m", message, "HEAD", branch)
	return err
}

// Upstream returns the full name of the branch that branch follows, "" when
// it follows none, or one that is not there.
func (r *Repo) Upstream(ctx context.Context, branch string) (string, error) {
	out, err := r.git.output(ctx, "for-each-ref", "--format=%(upstream)", branch)
	name := string(bytes.TrimSpace(out))
	if err != nil || name == "" {
		return "", err
	}
	id, err := r.Ref(ctx, name)
	if err != nil || id == "" {
		return "", err
	}
	return name, nil
}

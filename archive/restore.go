package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/series"
)

// A ConflictError names what is there with another value than the archive's.
type ConflictError struct{ What []string }

func (e *ConflictError) Error() string {
	return "there already, and not as in the archive: " + strings.Join(e.What, ", ")
}

// Restore brings a series back from an archive: branch and tags with the ids
// they had, the branch's configuration, notes, what was remembered, and the
// journals of its sends. It returns false when all of that is there already.
// Errors, which change nothing: *DamagedError, *ConflictError,
// *CheckedOutError for the branch of a work tree without commits, and git's own
// for objects that are missing. Only one about which replies were shown comes
// when all else is there.
func Restore(ctx context.Context, repo *gitrepo.Repo, log *oplog.Log, file string, now time.Time) (a *Archive, changed bool, err error) {
	dir := filepath.Join(repo.CommonDir, "kprep")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, false, err
	}
	sweep(dir, restoring, now)
	unpacked, err := os.MkdirTemp(dir, restoring)
	if err != nil {
		return nil, false, err
	}
	defer os.RemoveAll(unpacked)
	if a, err = read(file, unpacked); err != nil {
		return nil, false, err
	}
	plan, journals, err := a.plan(ctx, repo, unpacked)
	if err != nil || len(plan.Refs)+len(plan.Config)+len(plan.Blobs)+len(journals) == 0 {
		return a, false, err
	}
	if err := a.takeObjects(ctx, repo, filepath.Join(unpacked, entryBundle)); err != nil {
		return a, false, &DamagedError{File: file, Err: err}
	}
	remove, err := a.installJournals(repo, unpacked, journals)
	if err != nil {
		return a, false, err
	}
	if len(plan.Refs)+len(plan.Config)+len(plan.Blobs) == 0 {
		return a, true, nil
	}
	var names []string
	for _, u := range plan.Refs {
		names = append(names, u.Name)
	}
	err = operate(ctx, repo, log, oplog.Intent{Verb: "cleanup", Args: []string{"--restore", filepath.Base(file)}, ChangeID: a.ChangeID(),
		Branch: a.Branch.Name, Scope: oplog.Scope{Refs: names, Branches: []string{a.BranchName()}}}, plan)
	if err != nil {
		remove()
		return a, false, err
	}
	return a, true, series.AddSeen(repo.CommonDir, a.ChangeID(), a.seen)
}

func (a *Archive) refs() []gitrepo.Ref { return append([]gitrepo.Ref{a.Branch}, a.Tags...) }

// plan says what is missing here, journals of those unpacked too. What is
// there must be the same.
func (a *Archive) plan(ctx context.Context, repo *gitrepo.Repo, unpacked string) (plan oplog.Plan, journals []string, err error) {
	conflicts, err := a.planRefs(ctx, repo, &plan)
	if err != nil {
		return plan, nil, err
	}
	values, others, err := a.planConfig(ctx, repo)
	if err != nil {
		return plan, nil, err
	}
	conflicts = append(conflicts, others...)
	notes, objects, other, err := repo.AddNotes(ctx, a.notes)
	if err != nil {
		return plan, nil, err
	}
	for _, n := range other {
		conflicts = append(conflicts, fmt.Sprintf("the note of %s in %s", n.Commit.Short(), n.Ref))
	}
	journals, others, err = a.planJournals(repo, unpacked)
	if err != nil {
		return plan, nil, err
	}
	if conflicts = append(conflicts, others...); len(conflicts) > 0 {
		return plan, nil, &ConflictError{What: conflicts}
	}
	plan.Config, plan.Refs, plan.Objects = values, append(plan.Refs, notes...), objects
	state, err := readState(repo, a.ChangeID())
	if err == nil && state == nil && a.state != nil {
		plan.Blobs = []oplog.Blob{{Path: series.StatePath(a.ChangeID()), Edit: func(now []byte) ([]byte, error) {
			if now != nil { // since it was looked for
				return now, nil
			}
			return a.state, nil
		}}}
	}
	return plan, journals, err
}

// planRefs adds the refs that are missing.
func (a *Archive) planRefs(ctx context.Context, repo *gitrepo.Repo, plan *oplog.Plan) (conflicts []string, err error) {
	if repo.Head.Unborn && repo.Head.Branch == a.Branch.Name {
		return nil, &CheckedOutError{Branch: a.Branch.Name}
	}
	var names []string
	for _, n := range a.notes {
		if names = append(names, n.Ref); slices.Contains(names[:len(names)-1], n.Ref) {
			continue
		}
		if err := repo.CheckRefName(ctx, n.Ref); err != nil {
			return nil, &DamagedError{File: a.File, Err: err}
		}
	}
	names = nil
	for _, ref := range a.refs() {
		if err := repo.CheckRefName(ctx, ref.Name); err != nil {
			return nil, &DamagedError{File: a.File, Err: err}
		}
		if len(ref.Object) != repo.Hex() {
			return nil, fmt.Errorf("the archive is of a repository with another object format than %s", repo.ObjectFormat)
		}
		names = append(names, ref.Name)
	}
	now, err := repo.RefValues(ctx, names...)
	if err != nil {
		return nil, err
	}
	for _, ref := range a.refs() {
		switch now[ref.Name] {
		case ref.Object:
		case "":
			plan.Refs = append(plan.Refs, gitrepo.RefUpdate{Name: ref.Name, New: ref.Object})
		default:
			conflicts = append(conflicts, ref.Name)
		}
	}
	return conflicts, nil
}

// planConfig compares the archived configuration with that of now.
func (a *Archive) planConfig(ctx context.Context, repo *gitrepo.Repo) (values []oplog.ConfigValue, conflicts []string, err error) {
	archived, err := repo.ParseConfig(ctx, a.config)
	if err != nil {
		return nil, nil, &DamagedError{File: a.File, Err: err}
	}
	file, err := repo.ConfigFile()
	if err != nil {
		return nil, nil, err
	}
	var text string
	for _, section := range file.Branch(a.BranchName()) {
		text += strings.TrimRight(section.Text, "\n") + "\n"
	}
	present, err := repo.ParseConfig(ctx, []byte(text))
	if err != nil {
		return nil, nil, err
	}
	for _, key := range archived.Keys() {
		want, have := valuesOf(archived, key), valuesOf(present, key)
		if err := a.checkSetting(key, want); err != nil {
			return nil, nil, &DamagedError{File: a.File, Err: err}
		}
		switch {
		case slices.Equal(want, have):
		case len(have) == 0:
			values = append(values, oplog.ConfigValue{Key: key, Values: want})
		default:
			conflicts = append(conflicts, key)
		}
	}
	return values, conflicts, nil
}

// valuesOf returns the values of a key; one that stands alone is true.
func valuesOf(c *gitrepo.Config, key string) []string {
	values := c.All(key)
	if len(values) == 0 && slices.Contains(c.Keys(), key) {
		return []string{"true"}
	}
	return values
}

// checkSetting refuses what an archive from elsewhere must not configure: any
// other thing than the branch, and remotes that are commands (gitremote-helpers(7)).
func (a *Archive) checkSetting(key string, values []string) error {
	name, ok := strings.CutPrefix(key, "branch."+a.BranchName()+".")
	if !ok || strings.ContainsAny(name, ".\n") {
		return fmt.Errorf("it would set %q, which is not of the branch", key)
	}
	if name != "remote" && name != "pushremote" {
		return nil
	}
	for _, v := range values {
		if strings.Contains(v, "::") || strings.HasPrefix(v, "-") {
			return fmt.Errorf("it would set %s to %q, which runs a command", key, v)
		}
	}
	return nil
}

// takeObjects brings the objects in and proves that refs can point at them.
func (a *Archive) takeObjects(ctx context.Context, repo *gitrepo.Repo, bundle string) error {
	if _, err := os.Stat(bundle); err == nil {
		if err := a.unbundle(ctx, repo, bundle); err != nil {
			return err
		}
	}
	var ids []gitrepo.ID
	for _, ref := range a.refs() {
		if err := a.checkObject(repo, ref); err != nil {
			return err
		}
		ids = append(ids, ref.Object)
	}
	if err := repo.CheckConnected(ctx, ids...); err != nil {
		return err
	}
	return a.checkNotes(repo)
}

func (a *Archive) unbundle(ctx context.Context, repo *gitrepo.Repo, file string) error {
	heads, err := repo.BundleHeads(ctx, file)
	if err != nil {
		return err
	}
	want := map[string]gitrepo.ID{}
	for _, ref := range a.refs() {
		want[ref.Name] = ref.Object
	}
	for name, id := range heads {
		if want[name] != id {
			return fmt.Errorf("its bundle holds %q, which is not of the series", name)
		}
	}
	return repo.Unbundle(ctx, file)
}

// checkObject makes sure that the branch is a commit, and that a tag is one
// of this series.
func (a *Archive) checkObject(repo *gitrepo.Repo, ref gitrepo.Ref) error {
	if ref.Name == a.Branch.Name {
		c, err := repo.Commit(string(ref.Object))
		if err == nil && c.ID != ref.Object {
			err = errors.New("the branch would point at a tag")
		}
		return err
	}
	obj, err := repo.Read(string(ref.Object))
	if err != nil {
		return err
	}
	if _, err := repo.Commit(string(ref.Object)); err != nil {
		return err
	}
	if _, id := coverletter.ParseTag(string(obj.Data)); obj.Kind == "tag" && id != "" && id != a.ChangeID() {
		return fmt.Errorf("the tag %s is of the series %s", ref.Name, id)
	}
	return nil
}

package series

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// An Ahead is a remote copy of a series that is ahead of the branch: somebody,
// usually the user in another clone, went on there.
type Ahead struct {
	Ref      string // short name of the remote-tracking branch
	Remote   string // the remote that it was fetched from; "" when it is none
	Revision int
}

// Ahead returns the remote copy of the branch with the highest revision of
// this series, nil when none is above that of the branch. Copies are the
// remote-tracking branches of the same name, and the upstream. What cannot be
// read is no copy. Nothing is fetched.
func (s *Series) Ahead(ctx context.Context) (*Ahead, error) {
	config, err := s.repo.Config()
	if err != nil {
		return nil, err
	}
	remotes := map[string]string{} // by full name of the copy
	refs, err := s.repo.RefValues(ctx, copies(config, s.Name())...)
	if err != nil {
		return nil, err
	}
	for name := range refs {
		remotes[name] = strings.TrimSuffix(plainName(name), "/"+s.Name())
	}
	if merge, ok := config.Get("branch." + s.Name() + ".merge"); ok && merge != s.Branch {
		upstream, err := s.repo.Upstream(ctx, s.Branch)
		if err != nil {
			return nil, err
		}
		if upstream != "" {
			remote, _ := config.Get("branch." + s.Name() + ".remote")
			remotes[upstream] = strings.TrimPrefix(remote, ".") // "." is this repository
		}
	}
	var newest *Ahead
	for _, name := range slices.Sorted(maps.Keys(remotes)) {
		revision := s.revisionAt(name)
		if revision > s.Tracking.Revision && (newest == nil || revision > newest.Revision) {
			newest = &Ahead{Ref: plainName(name), Remote: remotes[name], Revision: revision}
		}
	}
	return newest, nil
}

// copies are patterns for the remote-tracking branches of that name. The name
// of a remote may have slashes in it: such a one is known by its configuration.
func copies(config *gitrepo.Config, name string) []string {
	patterns := []string{"refs/remotes/*/" + name}
	for _, key := range config.Keys() {
		remote, ok := strings.CutPrefix(key, "remote.")
		if remote, isURL := strings.CutSuffix(remote, ".url"); ok && isURL && strings.Contains(remote, "/") {
			patterns = append(patterns, "refs/remotes/"+remote+"/"+name)
		}
	}
	return patterns
}

// aheadReach is how many more commits than the branch a remote copy may have.
const aheadReach = 100

// revisionAt is the revision of this series that a ref holds in a commit, 0
// when it holds none.
func (s *Series) revisionAt(ref string) int {
	left := len(s.Patches) + aheadReach
	for c, err := range s.repo.FirstParents(ref) {
		if left--; err != nil || left < 0 || c.ID == s.Base {
			break
		}
		if coverletter.HasMarker(c.Message) {
			_, tracking, err := coverletter.Decode(c.Text())
			if err != nil || tracking.ChangeID != s.Tracking.ChangeID {
				break
			}
			return tracking.Revision
		}
	}
	return 0
}

package series

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A Content tells a patch by what its mail says, as SHA-256. Neither its place
// in the series nor date, revision, recipients or the cover letter count, and
// neither do the lines with blob names, whose length depends on the
// repository: a patch that was only moved is the same patch.
type Content struct {
	Patch string // author, message and diff
	Diff  string // the diff alone
}

// Contents returns the content of each patch.
func (s *Series) Contents(ctx context.Context) ([]Content, error) {
	all := make([]Content, len(s.Patches))
	err := s.repo.EachPatch(ctx, s.patchIDs(), func(i int, p gitrepo.Patch) error {
		all[i] = contentOf(s.Patches[i], p)
		return nil
	})
	return all, err
}

func contentOf(c *gitrepo.Commit, p gitrepo.Patch) Content {
	h := sha256.New()
	for line := range strings.Lines(string(p.Diff)) {
		if !strings.HasPrefix(line, "index ") {
			h.Write([]byte(line))
		}
	}
	diff := hex.EncodeToString(h.Sum(nil))
	whole := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", authorOf(c), c.Text(), diff))
	return Content{Patch: hex.EncodeToString(whole[:]), Diff: diff}
}

// DiffsOf is the content of all diffs together, in order.
func DiffsOf(contents []Content) string {
	h := sha256.New()
	for _, c := range contents {
		fmt.Fprintln(h, c.Diff)
	}
	return hex.EncodeToString(h.Sum(nil))
}

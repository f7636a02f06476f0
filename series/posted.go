package series

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
)

// A Posted is one revision of a series as it was found in mail.
type Posted struct {
	ChangeID string // "" when no mail of it names one
	Revision int
	From     string   // the address that it was posted from
	Where    string   // the file that it is in
	IDs      []string // message-ids of all that is there, without brackets, the first message first
	Base     string   // the base commit that the mails name, "" for none
	Needs    []string // the prerequisites that the mails name
	Problem  string   // why it cannot be used, "" when it can
	// Read fetches the patch mails, in order.
	Read func(context.Context) ([][]byte, error)
}

func (m *Posted) String() string { return fmt.Sprintf("v%d in %s", m.Revision, m.Where) }

// A PostedPatch is one patch mail.
type PostedPatch struct {
	Where string // the file that it is in
	Raw   []byte
}

// Archives are the mail to look at besides the repository. Without any, mail
// counts for nothing.
type Archives struct {
	Looked []string // the files and folders, for people
	Series []Posted // in order of revision where the change-id is the same
	// ByPatchID finds patch mails by their stable patch-ids.
	ByPatchID func(ctx context.Context, ids []string) (map[string]PostedPatch, error)
}

// nor completes "it is neither here nor there".
func (a Archives) nor() string {
	if len(a.Looked) == 0 {
		return ""
	}
	return ", nor is it in the mail of " + strings.Join(a.Looked, ", ")
}

// newest is the newest revision of a series, nil for none.
func (a Archives) newest(changeID string) *Posted {
	var newest *Posted
	for i, m := range a.Series {
		if changeID != "" && m.ChangeID == changeID && (newest == nil || m.Revision > newest.Revision) {
			newest = &a.Series[i]
		}
	}
	return newest
}

func (a Archives) revision(changeID string, revision int) *Posted {
	for i, m := range a.Series {
		if m.ChangeID == changeID && m.Revision == revision {
			return &a.Series[i]
		}
	}
	return nil
}

// thread is the series that a message belongs to.
func (a Archives) thread(id string) *Posted {
	for i, m := range a.Series {
		if slices.Contains(m.IDs, id) {
			return &a.Series[i]
		}
	}
	return nil
}

// A KnownDep keeps the patch-ids of a prerequisite that was found in mail, so
// that nothing needs to look there again.
type KnownDep struct {
	Line     string   `json:"line"` // as the tracking data has it
	PatchIDs []string `json:"patch-ids"`
}

// A PostedError reports a revision in mail that cannot be used.
type PostedError struct {
	Posted *Posted
	Reason string
}

func (e *PostedError) Error() string {
	name := e.Posted.ChangeID
	if name == "" {
		name = e.Posted.IDs[0]
	}
	return fmt.Sprintf("%s: v%d in %s: %s", name, e.Posted.Revision, e.Posted.Where, e.Reason)
}

// patches reads the patches out of the mails, with their patch-ids.
func (m *Posted) patches(ctx context.Context, repo *gitrepo.Repo) ([]gitrepo.MailPatch, []string, error) {
	if m.Problem != "" {
		return nil, nil, &PostedError{m, m.Problem}
	}
	raws, err := m.Read(ctx)
	if err != nil {
		return nil, nil, err
	}
	return readPatches(ctx, repo, raws)
}

func readPatches(ctx context.Context, repo *gitrepo.Repo, raws [][]byte) ([]gitrepo.MailPatch, []string, error) {
	var patches []gitrepo.MailPatch
	var ids []string
	for _, raw := range raws {
		p, err := repo.ReadMail(ctx, raw)
		if err != nil {
			return nil, nil, err
		}
		patches, ids = append(patches, p), append(ids, patchmail.PatchID(p.Diff))
	}
	return patches, ids, nil
}

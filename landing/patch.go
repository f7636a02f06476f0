package landing

import (
	"context"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
)

// A Patch is what one patch of a series is known by.
type Patch struct {
	Commit  gitrepo.ID `json:"commit"`
	Name    string     `json:"name"`    // of the author
	Mailbox string     `json:"mailbox"` // of the author
	Forms   []Form     `json:"forms"`   // as it is in the branch, then as it was mailed, the last first
}

// A Form is a patch as it was at one time.
type Form struct {
	Revision   int      `json:"revision,omitempty"` // that it was mailed in, 0 for the branch
	Title      string   `json:"title"`
	PatchID    string   `json:"patch-id,omitempty"` // "" when it changes nothing
	MessageIDs []string `json:"message-ids,omitempty"`
}

// Patches says what the patches of a series are known by: as they are in the
// branch, and as they were mailed, where that is sure.
func Patches(ctx context.Context, s *series.Series) ([]Patch, error) {
	known, err := s.Reviewed(ctx)
	if err != nil {
		return nil, err
	}
	return patchesOf(s, known), nil
}

func patchesOf(s *series.Series, known *series.Reviewed) (patches []Patch) {
	mailed := known.Mailed()
	patches = make([]Patch, len(s.Patches))
	for i, c := range s.Patches {
		today := known.Branch.Patches[i]
		patches[i] = Patch{Commit: c.ID, Name: c.Author.Name, Mailbox: c.Author.Email, Forms: []Form{{Title: today.Title, PatchID: today.PatchID}}}
		for _, m := range slices.Backward(mailed[i]) {
			patches[i].Forms = append(patches[i].Forms, Form{Revision: m.Revision, Title: m.Title, PatchID: m.PatchID, MessageIDs: m.MessageIDs})
		}
	}
	return patches
}

// wrote says whether somebody is the author of the patch. Lists that rewrite From
// leave the name, followed by "via" and their own.
func (p *Patch) wrote(name, mailbox string) bool {
	name, _, _ = strings.Cut(name, " via ")
	return strings.EqualFold(mailbox, p.Mailbox) || name != "" && strings.EqualFold(name, p.Name)
}

// form is the first of its forms that has what is asked for.
func (p *Patch) form(is func(*Form) bool) *Form {
	for i := range p.Forms {
		if is(&p.Forms[i]) {
			return &p.Forms[i]
		}
	}
	return nil
}

// isTitled says whether the patch has or had a title.
func (p *Patch) isTitled(title string) bool {
	return p.form(func(f *Form) bool { return f.Title == title }) != nil
}

// namedBy is the form whose mail a commit names, nil for none.
func (p *Patch) namedBy(c *commit) *Form {
	return p.form(func(f *Form) bool {
		return slices.ContainsFunc(f.MessageIDs, func(id string) bool { return slices.Contains(c.messageIDs, id) })
	})
}

// SentAs says whether a revision has the patch with the change of the branch.
func (p *Patch) SentAs(revision int) bool {
	return p.form(func(f *Form) bool { return f.Revision == revision && f.PatchID == p.Forms[0].PatchID }) != nil
}

// ChangedSince says whether the branch has another change than what was mailed in
// a revision, or in any for 0. Nothing is known to have changed that was not
// mailed.
func (p *Patch) ChangedSince(revision int) bool {
	mailed := false
	for _, f := range p.Forms {
		if f.Revision == 0 || revision > 0 && f.Revision != revision {
			continue
		}
		if f.PatchID == p.Forms[0].PatchID {
			return false
		}
		mailed = true
	}
	return mailed
}

// MailedIn are the message-ids that the patch has in a revision, as far as they
// are known.
func (p *Patch) MailedIn(revision int) []string {
	f := p.form(func(f *Form) bool { return f.Revision == revision })
	if f == nil {
		return nil
	}
	return f.MessageIDs
}

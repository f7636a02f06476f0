package inbox

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A Series is one revision of a series of patches, as it was mailed.
type Series struct {
	ChangeID string // "" when no mail of it names one
	Revision int
	Title    string     // of the cover letter, or of the first patch
	From     string     // the address that its mails are from
	Cover    *Message   // nil without one
	Patches  []*Message // in order; nil for one that is not there
	Others   []*Message // from other addresses, which claim the place of one that is not there
}

// Messages are those that are there: the cover letter, and the patches in
// order.
func (s *Series) Messages() []*Message {
	all := append([]*Message{s.Cover}, s.Patches...)
	return slices.DeleteFunc(all, func(m *Message) bool { return m == nil })
}

// Missing are the numbers of the patches that are not there, from 1.
func (s *Series) Missing() []int {
	var missing []int
	for i, p := range s.Patches {
		if p == nil {
			missing = append(missing, i+1)
		}
	}
	return missing
}

// Base is the base commit that the mails name, "" for none.
func (s *Series) Base() string {
	for _, m := range s.Messages() {
		if m.Base != "" {
			return m.Base
		}
	}
	return ""
}

// Needs are the prerequisites that the mails name, as "change-id: ID:vN",
// each once.
func (s *Series) Needs() []string {
	var needs []string
	for _, m := range s.Messages() {
		for _, line := range m.Needs {
			if !slices.Contains(needs, line) {
				needs = append(needs, line)
			}
		}
	}
	return needs
}

// Date is when the newest of its mails was written.
func (s *Series) Date() time.Time {
	var date time.Time
	for _, m := range s.Messages() {
		if m.Date.After(date) {
			date = m.Date
		}
	}
	return date
}

// A shape is what the subjects of one revision have in common: vN and the n of
// k/n, if that is there.
type shape struct {
	revision, total int
	counted         bool
}

func shapeOf(m *Message) shape {
	s := m.Subject
	return shape{s.Revision, s.Total, s.Total > 1 || s.ForceCounter}
}

// A groupKey tells the messages of one revision.
type groupKey struct {
	root string // message-id
	shape
}

// IsInThreadOf says whether two series are in one thread, as far as their first
// messages say.
func (s *Series) IsInThreadOf(other *Series) bool {
	first, its := s.Messages()[0], other.Messages()[0]
	ours := append([]string{first.ID}, first.Parents...)
	return slices.Contains(ours, its.ID) || slices.ContainsFunc(its.Parents, func(id string) bool { return slices.Contains(ours, id) })
}

// Assemble puts messages together to revisions of series, ordered by date.
// A patch belongs to the cover letter, or without one to the first patch, that
// is the nearest above it in its thread and has the same vN and the same n of
// k/n; patches whose first message is missing belong together by what they
// answer. All are from one address, that of the first message, or where that is
// missing the one that most are from: whatever else somebody posts into the
// thread is none of them. Of two mails for the same place the later counts.
// Replies, and mails without a patch, count for nothing.
func Assemble(messages []*Message) []*Series {
	byID := map[string]*Message{}
	for _, m := range messages {
		if _, seen := byID[m.ID]; !seen && (m.Cover || m.Patch) {
			byID[m.ID] = m
		}
	}
	groups := map[groupKey][]*Message{}
	for _, m := range messages {
		if byID[m.ID] == m {
			key := groupKey{rootOf(m, byID), shapeOf(m)}
			groups[key] = append(groups[key], m)
		}
	}
	all := make([]*Series, 0, len(groups))
	for key, members := range groups {
		if s := together(members, byID[key.root]); s != nil {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *Series) int {
		return cmp.Or(a.Date().Compare(b.Date()), cmp.Compare(a.Messages()[0].ID, b.Messages()[0].ID))
	})
	return all
}

// rootOf is the id of the message that the mails of a revision have in common.
func rootOf(m *Message, byID map[string]*Message) string {
	if m.Cover {
		return m.ID
	}
	first := ""
	for _, id := range m.Parents {
		above := byID[id]
		if above == nil || shapeOf(above) != shapeOf(m) {
			continue
		}
		if above.Cover {
			return id
		}
		if above.Subject.Counter == 1 && m.Subject.Counter > 1 {
			first = id
		}
	}
	switch {
	case first != "":
		return rootOf(byID[first], byID)
	case len(m.Parents) > 0 && m.Subject.Total > 1 && byID[m.Parents[0]] == nil:
		return m.Parents[0] // the cover letter, which is not there
	}
	return m.ID
}

// maxPatches bounds what a subject may claim.
const maxPatches = 10_000

// together makes a series of the messages of one revision; first is the one that
// they begin with, nil when that is missing. It is nil for a cover letter alone,
// and for what nobody can have meant.
func together(members []*Message, first *Message) *Series {
	total := members[0].Subject.Total
	if total > maxPatches || !slices.ContainsFunc(members, func(m *Message) bool { return m.Patch }) {
		return nil
	}
	s := &Series{Revision: members[0].Subject.Revision, From: mostFrom(members), Patches: make([]*Message, total)}
	if first != nil {
		s.From = first.From
	}
	for _, m := range members {
		if m.From == s.From {
			s.put(m)
		}
	}
	if len(s.Missing()) == total {
		return nil
	}
	for _, m := range members {
		if m.From != s.From && *s.place(m) == nil {
			s.Others = append(s.Others, m)
		}
	}
	for _, m := range s.Messages() {
		s.ChangeID = cmp.Or(s.ChangeID, m.ChangeID)
	}
	s.Title = s.Messages()[0].Subject.Title
	return s
}

// mostFrom is the address that most messages are from, of several the first.
func mostFrom(messages []*Message) string {
	count := map[string]int{}
	most := ""
	for _, m := range messages {
		count[m.From]++
	}
	for _, m := range messages {
		if count[m.From] > count[most] {
			most = m.From
		}
	}
	return most
}

// place is where a message of the series belongs.
func (s *Series) place(m *Message) **Message {
	if m.Patch {
		return &s.Patches[m.Subject.Counter-1]
	}
	return &s.Cover
}

func (s *Series) put(m *Message) {
	if place := s.place(m); *place == nil || m.Date.After((*place).Date) {
		*place = m
	}
}

// RevisionOf picks the messages of the revision that a message belongs to out of
// some: the cover letter, then the patches. Of a message that belongs to none, a
// reply for example, it returns that alone, and of one that is not there nothing.
func RevisionOf(messages []*Message, id string) []*Message {
	is := func(m *Message) bool { return m.ID == id }
	for _, s := range Assemble(messages) {
		if members := s.Messages(); slices.ContainsFunc(members, is) {
			return members
		}
	}
	if i := slices.IndexFunc(messages, is); i >= 0 {
		return messages[i : i+1]
	}
	return nil
}

// An AmbiguousError means that several series claim to be the same revision.
type AmbiguousError struct {
	ChangeID string
	Revision int
	From     []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("v%d of %s was mailed by several people: %q", e.Revision, e.ChangeID, e.From)
}

package series

import "slices"

// Marks are what is known of replies to a series, by message-id, which no reroll
// and no rebase changes.
type Marks struct {
	Done []string        // in order of the alphabet
	Seen map[string]bool // shown, without those that are done
}

// IsSeen says whether a reply was shown, or is done.
func (m *Marks) IsSeen(id string) bool { return m != nil && m.Seen[id] || m.IsDone(id) }

// IsDone says whether nothing is left to do about a reply.
func (m *Marks) IsDone(id string) bool {
	if m == nil {
		return false
	}
	_, found := slices.BinarySearch(m.Done, id)
	return found
}

// Marks reads what is noted about replies. It returns a *StateError.
func (s *Series) Marks() (*Marks, error) {
	st, err := s.State()
	if err != nil {
		return nil, err
	}
	m := &Marks{Done: st.Done, Seen: map[string]bool{}}
	text, err := ReadSeen(s.repo.CommonDir, s.Tracking.ChangeID)
	for id := range seenIDs(text) {
		m.Seen[id] = true
	}
	return m, err
}

// MarkDone notes that nothing is left to do about replies.
func (st *State) MarkDone(ids ...string) {
	st.Done = append(slices.Clone(st.Done), ids...)
	slices.Sort(st.Done)
	st.Done = slices.Compact(st.Done)
}

// MarkUndone takes MarkDone back.
func (st *State) MarkUndone(ids ...string) {
	st.Done = slices.DeleteFunc(slices.Clone(st.Done), func(id string) bool { return slices.Contains(ids, id) })
}

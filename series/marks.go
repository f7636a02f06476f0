package series

import "slices"

// Marks are what the user has noted about replies, by message-id, which no
// reroll and no rebase changes. Both lists are in order of the alphabet.
type Marks struct {
	Seen []string `json:"seen,omitempty"` // they were shown
	Done []string `json:"done,omitempty"` // nothing is left to do about them
}

func (m *Marks) empty() bool { return m == nil || len(m.Seen)+len(m.Done) == 0 }

// IsSeen says whether a reply was shown.
func (m *Marks) IsSeen(id string) bool { return m != nil && isMarked(m.Seen, id) }

// IsDone says whether nothing is left to do about a reply.
func (m *Marks) IsDone(id string) bool { return m != nil && isMarked(m.Done, id) }

func isMarked(list []string, id string) bool {
	_, found := slices.BinarySearch(list, id)
	return found
}

// MarkSeen notes that replies were shown.
func (st *State) MarkSeen(ids ...string) { st.marks().Seen = with(st.marks().Seen, ids) }

// MarkDone notes that nothing is left to do about replies, which were seen then,
// too.
func (st *State) MarkDone(ids ...string) {
	st.MarkSeen(ids...)
	st.marks().Done = with(st.marks().Done, ids)
}

// MarkUndone takes MarkDone back; they stay seen.
func (st *State) MarkUndone(ids ...string) {
	st.marks().Done = slices.DeleteFunc(st.marks().Done, func(id string) bool { return slices.Contains(ids, id) })
}

func (st *State) marks() *Marks {
	if st.Feedback == nil {
		st.Feedback = &Marks{}
	}
	return st.Feedback
}

func with(list, ids []string) []string {
	list = append(slices.Clone(list), ids...)
	slices.Sort(list)
	return slices.Compact(list)
}

package rangediff

// unmatched marks a commit without a partner.
const unmatched = -1

// A matching pairs the commits of two ranges: the index of the partner on the
// other side, or unmatched.
type matching struct {
	ofOld, ofNew []int
}

func newMatching(old, new int) matching {
	m := matching{ofOld: make([]int, old), ofNew: make([]int, new)}
	for i := range m.ofOld {
		m.ofOld[i] = unmatched
	}
	for j := range m.ofNew {
		m.ofNew[j] = unmatched
	}
	return m
}

func (m matching) pair(i, j int) { m.ofOld[i], m.ofNew[j] = j, i }

// matchExact pairs commits with the same patch. Among old ones with the same
// patch (a patch, its revert, the patch again) the choice is that of git's
// hash table: see multimap.
func matchExact(old, new []Commit) matching {
	m := newMatching(len(old), len(new))
	table := newMultimap(len(old))
	for i := range old {
		table.put(string(old[i].Diff()), i)
	}
	for j := range new {
		if i, ok := table.take(string(new[j].Diff())); ok {
			m.pair(i, j)
		}
	}
	return m
}

// A multimap gives out the values of a key in the order of git's hash table
// with chains: last in, first out, where each growth and each shrinking of
// the table walks all chains and so turns the order around. Buckets are not
// modelled, for only the order among equals can be seen.
type multimap struct {
	lists   map[string]*[]int
	count   int
	buckets int
	turns   int // how often all lists were turned around
}

func newMultimap(size int) *multimap {
	return &multimap{lists: make(map[string]*[]int, size), buckets: 64}
}

func (m *multimap) growAt() int { return m.buckets * 80 / 100 }

// shrinkAt is 0 for a table that never shrinks.
func (m *multimap) shrinkAt() int {
	if m.buckets <= 64 {
		return 0
	}
	return m.growAt() / 5
}

// Lists are kept in insertion order as of turns being even: the head of the
// chain is the last element then, and the first one when turns is odd.
func (m *multimap) put(key string, value int) {
	list := m.lists[key]
	if list == nil {
		list = new([]int)
		m.lists[key] = list
	}
	if m.turns%2 == 0 {
		*list = append(*list, value)
	} else {
		*list = append([]int{value}, *list...)
	}
	m.count++
	if m.count > m.growAt() {
		m.buckets *= 4
		m.turns++
	}
}

func (m *multimap) take(key string) (int, bool) {
	list := m.lists[key]
	if list == nil || len(*list) == 0 {
		return 0, false
	}
	var value int
	if last := len(*list) - 1; m.turns%2 == 0 {
		value, *list = (*list)[last], (*list)[:last]
	} else {
		value, *list = (*list)[0], (*list)[1:]
	}
	m.count--
	if m.count < m.shrinkAt() {
		m.buckets /= 4
		m.turns++
	}
	return value, true
}

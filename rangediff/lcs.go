package rangediff

import "math/bits"

// A lineSet says where each line of a patch stands, as masks of bits.
type lineSet struct {
	length, words int
	place         map[int32]int32 // by line id: where its mask begins
	masks         []uint64        // of words each
}

func newLineSet(ids []int32) *lineSet {
	s := &lineSet{length: len(ids), words: (len(ids) + 63) / 64, place: make(map[int32]int32, len(ids))}
	for _, id := range ids {
		if _, there := s.place[id]; !there {
			s.place[id] = int32(len(s.place) * s.words)
		}
	}
	s.masks = make([]uint64, len(s.place)*s.words)
	for at, id := range ids {
		s.masks[int(s.place[id])+at/64] |= 1 << (at % 64)
	}
	return s
}

// common is the length of a longest common subsequence with other lines, by
// the bit-vector method of Hyyrö (2004). scratch is used if it suffices.
func (s *lineSet) common(ids []int32, scratch []uint64) (length int, used []uint64) {
	if cap(scratch) < s.words {
		scratch = make([]uint64, s.words)
	}
	v := scratch[:s.words]
	for i := range v {
		v[i] = ^uint64(0)
	}
	for _, id := range ids {
		at, there := s.place[id]
		if !there {
			continue
		}
		carry := uint64(0)
		for i, m := range s.masks[at:][:s.words] {
			var sum uint64
			sum, carry = bits.Add64(v[i], v[i]&m, carry)
			v[i] = sum | v[i]&^m
		}
	}
	for i, word := range v {
		if i == s.words-1 && s.length%64 != 0 {
			word |= ^uint64(0) << (s.length % 64)
		}
		length += bits.OnesCount64(^word)
	}
	return length, v
}

// refiner returns what improves the bound of a pair: no diff matches more
// lines than the longest common subsequence has.
func (p patches) refiner() func(old, new int, loose bool) int {
	sets := make([]*lineSet, len(p.new))
	var scratch []uint64
	return func(i, j int, loose bool) int {
		if sets[j] == nil {
			sets[j] = newLineSet(p.new[j].IDs)
		}
		var matched int
		matched, scratch = sets[j].common(p.old[i].IDs, scratch)
		return p.leastCost(i, j, matched, loose)
	}
}

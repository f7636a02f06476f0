package xdiff

// slide moves each group of changed lines of s to where it reads best
// (range-diff 8.1, point 6). A group can slide when the line that it leaves
// equals the one that it takes in; groups that touch become one.
func (s *side) slide(other *side, indent bool) {
	here, there := cursor{side: s}, cursor{side: other}
	here.init()
	there.init()
	for {
		if here.start != here.end {
			here.settle(&there, indent)
		}
		if !here.next() {
			return
		}
		there.next()
	}
}

// settle slides the group at the cursor, with other kept at the same place of
// the other file.
func (c *cursor) settle(other *cursor, indent bool) {
	var length, top, facing int
	for {
		length, facing = c.end-c.start, -1
		for c.up() {
			other.previous()
		}
		top = c.end
		if other.start != other.end {
			facing = c.end
		}
		for c.down() {
			other.next()
			if other.start != other.end {
				facing = c.end
			}
		}
		if c.end-c.start == length {
			break
		}
	}
	goal := c.end
	switch {
	case top == c.end:
	case facing >= 0:
		goal = facing
	case indent:
		goal = c.best(top)
	}
	for c.end > goal {
		c.up()
		other.previous()
	}
}

// best returns the end of the group that suits the indentation best, of those
// from top to the present one.
func (c *cursor) best(top int) int {
	const reach = 100
	length := c.end - c.start
	top = max(top, c.end-length-1, c.end-reach)
	at, low := 0, score{}
	for end := top; end <= c.end; end++ {
		var s score
		s.add(c.side, end)
		s.add(c.side, end-length)
		if end == top || !low.less(s) {
			at, low = end, s
		}
	}
	return at
}

// A cursor stands on a group of changed lines [start, end) of a side, which is
// empty between two lines that are not changed. Cursors of both sides that take
// the same steps stay at the same place.
type cursor struct {
	side       *side
	start, end int
}

func (c *cursor) init() {
	for c.side.changed[c.end] {
		c.end++
	}
}

// next goes to the next group, unless there is none.
func (c *cursor) next() bool {
	if c.end == len(c.side.ids) {
		return false
	}
	c.start = c.end + 1
	c.end = c.start
	for c.side.changed[c.end] {
		c.end++
	}
	return true
}

// previous goes to the group before this one.
func (c *cursor) previous() {
	c.end = c.start - 1
	c.start = c.end
	for c.start > 0 && c.side.changed[c.start-1] {
		c.start--
	}
}

// down slides the group by a line towards the end, unless it cannot.
func (c *cursor) down() bool {
	s := c.side
	if c.end == len(s.ids) || s.ids[c.start] != s.ids[c.end] {
		return false
	}
	s.changed[c.start] = false
	s.changed[c.end] = true
	c.start++
	c.end++
	for s.changed[c.end] {
		c.end++
	}
	return true
}

// up slides the group by a line towards the start, unless it cannot.
func (c *cursor) up() bool {
	s := c.side
	if c.start == 0 || s.ids[c.start-1] != s.ids[c.end-1] {
		return false
	}
	c.start--
	c.end--
	s.changed[c.start] = true
	s.changed[c.end] = false
	for c.start > 0 && s.changed[c.start-1] {
		c.start--
	}
	return true
}

package rangediff

import (
	"strconv"
	"strings"
)

// statWidth is how many columns git gives a line of --stat, wherever it is shown.
const statWidth = 80

// appendStat appends how many lines of a pair differ, as git's --stat does for
// a file; nothing when there are none.
func (p *Printer) appendStat(dst []byte, hunks []Hunk) []byte {
	added, removed := 0, 0
	for _, h := range hunks {
		for _, l := range h.Lines {
			switch l.Sign {
			case '+':
				added++
			case '-':
				removed++
			}
		}
	}
	if added+removed == 0 {
		return dst
	}
	total := strconv.Itoa(added + removed)
	pluses, minuses := graph(added, removed, statWidth-len(" a => b | ")-len(total)-len(" ")-1)
	dst = appendAll(dst, indent, " a => b | ", total, " ")
	for _, part := range []struct {
		text   string
		colour func(*Colours) string
	}{
		{strings.Repeat("+", pluses), func(c *Colours) string { return c.New }},
		{strings.Repeat("-", minuses), func(c *Colours) string { return c.Old }},
	} {
		switch {
		case p.Colours == nil:
			dst = append(dst, part.text...)
		case part.text != "":
			dst = appendAll(dst, part.colour(p.Colours), part.text, colourReset)
		}
	}
	dst = appendAll(dst, "\n", indent, " 1 file changed")
	if added > 0 {
		dst = appendAll(dst, ", ", count(added, "insertion"), "(+)")
	}
	if removed > 0 {
		dst = appendAll(dst, ", ", count(removed, "deletion"), "(-)")
	}
	return append(dst, '\n')
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// graph shortens two bars in proportion to what fits into width; neither
// vanishes.
func graph(added, removed, width int) (pluses, minuses int) {
	total := added + removed
	if total <= width {
		return added, removed
	}
	scale := func(n int) int {
		if n == 0 {
			return 0
		}
		return 1 + n*(width-1)/total
	}
	if added < removed {
		return scale(added), width - scale(added)
	}
	return width - scale(removed), scale(removed)
}

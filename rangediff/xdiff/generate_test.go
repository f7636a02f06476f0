package xdiff_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// A pair is two texts to compare.
type pair struct{ old, new []byte }

// generator makes pairs of one kind.
type generator struct {
	name string
	make func(r *rand.Rand) pair
}

func generators() []generator {
	return []generator{
		{"few different lines", func(r *rand.Rand) pair {
			// Ties everywhere: the choice among equal paths and the sliding show.
			line := func() string { return string(rune('a'+r.IntN(2+r.IntN(4)))) + "\n" }
			return independent(r, r.IntN(30), line)
		}},
		{"few different lines, edited", func(r *rand.Rand) pair {
			kinds := 2 + r.IntN(6)
			line := func() string { return string(rune('a'+r.IntN(kinds))) + "\n" }
			return edited(r, 1+r.IntN(60), 1+r.IntN(12), line)
		}},
		{"code", func(r *rand.Rand) pair { return edited(r, 5+r.IntN(200), 1+r.IntN(20), code(r)) }},
		{"prose", func(r *rand.Rand) pair { return edited(r, 3+r.IntN(80), 1+r.IntN(10), prose(r)) }},
		{"common lines among unique ones", func(r *rand.Rand) pair {
			// Lines above the bogus square root in number, in runs without partners.
			n := 0
			common := 1 + r.IntN(4)
			share := r.IntN(100)
			line := func() string {
				if r.IntN(100) < share {
					return fmt.Sprintf("common %d\n", r.IntN(common))
				}
				n++
				return fmt.Sprintf("unique %d\n", n)
			}
			return edited(r, 20+r.IntN(600), 1+r.IntN(150), line)
		}},
		{"long runs without plain lines", func(r *rand.Rand) pair {
			// What decides about a common line can be a hundred lines away.
			n, common, share := 0, 1+r.IntN(3), 15+r.IntN(20)
			run := func() string {
				if n++; r.IntN(100) < share {
					return fmt.Sprintf("common %d\n", r.IntN(common))
				}
				return fmt.Sprintf("unique %d\n", n)
			}
			old := lines(r, 400+r.IntN(600), func() string {
				if r.IntN(3) == 0 {
					return run()
				}
				return fmt.Sprintf("common %d\n", r.IntN(common))
			})
			at := r.IntN(len(old))
			new := append(append(append([]string(nil), old[:at]...), lines(r, r.IntN(350), run)...), old[at+r.IntN(len(old)-at):]...)
			return pair{join(old), join(new)}
		}},
		{"blank and indented lines", func(r *rand.Rand) pair {
			line := func() string {
				if r.IntN(3) == 0 {
					return strings.Repeat([]string{" ", "\t", "\r", ""}[r.IntN(4)], r.IntN(3)) + "\n"
				}
				return strings.Repeat([]string{" ", "\t"}[r.IntN(2)], r.IntN(6)) + string(rune('a'+r.IntN(3))) + "\n"
			}
			return edited(r, 2+r.IntN(60), 1+r.IntN(8), line)
		}},
		{"whitespace of all sorts", func(r *rand.Rand) pair {
			kinds := 1 + r.IntN(3)
			line := func() string {
				var s string
				for range r.IntN(5) {
					s += []string{" ", "  ", "\t", "\r", "\v", "\f", "a", "b", "\u00a0"}[r.IntN(9)]
				}
				return s + strings.Repeat("c", r.IntN(kinds)) + []string{"", " ", "\r", " \r"}[r.IntN(4)] + "\n"
			}
			return edited(r, 2+r.IntN(60), 1+r.IntN(8), line)
		}},
		{"long runs of blank lines", func(r *rand.Rand) pair {
			line := func() string {
				if r.IntN(12) != 0 {
					return "\n"
				}
				return strings.Repeat(" ", r.IntN(210)) + "x\n"
			}
			return edited(r, 20+r.IntN(200), 1+r.IntN(6), line)
		}},
		{"one more of the same", func(r *rand.Rand) pair {
			// A block repeated once more can slide by itself: the indentation decides.
			var old, new []string
			n := 0
			for range r.IntN(12) {
				blanks, deep := 1+r.IntN(6), 1+r.IntN(4)
				if r.IntN(6) == 0 {
					deep = 220
				}
				block := lines(r, 1+r.IntN(10), func() string {
					if r.IntN(blanks) == 0 {
						return strings.Repeat("\n", 1+r.IntN(2))
					}
					n++
					return strings.Repeat(" ", r.IntN(deep)) + fmt.Sprintf("%d\n", n)
				})
				times := 1 + r.IntN(3)
				for i := range times + 1 {
					if i < times {
						old = append(old, block...)
					}
					new = append(new, block...)
				}
				if r.IntN(3) > 0 {
					n++
					end := fmt.Sprintf("%s%d\n", strings.Repeat(" ", r.IntN(deep)), n)
					old, new = append(old, end), append(new, end)
				}
			}
			if r.IntN(2) == 0 {
				old, new = new, old
			}
			return pair{join(old), join(new)}
		}},
		{"long blocks repeated", func(r *rand.Rand) pair {
			// Groups that can slide by more than a hundred lines.
			block := 1 + r.IntN(150)
			var text []string
			for range 2 + r.IntN(4) {
				for i := range block {
					text = append(text, fmt.Sprintf("%s%d\n", strings.Repeat(" ", i%5), i%(block/2+1)))
				}
			}
			return pair{join(text), join(edit(r, append(text, text[:block]...), 1+r.IntN(4), func() string { return "new\n" }))}
		}},
		{"bytes", func(r *rand.Rand) pair {
			line := func() string {
				b := make([]byte, r.IntN(4))
				for i := range b {
					b[i] = byte(1 + r.IntN(255))
				}
				return string(b) + []string{"\n", "\r\n", ""}[r.IntN(3)]
			}
			return edited(r, r.IntN(100), 1+r.IntN(10), line)
		}},
		{"long lines for headings", func(r *rand.Rand) pair {
			line := func() string {
				s := "f" + strings.Repeat("x", 70+r.IntN(12))
				for range r.IntN(6) {
					s += []string{"é", "\t", " ", "漢", "\xff", "y", "\uffff", "\ufffe", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\U0010ffff", "\xc0\x80"}[r.IntN(12)]
				}
				if r.IntN(3) != 0 {
					s = " " + s
				}
				return s + "\n"
			}
			return edited(r, 5+r.IntN(60), 1+r.IntN(4), line)
		}},
		{"functions and comments", func(r *rand.Rand) pair {
			line := func() string {
				return []string{"\n", " \n", "f()\n", " * c\n", " {\n", " x\n", " y\n", " z\n"}[r.IntN(8)]
			}
			return edited(r, 5+r.IntN(80), 1+r.IntN(6), line)
		}},
		{"empty on one side", func(r *rand.Rand) pair {
			p := pair{nil, join(lines(r, r.IntN(5), prose(r)))}
			if r.IntN(2) == 0 {
				p.old, p.new = p.new, p.old
			}
			return p
		}},
	}
}

// longGenerators make files for which the search takes its cut-offs.
func longGenerators() []generator {
	return []generator{
		{"few different lines, long", func(r *rand.Rand) pair {
			kinds := 2 + r.IntN(40)
			line := func() string { return fmt.Sprintf("%d\n", r.IntN(kinds)) }
			return independent(r, 300+r.IntN(3000), line)
		}},
		{"many edits between streaks", func(r *rand.Rand) pair {
			kinds := 5 + r.IntN(500)
			line := func() string { return fmt.Sprintf("%d\n", r.IntN(kinds)) }
			return edited(r, 2000+r.IntN(4000), 300+r.IntN(1500), line)
		}},
		{"streaks out of order", func(r *rand.Rand) pair {
			kinds := 20 + r.IntN(1000)
			line := func() string { return fmt.Sprintf("%d\n", r.IntN(kinds)) }
			old := lines(r, 2000+r.IntN(3000), line)
			new := append([]string(nil), old...)
			for range 10 + r.IntN(60) {
				from, n := r.IntN(len(new)-100), 10+r.IntN(90)
				moved := append([]string(nil), new[from:from+n]...)
				new = append(new[:from], new[from+n:]...)
				to := r.IntN(len(new))
				new = append(new[:to], append(moved, new[to:]...)...)
			}
			return pair{join(old), join(edit(r, new, r.IntN(600), line))}
		}},
		{"code, long", func(r *rand.Rand) pair { return edited(r, 2000+r.IntN(4000), 200+r.IntN(800), code(r)) }},
		{"a stretch rewritten", func(r *rand.Rand) pair {
			line := code(r)
			old := lines(r, 2500, line)
			new := append([]string(nil), old[:300]...)
			new = append(new, lines(r, 600+r.IntN(2000), line)...)
			return pair{join(old), join(append(new, old[300+r.IntN(2000):]...))}
		}},
	}
}

// veryLongGenerators make files in which the bogus square root is large. From
// 65536 diagonals on it is past the cost from which promising paths are looked
// for; of shorter files none is ever taken. Of a million lines it is past 1024.
func veryLongGenerators() []generator {
	return []generator{
		{"very long", func(r *rand.Rand) pair {
			kinds := 2000 + r.IntN(100000)
			line := func() string { return fmt.Sprintf("%d\n", r.IntN(kinds)) }
			return edited(r, 35000+r.IntN(5000), 500+r.IntN(3000), line)
		}},
		{"very long, streaks of about twenty lines", func(r *rand.Rand) pair {
			// Much progress at little cost, so that promising paths are taken.
			// Streaks come again, so that a promising path can be a wrong one.
			kinds, most, streaks, strays := 20+r.IntN(100), 2+r.IntN(8), 10+r.IntN(200), 2+r.IntN(12)
			noise := func() string { return fmt.Sprintf("noise %d\n", r.IntN(kinds)) }
			var old, new []string
			for range 1800 + r.IntN(200) {
				old = append(old, lines(r, r.IntN(most), noise)...)
				new = append(new, lines(r, r.IntN(most), noise)...)
				streak := func() (text []string) {
					kind := r.IntN(streaks)
					for j := range 17 + kind%6 {
						text = append(text, fmt.Sprintf("%d of streak %d\n", j, kind))
					}
					return text
				}
				next := streak()
				old = append(old, next...)
				if r.IntN(strays) == 0 {
					next = streak()
				}
				new = append(new, next...)
			}
			return pair{join(old), join(new)}
		}},
		{"a million lines", func(r *rand.Rand) pair {
			n := 0
			line := func() string {
				if n++; r.IntN(8) > 0 {
					return fmt.Sprintf("%d\n", n)
				}
				// From one occurrence to some thousand.
				k := 1 + r.IntN(1<<(1+r.IntN(7)))
				return fmt.Sprintf("common %d\n", k)
			}
			old := lines(r, 1<<20+r.IntN(1000), func() string {
				if r.IntN(8) > 0 {
					return "\n"
				}
				return line()
			})
			at := r.IntN(len(old) - 5000)
			new := append([]string(nil), old[:at]...)
			for range 50 {
				new = append(new, lines(r, r.IntN(60), line)...)
				new = append(new, old[at:at+r.IntN(20)]...)
				at += 50
			}
			return pair{join(old), join(append(new, old[at:]...))}
		}},
	}
}

func independent(r *rand.Rand, n int, line func() string) pair {
	return pair{join(lines(r, n, line)), join(lines(r, r.IntN(n+2), line))}
}

func edited(r *rand.Rand, n, edits int, line func() string) pair {
	old := lines(r, n, line)
	p := pair{join(old), join(edit(r, old, edits, line))}
	if r.IntN(2) == 0 {
		p.old, p.new = p.new, p.old
	}
	for _, text := range []*[]byte{&p.old, &p.new} {
		if r.IntN(8) == 0 {
			*text = bytes.TrimSuffix(*text, []byte("\n"))
		}
		if r.IntN(20) == 0 {
			*text = bytes.ReplaceAll(*text, []byte("\n"), []byte("\r\n"))
		}
	}
	return p
}

func lines(r *rand.Rand, n int, line func() string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = line()
	}
	return list
}

// edit returns a copy of text with runs of lines added, removed, replaced,
// repeated and moved.
func edit(r *rand.Rand, text []string, edits int, line func() string) []string {
	text = append([]string(nil), text...)
	for range edits {
		at := r.IntN(len(text) + 1)
		n := min(1+r.IntN(4)*r.IntN(4), len(text)-at)
		var put []string
		switch r.IntN(6) {
		case 0, 1:
			put = lines(r, 1+r.IntN(6), line)
			n = 0
		case 2:
		case 3:
			put = lines(r, 1+r.IntN(3), line)
		case 4:
			put = append(append(put, text[at:at+n]...), text[at:at+n]...)
		case 5:
			from := r.IntN(len(text) + 1)
			put = append(put, text[from:min(from+n, len(text))]...)
		}
		text = append(text[:at], append(put, text[at+n:]...)...)
	}
	return text
}

func join(text []string) []byte { return []byte(strings.Join(text, "")) }

// code returns a source of lines like those of a C file.
func code(r *rand.Rand) func() string {
	depth := 0
	return func() string {
		indent := strings.Repeat("\t", depth)
		switch r.IntN(12) {
		case 0, 1:
			return "\n"
		case 2, 3:
			if depth > 0 {
				depth--
			}
			return strings.Repeat("\t", depth) + "}\n"
		case 4:
			depth = min(depth+1, 4)
			return indent + fmt.Sprintf("if (a%d) {\n", r.IntN(4))
		case 5:
			depth = 1
			return fmt.Sprintf("\nstatic int f%d(void)\n{\n", r.IntN(50))
		case 6:
			return indent + "return 0;\n"
		case 7:
			return indent + "break;\n"
		case 8:
			return "#include <a.h>\n"
		default:
			return indent + fmt.Sprintf("x%d = g(%d);\n", r.IntN(12), r.IntN(12))
		}
	}
}

// prose returns a source of lines like those of a text.
func prose(r *rand.Rand) func() string {
	words := strings.Fields("a series of patches has one cover letter and many trailers")
	return func() string {
		if r.IntN(4) == 0 {
			return "\n"
		}
		var s []string
		for range 1 + r.IntN(3) {
			s = append(s, words[r.IntN(len(words))])
		}
		return strings.Join(s, " ") + "\n"
	}
}

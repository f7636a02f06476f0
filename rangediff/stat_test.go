package rangediff

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestStat(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		added, removed int
		want           string // without indentation; as git 2.39.5 prints it
	}{
		{"nothing", 0, 0, ""},
		{"one of each", 1, 1, "| 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n"},
		{"all that fits", 60, 6, "| 66 " + bars(60, 6) + "\n 1 file changed, 60 insertions(+), 6 deletions(-)\n"},
		{"one more", 71, 0, "| 71 " + bars(66, 0) + "\n 1 file changed, 71 insertions(+)\n"},
		{"in proportion", 170, 30, "| 200 " + bars(55, 10) + "\n 1 file changed, 170 insertions(+), 30 deletions(-)\n"},
		{"few among many removed", 2, 2403, "| 2405 " + bars(1, 63) + "\n 1 file changed, 2 insertions(+), 2403 deletions(-)\n"},
		{"few among many added", 2403, 2, "| 2405 " + bars(63, 1) + "\n 1 file changed, 2403 insertions(+), 2 deletions(-)\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var lines []Line
			lines = append(lines, linesOf('+', tc.added)...)
			lines = append(lines, linesOf('-', tc.removed)...)
			got := string(new(Printer).appendStat(nil, []Hunk{{Lines: append(lines, Line{Sign: ' '})}}))
			want := strings.ReplaceAll(tc.want, "\n 1", "\n     1")
			if want != "" {
				want = "     a => b " + want
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
	coloured := new(Printer)
	coloured.Colours = DefaultColours()
	want := fmt.Sprintf("%s%s\x1b[32m+\x1b[m\x1b[31m--\x1b[m\n", indent, " a => b | 3 ")
	got := coloured.appendStat(nil, []Hunk{{Lines: append(linesOf('+', 1), linesOf('-', 2)...)}})
	if !bytes.HasPrefix(got, []byte(want)) {
		t.Errorf("in colours %q, want %q", got, want)
	}
}

func bars(plus, minus int) string { return strings.Repeat("+", plus) + strings.Repeat("-", minus) }

func linesOf(sign byte, n int) []Line {
	lines := make([]Line, n)
	for i := range lines {
		lines[i].Sign = sign
	}
	return lines
}

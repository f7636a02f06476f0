package words

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kprep/kprep/rangediff"
)

// hunk makes lines from a text with a sign before each.
func hunk(text string) []rangediff.Line {
	var lines []rangediff.Line
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		lines = append(lines, rangediff.Line{Sign: line[0], Text: []byte(line[1:])})
	}
	return lines
}

// show writes lines with brackets around their marks.
func show(lines []rangediff.Line, marks [][]rangediff.Span) string {
	var b strings.Builder
	for n, l := range lines {
		b.WriteByte(l.Sign)
		at := 0
		for _, m := range marks[n] {
			b.WriteString(string(l.Text[at:m.Start]) + "[" + string(l.Text[m.Start:m.End]) + "]")
			at = m.End
		}
		b.WriteString(string(l.Text[at:]) + "\n")
	}
	return b.String()
}

func TestMark(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, want string }{
		{"identifiers are whole", "-+\tkfree([tab_old]);\n++\tkfree([table_old]);\n"},
		{"a word more", "-The lock is taken.\n+The lock is [never] taken.\n"},
		{"what the patch does with a line", "-[+]\tint unused;\n+[ ]\tint unused;\n"},
		{"equal punctuation between changes joins them", "-call([a, b], last);\n+call([x, y], last);\n"},
		{"an equal name between changes stays", "-get([a]).value([b]);\n+get([x]).value([y]);\n"},
		{"signs are no words of their own", "-+\ta(b);\n++\tfirst();\n++\tsecond();\n++\ta(b);\n"},
		{"a column that moved", "-+\tname [    ]string\n++\tname string\n"},
		{"a line that is quite another is not marked", "-return 0;\n+goto out_unlock;\n"},
		{"indentation alone", "-[   ]if (x)\n+[\t]if (x)\n"},
		{"indentation of an added line", "-+\tif (x)\n++\t[\t]if (x)\n"},
		{"prose wrapped anew", "-    This was seen on a slow\n-    machine once.\n+    This was seen on a [very] slow machine\n+    once.\n"},
		{"a line without counterpart", "-int [a]\n+int [b]\n+struct quite_other { void *data; }\n"},
		{"blanks at the end", "-int a;[ ]\n+int a;\n"},
		{"blanks between words that stayed", "-int[ ]a = 1;\n+int[\t]a = 1;\n"},
		{"removed lines alone", "-int a;\n int b;\n+int c;\n"},
		{"each run by itself", "-int [a];\n+int [b];\n \n-int [c];\n+int [d];\n"},
		{"letters beyond ASCII", "-die [Größe] ist fest\n+die [Länge] ist fest\n"},
		{"a combining mark stays with its letter", "-nai[v]e re\u0301sume\u0301 text\n+nai[v]e re\u0301sume\u0301 text\n"},
		{"a script without blanks", "-修正[错]误处理\n+修正[例]误处理\n"},
		{"bytes that are not UTF-8", "-name = \"[\xe4]rger\";\n+name = \"[\xf6]rger\";\n"},
		{"a broken byte is not the replacement character", "-x = \"[\xff]\" + y\n+x = \"[\ufffd]\" + y\n"},
		{"an empty line", "-\n+int x;\n"},
		{"numbers", "-#define SIZE [1024]\n+#define SIZE [0x1000]\n"},
	} {
		given := hunk(strings.NewReplacer("[", "", "]", "").Replace(tc.want))
		want := tc.want
		if tc.name == "a combining mark stays with its letter" {
			want = strings.NewReplacer("[", "", "]", "").Replace(want) // equal lines have no marks
		}
		if got := show(given, Mark(given)); got != want {
			t.Errorf("%s:\ngot\n%swant\n%s", tc.name, got, want)
		}
	}
}

// Lines that are too long for a comparison are marked between their equal ends,
// and many of them in their order.
func TestMarkBounded(t *testing.T) {
	t.Parallel()
	long := func(word string) string { return "begin " + strings.Repeat(word+" ", 3000) + "end" }
	given := hunk("-" + long("a") + "\n+" + long("b") + "\n")
	marks := Mark(given)
	// So little of them stayed that nothing is marked; but it comes to an end.
	if len(marks[0]) != 0 {
		t.Errorf("a line of other words is marked: %d", len(marks[0]))
	}
	half := strings.Repeat("same ", 3000)
	given = hunk("-" + half + long("a") + "\n+" + half + long("b") + "\n")
	marks = Mark(given)
	from := len(half + "begin ")
	if want := (rangediff.Span{Start: from, End: len(given[0].Text) - len(" end")}); len(marks[0]) != 1 || marks[0][0] != want {
		t.Errorf("marks of a long line: %v, want %v", marks[0], want)
	}
	if marks = Mark(hunk("-" + strings.Repeat("same ", mostBytes/5) + "a\n+" + "b\n")); marks[0] != nil || marks[1] != nil {
		t.Errorf("a line of many bytes is marked: %v", marks)
	}
	var many strings.Builder
	for _, sign := range []string{"-", "+"} {
		for range 400 {
			many.WriteString(sign + "int value = table" + sign + "entry[x][y];\n")
		}
	}
	given = hunk(strings.ReplaceAll(many.String(), "table+", "table_new+"))
	if got := Mark(given); len(got[0]) == 0 || len(got[799]) == 0 {
		t.Errorf("as many removed as added lines are not compared in their order: %v %v", got[0], got[799])
	}
	given = append(given, rangediff.Line{Sign: '+', Text: []byte("one more")})
	for n, m := range Mark(given) {
		if len(m) != 0 {
			t.Fatalf("line %d of too many is marked", n)
		}
	}
}

// Words that did not change are the same on both sides, byte for byte and in the
// same order; marks lie in their lines, in order, and split no character; and the
// words of a line are the whole line.
func FuzzMark(f *testing.F) {
	f.Add("int a;\nreturn b;", "int c;\nreturn d;\nx")
	f.Add("\xff\xfe a\u0301 中文", "\xfe\ufffd a 中\u0301文")
	f.Fuzz(func(t *testing.T, old, new string) {
		if len(old)+len(new) > 4000 {
			return
		}
		a, b := signed('-', old), signed('+', new)
		c := comparison{steps: mostSteps}
		oldWords, newWords := split(a), split(b)
		partner, _ := c.compare(oldWords, newWords)
		last := -1
		for n, p := range partner {
			if p < 0 {
				continue
			}
			if p <= last || oldWords[n].text != newWords[p].text {
				t.Fatalf("%q and %q: partners %v", old, new, partner)
			}
			last = p
		}
		lines := append(a, b...)
		for n, text := range whole(split(lines)) {
			if want := string(lines[n].Text); text != want {
				t.Fatalf("the words of %q are %q", want, text)
			}
		}
		for n, marks := range Mark(lines) {
			end := -1
			for _, m := range marks {
				text := lines[n].Text
				if m.Start <= end || m.End <= m.Start || m.End > len(text) {
					t.Fatalf("%q: marks %v", text, marks)
				}
				end = m.End
				for _, at := range []int{m.Start, m.End} {
					if at < len(text) && !utf8.RuneStart(text[at]) && splitsRune(text, at) {
						t.Fatalf("%q: marks %v split a character", text, marks)
					}
				}
			}
		}
	})
}

func signed(sign byte, text string) []rangediff.Line {
	var lines []rangediff.Line
	for _, line := range strings.Split(text, "\n") {
		lines = append(lines, rangediff.Line{Sign: sign, Text: []byte(line)})
	}
	return lines
}

// whole puts words together again, line by line.
func whole(words []word) map[int]string {
	texts := map[int]string{}
	for _, w := range words {
		texts[w.line] += w.blanks + w.text
	}
	return texts
}

// splitsRune reports whether at lies inside a well-formed character.
func splitsRune(text []byte, at int) bool {
	for start := max(0, at-3); start < at; start++ {
		if r, size := utf8.DecodeRune(text[start:]); r != utf8.RuneError && start+size > at {
			return true
		}
	}
	return false
}

// Every character of a long alphabet survives in a string.
func TestLetters(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	const n = 70_000
	for i := range n {
		b.WriteRune(letterOf(i))
	}
	if !utf8.Valid(b.Bytes()) || utf8.RuneCount(b.Bytes()) != n || bytes.ContainsRune(b.Bytes(), utf8.RuneError) && letterOf(0xfffd-1-0x800) != utf8.RuneError {
		t.Error("letters are lost in a string")
	}
}

func BenchmarkMark(b *testing.B) {
	var text strings.Builder
	for _, sign := range []string{"-", "+"} {
		for range 30 {
			text.WriteString(sign + "+\tif (ret" + sign + "value < 0 && !list_empty(&dev->queue))\n")
		}
	}
	lines := hunk(text.String())
	for b.Loop() {
		Mark(lines)
	}
}

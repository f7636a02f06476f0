package rangediff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kprep/kprep/rangediff/xdiff"
)

func TestSection(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		line       string
		inC, inUTF string // "-" for no heading
	}{
		{" ## a.c ##\n", "a.c", "a.c"},
		{" ## a.c ##\r\n", "a.c", "a.c"},
		{" ##  ##\n", "", ""},
		{" ## ##\n", "-", "-"},
		{"+ ## a.c ##\n", "-", "-"},
		{" ## a.c ## \n", "-", "-"},
		{"@@ a.c: f\n", "a.c: f", "a.c: f"},
		{" @@ a.c: f\n", "a.c: f", "a.c: f"},
		{"+@@ -1 +1 @@\n", "-1 +1 @@", "-1 +1 @@"},
		{"@@\n", "-", "-"},
		{"++@@ x\n", "-", "-"},
		{"é@@ x\n", "-", "x"},
		{" ## bad\xff ##\n", "bad\xff", "-"},
		{"@@ bad\xff\n", "bad\xff", "-"},
		{"\n", "-", "-"},
	} {
		for utf, want := range map[bool]string{false: tc.inC, true: tc.inUTF} {
			got, ok := section([]byte(tc.line), utf)
			if ok != (want != "-") || ok && string(got) != want {
				t.Errorf("section(%q, %v) = %q, %v; want %q", tc.line, utf, got, ok, want)
			}
		}
		if got := LocaleDecides([]byte("x\n" + tc.line)); got != (tc.inC != tc.inUTF) {
			t.Errorf("LocaleDecides(%q) = %v", tc.line, got)
		}
	}
}

func commitOf(id, subject, text string) Commit {
	return Commit{ID: id, Short: id, Subject: subject, Text: []byte(text), DiffLines: strings.Count(text, "\n")}
}

// The pairs and what is printed of them, without git.
func TestCompareAndPrint(t *testing.T) {
	t.Parallel()
	patch := func(name string, lines ...string) string {
		return fmt.Sprintf(" ## %s ##\n@@\n+%s\n", name, strings.Join(lines, "\n+"))
	}
	long := strings.Fields("a b c d e f g h i j k l m n o p")
	old := []Commit{
		commitOf("aaa1", "keep", patch("keep", "1")),
		commitOf("aaa2", "drop", patch("drop", "2", "3")),
		commitOf("aaa3", "change", patch("change", long...)),
	}
	new := []Commit{
		commitOf("bbb1", "add", patch("add", "7", "8")),
		commitOf("bbb2", "change", patch("change", append(long, "q")...)),
		commitOf("bbb3", "keep", patch("keep", "1")),
	}
	// The new order rules; what was dropped comes once all before it were shown.
	const want = `-:  ---- > 1:  bbb1 add
3:  aaa3 ! 2:  bbb2 change
    @@ change
     +p
    ++q
1:  aaa1 = 3:  bbb3 keep
2:  aaa2 < -:  ---- drop
`
	printer := Printer{Diff: DiffOptions{Context: 1, Algorithm: xdiff.Options{IndentHeuristic: true}}}
	var b strings.Builder
	if err := printer.Print(&b, Compare(old, new, DefaultCreationFactor)); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", &b, want)
	}
}

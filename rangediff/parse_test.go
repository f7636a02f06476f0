package rangediff

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

const author = "commit 0123\nAuthor: A <a@example.org>\nDate:   Thu Jan 2 2025\n\n    subject\n"
const authorText = " ## Metadata ##\nAuthor: A <a@example.org>\n\n ## Commit message ##\n    subject\n"

func TestParseLog(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200_000)
	for _, tc := range []struct {
		name, log, want string
		lines           int
	}{
		{"no change", author, authorText, 0},
		{"blank and trailing space in a message", author + "    \n    body \t\r\n", authorText + "\n    body\n", 0},
		{"notes", author + "\nNotes (other):\n    note\n", authorText + "\n\n ## Notes (other) ##\n    note\n", 0},
		{"a change",
			author + "\ndiff --git a.c a.c\nindex 1..2 100644\n--- a.c\n+++ a.c\n@@ -1,2 +1,2 @@ int f(void)\n#{\n<old\n>new\n\\ No newline at end of file\n",
			authorText + "\n ## a.c ##\n@@ a.c: int f(void)\n {\n-old\n+new\n \\ No newline at end of file\n", 6},
		{"no function", author + "\ndiff --git a a\n@@ -1 +1 @@\n<1\n>2\n", authorText + "\n ## a ##\n@@\n-1\n+2\n", 4},
		{"a new and a deleted file",
			author + "\ndiff --git n n\nnew file mode 100644\nindex 0..1\ndiff --git d d\ndeleted file mode 100755\nindex 1..0\n",
			authorText + "\n ## n (new) ##\n\n ## d (deleted) ##\n", 2},
		{"a rename that changes the mode",
			author + "\ndiff --git one two\nold mode 100644\nnew mode 100755\nsimilarity index 100%\nrename from one\nrename to two\n",
			authorText + "\n ## one => two (mode change 100644 => 100755) ##\n", 1},
		{"a copy shows its new name", author + "\ndiff --git one two\nsimilarity index 100%\ncopy from one\ncopy to two\n", authorText + "\n ## two ##\n", 1},
		{"quoted names", author + "\ndiff --git \"caf\\303\\251\\t\\\"\" \"caf\\303\\251\\t\\\"\"\nold mode 100644\nnew mode 100755\n",
			authorText + "\n ## café\t\" (mode change 100644 => 100755) ##\n", 1},
		{"blanks in a name", author + "\ndiff --git a b c a b c\nBinary files a b c and a b c differ\n", authorText + "\n ## a b c ##\n Binary files a b c and a b c differ\n", 2},
		{"what looks like structure", author + "\ndiff --git a a\n@@ -1 +1 @@\n>commit 1\n>diff --git x x\n#@@ -1 +1 @@\n",
			authorText + "\n ## a ##\n@@\n+commit 1\n+diff --git x x\n @@ -1 +1 @@\n", 5},
		{"a line ends at a NUL", author + "\ndiff --git a a\n@@ -1 +1 @@\n>be\x00lost\n", authorText + "\n ## a ##\n@@\n+be\n", 3},
		{"empty lines of a patch are dropped", author + "\ndiff --git a a\n@@ -1 +1 @@\n\n>x\n", authorText + "\n ## a ##\n@@\n+x\n", 3},
		{"a line longer than any buffer", author + "\ndiff --git a a\n@@ -1 +1 @@\n>" + long + "\n", authorText + "\n ## a ##\n@@\n+" + long + "\n", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			commits, err := ParseLog(strings.NewReader(tc.log + "\n" + tc.log))
			if err != nil || len(commits) != 2 {
				t.Fatalf("%d commits, error %v; want 2", len(commits), err)
			}
			for _, c := range commits {
				if string(c.Text) != tc.want || c.ID != "0123" || c.DiffLines != tc.lines {
					t.Errorf("%.300q of %s with %d lines, want %.300q with %d", c.Text, c.ID, c.DiffLines, tc.want, tc.lines)
				}
			}
			if diff := string(commits[0].Diff()); tc.lines > 0 && !strings.HasPrefix(diff, " ## ") || !strings.HasSuffix(tc.want, diff) {
				t.Errorf("the patch is %.200q", diff)
			}
		})
	}
}

func TestParseLogRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, log string
		line      int
	}{
		{"text before a commit", "warning: odd\n" + author, 1},
		{"a file without a name", author + "\ndiff --git \n", 7},
	} {
		_, err := ParseLog(strings.NewReader(tc.log))
		if refused := (*LogError)(nil); !errors.As(err, &refused) || refused.Line != tc.line {
			t.Errorf("%s: error %v, want one of line %d", tc.name, err, tc.line)
		}
	}
	if commits, err := ParseLog(strings.NewReader("")); len(commits) != 0 || err != nil {
		t.Errorf("an empty log gives %v and %v", commits, err)
	}
}

// Costs count lines, so every line must be whole, and DiffLines must be those
// of the patch that are not empty.
func FuzzParseLog(f *testing.F) {
	f.Add([]byte(author + "\ndiff --git a a\nold mode 100644\n@@ -1 +1 @@ f\n#\n>x\n\n    y\n"))
	f.Add([]byte(author + "\nNotes:\n    n\n\ndiff --git \"a\\n\" \"a\\n\"\nrename from \"\\1\"\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		commits, err := ParseLog(bytes.NewReader(log))
		if err != nil {
			return
		}
		for _, c := range commits {
			if len(c.Text) > 0 && c.Text[len(c.Text)-1] != '\n' {
				t.Errorf("%q ends within a line", c.Text)
			}
			if c.DiffAt == 0 || bytes.ContainsAny(log, "\"") { // a name may hold a newline
				continue
			}
			lines := 0
			for line := range bytes.Lines(c.Diff()) {
				if len(line) > 1 {
					lines++
				}
			}
			if lines != c.DiffLines {
				t.Errorf("%d lines in %q, DiffLines is %d", lines, c.Diff(), c.DiffLines)
			}
		}
	})
}

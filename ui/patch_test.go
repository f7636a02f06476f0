package ui

import (
	"fmt"
	"strings"
	"testing"
)

func TestParsePatch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, diff, want string }{
		{"nothing", "", ""},
		{"a change", "diff --git a/f b/f\nindex 1..2 100644\n--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@ int main(void)\n one\n-two\n+2\n+3\n",
			"f [] +2 -1\n@@ -1,2 +1,3 @@|int main(void)\n  1 1 one\n- 2 0 two\n+ 0 2 2\n+ 0 3 3\n"},
		{"lines that look like headers", "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n--- a/g\n-+++ b/g\n+++ b/h\n@@ -9 +8 @@\n-diff --git a/i b/i\n+@@ -1 +1 @@\n",
			"f [] +2 -3\n@@ -1,2 +1 @@|\n- 1 0 -- a/g\n- 2 0 +++ b/g\n+ 0 1 ++ b/h\n@@ -9 +8 @@|\n- 9 0 diff --git a/i b/i\n+ 0 8 @@ -1 +1 @@\n"},
		{"no line feed at the end", "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n",
			"f [] +1 -1\n@@ -1 +1 @@|\n- 1 0 a$\n+ 0 1 b$\n"},
		{"a new file, which can be run", "diff --git a/x.sh b/x.sh\nnew file mode 100755\nindex 0..1\n--- /dev/null\n+++ b/x.sh\n@@ -0,0 +1 @@\n+:\n",
			"x.sh [new file, can be run] +1 -0\n@@ -0,0 +1 @@|\n+ 0 1 :\n"},
		{"a file that goes", "diff --git a/f b/f\ndeleted file mode 100644\n--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-:\n",
			"f [file is removed] +0 -1\n@@ -1 +0,0 @@|\n- 1 0 :\n"},
		{"a rename", "diff --git a/old name b/new name\nsimilarity index 100%\nrename from old name\nrename to new name\n", "new name [renamed from old name] +0 -0\n"},
		{"a mode", "diff --git a/f b/f\nold mode 100644\nnew mode 100755\n", "f [mode becomes 100755] +0 -0\n"},
		{"a binary file", "diff --git a/i.png b/i.png\nnew file mode 100644\nindex 0..1\nGIT binary patch\nliteral 3\nKcmZQzWMT#Y01f~L\n\nliteral 0\nHcmV?d00001\n\n",
			"i.png [new file; binary, which is not shown] +0 -0\n"},
		{"a quoted name", "diff --git \"a/na\\303\\257ve\" \"b/na\\303\\257ve\"\n--- \"a/na\\303\\257ve\"\n+++ \"b/na\\303\\257ve\"\n@@ -1 +1 @@\n-a\n+b\n",
			"naïve [] +1 -1\n@@ -1 +1 @@|\n- 1 0 a\n+ 0 1 b\n"},
		{"an empty line whose blank was lost", "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n\n-a\n+b\n",
			"f [] +1 -1\n@@ -1,2 +1,2 @@|\n  1 1 \n- 2 0 a\n+ 0 2 b\n"},
		{"carriage returns are text", "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\r\n+b\r\n", "f [] +1 -1\n@@ -1 +1 @@|\n- 1 0 a\r\n+ 0 1 b\r\n"},
	} {
		if got := drawn(parsePatch(tc.diff)); got != tc.want {
			t.Errorf("%s: %q gives\n%s\nwant\n%s", tc.name, tc.diff, got, tc.want)
		}
	}
}

func drawn(files []fileDiff) string {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "%s [%s] +%d -%d\n", f.Name, strings.Join(f.Notes, "; "), f.Added, f.Removed)
		for _, h := range f.Hunks {
			fmt.Fprintf(&b, "%s|%s\n", h.Range, h.Heading)
			for _, l := range h.Lines {
				end := ""
				if l.NoEnd {
					end = "$"
				}
				fmt.Fprintf(&b, "%c %d %d %s%s\n", l.Sign, l.Old, l.New, l.Text, end)
			}
		}
	}
	return b.String()
}

// No line of a hunk is lost or made up, whatever it looks like.
func FuzzParsePatch(f *testing.F) {
	f.Add("-- a/f\n", "diff --git a/x b/x\n+@@ -1 +1 @@\n")
	f.Add("", "\n\n")
	f.Fuzz(func(t *testing.T, removed, added string) {
		lines := func(sign, text string) (all []string) {
			for line := range strings.Lines(text) {
				all = append(all, sign+strings.TrimSuffix(line, "\n"))
			}
			return all
		}
		body := append(lines("-", removed), lines("+", added)...)
		if len(body) == 0 {
			return
		}
		diff := fmt.Sprintf("diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,%d +1,%d @@\n%s\n", len(lines("-", removed)), len(lines("+", added)), strings.Join(body, "\n"))
		files := parsePatch(diff + diff)
		if len(files) != 2 {
			t.Fatalf("%q is %d files", diff, len(files))
		}
		for _, one := range files {
			var got []string
			for _, l := range one.Hunks[0].Lines {
				got = append(got, string(l.Sign)+l.Text)
			}
			if strings.Join(got, "\n") != strings.Join(body, "\n") || one.Name != "f" {
				t.Errorf("%q gives %q", diff, got)
			}
		}
	})
}

// A line that fills screens is cut between two letters, and loses nothing else.
func TestLongLines(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"as long as may be": {strings.Repeat("x", mostLine), strings.Repeat("x", mostLine) + "</span>"},
		"longer":            {strings.Repeat("x", mostLine+3), strings.Repeat("x", mostLine) + "<small>… 3 bytes more</small></span>"},
		"in a letter":       {"x" + strings.Repeat("é", mostLine), "é<small>… 4098 bytes more</small></span>"},
		"not UTF-8":         {"\xe9" + strings.Repeat("x", mostLine), "xxx<small>… 1 byte more</small></span>"},
		"nothing but rests": {strings.Repeat("\x80", 2*mostLine), `<i>\x80</i><small>… 4100 bytes more</small></span>`},
	} {
		var b strings.Builder
		writeLine(&b, diffLine{Sign: ' ', Text: tc.text}, nil)
		if got := strings.TrimSpace(b.String()); !strings.HasSuffix(got, tc.want) || strings.HasPrefix(tc.text, "\xe9") && !strings.Contains(got, `<i>\xe9</i>`) {
			t.Errorf("%s: %d bytes, which end in %q", name, len(got), got[max(0, len(got)-60):])
		}
	}
}

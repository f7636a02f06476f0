package patchmail

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

const changeF = "diff --git a/f b/f\nindex 0c263ce..2086686 100644\n--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@ func x\n line 1\n-line 2\n+line 2 changed\n line 3\n"

// gitPatchID is what git makes of a text, "" when it finds no patch.
func gitPatchID(t testing.TB, text []byte) string {
	t.Helper()
	cmd := exec.Command("git", "patch-id", "--stable")
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(string(out), " ")
	return id
}

func TestPatchIDEqualsGits(t *testing.T) {
	t.Parallel()
	const changeG = "diff --git a/g b/g\nindex 1..2 100644\n--- a/g\n+++ b/g\n@@ -1 +1,2 @@\n-one\n+ONE\n+two\n"
	for _, tc := range []struct{ why, text string }{
		{"nothing", ""},
		{"prose", "Text.\n- a list\n+ another\n@@ -1 +1 @@\n"},
		{"one file", changeF},
		{"in a mail", "From: x\n\nText\n---\n f | 2 +-\n 1 file changed\n\n" + changeF + "-- \n2.39.5\n"},
		{"behind it a list's footer", changeF + "_______________________________________________\nlist mailing list\n- x\n"},
		{"two files", changeF + changeG},
		{"two files the other way", changeG + changeF},
		{"other line numbers", strings.Replace(changeF, "-1,3 +1,3", "-71,3 +91,3", 1)},
		{"other blanks", strings.ReplaceAll(changeF, "line ", "line\t\v\f  ")},
		{"CRLF", strings.ReplaceAll(changeF, "\n", "\r\n")},
		{"no end of line", strings.TrimSuffix(changeF+changeG, "\n")},
		{"no newline at the end of the file", changeG + "\\ No newline at end of file\n" + changeF},
		{"the same in another language", changeG + "\\ Kein Zeilenumbruch am Dateiende.\n"},
		{"a new file", "diff --git a/n b/n\nnew file mode 100755\nindex 0000000..5626abf\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+one\n"},
		{"a removed file", "diff --git a/n b/n\ndeleted file mode 100644\nindex 5626abf..0000000\n--- a/n\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n"},
		{"a mode", "diff --git a/n b/n\nold mode 100644\nnew mode 100755\n" + changeF},
		{"a rename", "diff --git a/n b/m\nsimilarity index 100%\nrename from n\nrename to m\n" + changeF},
		{"an empty new file", "diff --git a/n b/n\nnew file mode 100644\nindex 0000000..e69de29\n-- \n2.39\n"},
		{"binary", "diff --git a/b b/b\nindex 1234567..89abcde 100644\nBinary files a/b and b/b differ\n" + changeF},
		{"a binary patch", "diff --git a/b b/b\nindex 1234567890123456789012345678901234567890..89abcde890123456789012345678901234567890 100644\nGIT binary patch\nliteral 3\nKcmZQzzAc}@1O\n\nliteral 0\nHcmV?d00001\n\n" + changeF},
		{"binary and new", "diff --git a/b b/b\nnew file mode 100644\nindex 0000000..89abcde\nBinary files /dev/null and b/b differ\n"},
		{"several hunks", changeF + "@@ -10,2 +10,3 @@\n a\n+b\n c\n"},
		{"a removed line that looks like a header", changeF + "@@ -10,2 +10,1 @@\n a\n--- x\n"},
		{"an added line that looks like a header", changeF + "@@ -10,1 +10,3 @@\n a\n+++ x\n+diff --git a/f b/f\n"},
		{"a context line that lost its blank", changeF + "@@ -10,3 +10,3 @@\n a\n\n-c\n+d\n"},
		{"a hunk that is cut off", "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,30 +1,30 @@\n a\n-- \n2.39\n"},
		{"an old kind of diff", "Index: f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"},
		{"diff -u", "diff -u a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"},
		{"two patches with prose between", changeF + "\nAnd now\n\n" + changeG},
		{"a quoted patch", "> " + strings.ReplaceAll(changeF, "\n", "\n> ")},
		{"a submodule", "diff --git a/s b/s\nindex 1234567..89abcde 160000\n--- a/s\n+++ b/s\n@@ -1 +1 @@\n-Subproject commit 1234567\n+Subproject commit 89abcde\n"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			if got, want := PatchID([]byte(tc.text)), gitPatchID(t, []byte(tc.text)); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func FuzzPatchID(f *testing.F) {
	f.Add([]byte(changeF), 3, byte('x'))
	f.Fuzz(func(t *testing.T, text []byte, at int, with byte) {
		if at >= 0 && at < len(text) {
			text[at] = with
		}
		if bytes.IndexByte(text, 0) >= 0 || bytes.Contains(text, []byte("\nFrom ")) || bytes.Contains(text, []byte("\ncommit ")) {
			t.Skip("git ends lines at NUL, and begins another patch at a commit")
		}
		for line := range bytes.Lines(text) {
			if bytes.HasPrefix(line, []byte("@@ -")) && !regexp.MustCompile(`^@@ -\d{1,8}(,\d{1,8})? \+\d{1,8}(,\d{1,8})? `).Match(line) {
				t.Skip("of a broken hunk header git takes what atoi makes of it")
			}
		}
		if got, want := PatchID(text), gitPatchID(t, text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

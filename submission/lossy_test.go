package submission

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Git mailinfo judges which lines end a message.
func TestCutLine(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"---", "--- ", "---\t", "--- a/f", "---x", "----", " ---", "diff --git a b", "diff -u", "diff x",
		"Index: foo", "Index:foo", "+++ b/f", "-- ", "@@ -1 +1 @@", "*** a/f", "prose"} {
		body := "before\n" + line + "\nafter\n"
		mail := "From: A <a@example.org>\nSubject: [PATCH] t\n\n" + body + "---\n\ndiff --git a/f b/f\n"
		dir := t.TempDir()
		cmd := exec.Command("git", "mailinfo", "message", "patch")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(mail)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git mailinfo: %v\n%s", err, out)
		}
		message, err := os.ReadFile(filepath.Join(dir, "message"))
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if !strings.Contains(string(message), "after") {
			want = line
		}
		if got := cutLine(body); got != want {
			t.Errorf("cutLine finds %q, git mailinfo cuts at %q", got, want)
		}
	}
}

// Git apply judges which lines in front of a patch it takes for one.
func TestPatchLine(t *testing.T) {
	t.Parallel()
	const patch = "diff --git a/f b/f\nindex 5626abf..f719efd 100644\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-one\n+two\n"
	for _, text := range []string{"prose", "diff --git a/g b/g", "diff -u a b", "diff x", "--- a/g", "--- a/g\n+++ b/g\n@@ -1 +1 @@", "--- a/g\nprose", "+++ b/g",
		"@@ -1 +1 @@", "@@ prose", " diff --git a/g b/g", " @@ -1 +1 @@", "Index: g", "-- ", "---"} {
		dir := t.TempDir()
		cmd := exec.Command("git", "apply", "--numstat")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader("before\n"+text+"\nafter\n"+patch)
		out, err := cmd.CombinedOutput()
		taken := err != nil || string(out) != "1\t1\tf\n"
		want := ""
		if taken {
			want, _, _ = strings.Cut(text, "\n")
		}
		if got := patchLine("before\n" + text + "\nafter\n"); got != want {
			t.Errorf("patchLine finds %q in %q, git apply says %v %s", got, text, err, out)
		}
	}
}

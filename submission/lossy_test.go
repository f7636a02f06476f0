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

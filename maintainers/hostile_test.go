//go:build !windows

package maintainers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const runawayPatch = `Subject: [PATCH] x

---
diff --git a/lib/x.c b/lib/x.c
--- a/lib/x.c
+++ b/lib/x.c
@@ -1,1 +1,1 @@
`

// hostileTree is a directory with one MAINTAINERS file.
func hostileTree(t *testing.T, maintainers string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "MAINTAINERS"), []byte(maintainers), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Expressions that run away cost a bounded time, however many there are and
// however many lines a patch has; the others still answer.
func TestRunawayExpressionsAreBounded(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("LIB\nM:\tann@example.org\nF:\tlib/\nK:\ta{3}!\n\nLONG\nM:\tlong@example.org\nK:\t" + strings.Repeat("(", 3000) + "a" + strings.Repeat(")", 3000) + "\n")
	for i := range 200 {
		fmt.Fprintf(&text, "\nSECTION %d\nM:\tx%d@example.org\nK:\t(?<!z)(a+a*)+\\W*(?=!%d)\n", i, i, i)
	}
	ix, err := Load(Project{Tree: os.DirFS(hostileTree(t, text.String()))}, Defaults())
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	a := ix.Query([]Patch{ix.ReadPatch("p", []byte(runawayPatch+strings.Repeat("+"+strings.Repeat("a", 100)+"!\n", 100)))}, Defaults())
	if took := time.Since(began); took > 30*time.Second { // every line of every expression: an hour and more
		t.Errorf("it took %s", took)
	}
	if len(a.Recipients) != 1 || a.Recipients[0].Address != "ann@example.org" {
		t.Errorf("recipients: %+v", a.Recipients)
	}
	said := fmt.Sprint(a.Warnings)
	for _, want := range []string{"it is longer than 2048 bytes", "it takes too long, and is given up", "it is not tried, since others took too long"} {
		if !strings.Contains(said, want) {
			t.Errorf("no warning says %q", want)
		}
	}
}

// A pipe or a device in the place of a file is named, not waited for.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	t.Parallel()
	const sections = "LIB\nM:\tann@example.org\nF:\tlib/\n"
	for _, name := range []string{"MAINTAINERS", ".mailmap", ".get_maintainer.conf", ".get_maintainer.ignore"} {
		for what, make := range map[string]func(string) error{
			"pipe":   func(file string) error { return syscall.Mkfifo(file, 0o600) },
			"device": func(file string) error { return os.Symlink("/dev/zero", file) },
		} {
			t.Run(name+" is a "+what, func(t *testing.T) {
				t.Parallel()
				dir := hostileTree(t, sections)
				os.Remove(filepath.Join(dir, name))
				if err := make(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
				said := askHostile(Project{Tree: os.DirFS(dir), Commit: func(string) (string, bool) {
					return "x\n\nAcked-by: bo@example.org\n", true
				}})
				if !strings.Contains(said, name) || !strings.Contains(said, "it is not a regular file") {
					t.Errorf("got %q", said)
				}
			})
		}
	}
}

// askHostile returns the error or the warnings of a question.
func askHostile(p Project) string {
	o, err := p.Options()
	if err != nil {
		return err.Error()
	}
	ix, err := Load(p, o)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(ix.Query([]Patch{ix.ReadPatch("p", []byte("Fixes: 123456789abc\n"+runawayPatch))}, o).Warnings)
}

package browser

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kprep/kprep/internal/gittest"
)

// Violations are the findings of axe-core about the page that is shown, with what they
// are about. Without axe-core in bin/axe the test is skipped, or
// fails where CI=true.
func (b *Browser) Violations() []string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.root(), "bin", "axe", "axe.min.js"))
	if errors.Is(err, fs.ErrNotExist) {
		gittest.NoPeer(b.t, "axe-core is not in bin/axe ('make peers' fetches it)")
	}
	if err != nil {
		b.t.Fatal(err)
	}
	// The browser's debugger may do what the page's own policy forbids.
	b.Eval(string(text)+"\n;0", nil)
	var found []struct {
		ID, Impact, Help string
		Nodes            []struct {
			HTML           string
			FailureSummary string
		}
	}
	b.Eval(`axe.run(document, {resultTypes: ["violations"], runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}).then(r => r.violations)`, &found)
	var list []string
	for _, v := range found {
		for _, n := range v.Nodes {
			list = append(list, fmt.Sprintf("%s (%s): %s: %s: %s", v.ID, v.Impact, v.Help, n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", " ")))
		}
	}
	return list
}

// root is the top of the source, above the folder that the test runs in.
func (b *Browser) root() string {
	b.t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		b.t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			b.t.Fatal("there is no go.mod above the test")
		}
		dir = above
	}
}

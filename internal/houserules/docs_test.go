package houserules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A newcomer looks for a package on the map, and for a package on the map in
// the tree.
func TestArchitectureNamesEveryPackage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, p := range list(t) {
		there[p.Name] = true
		if !strings.Contains(string(page), "| `"+p.Name+"/` |") {
			t.Errorf("docs/architecture.md does not name %s", p.Name)
		}
	}
	for _, line := range strings.Split(string(page), "\n") {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "/` |"); ok && !there[name] {
			t.Errorf("docs/architecture.md names %s, which is not there", name)
		}
	}
}

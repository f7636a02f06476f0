package houserules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// Time is a parameter in the pure packages.
func TestPurePackagesReadNoClock(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, p := range list(t) {
		if !slices.Contains(pure(), p.Name) {
			continue
		}
		for _, path := range p.Files {
			checked++
			for _, use := range clockUses(t, path, nil) {
				t.Errorf("%s reads the clock: %s", path, use)
			}
		}
	}
	if checked == 0 {
		t.Error("no file of a pure package was found")
	}
}

func TestClockUses(t *testing.T) {
	t.Parallel()
	const source = "package p\nimport \"time\"\nfunc f(t time.Time) { _ = time.Now(); _ = time.Since(t); _ = t.Unix() }\n"
	if got := strings.Join(clockUses(t, "p.go", source), " "); got != "time.Now time.Since" {
		t.Errorf("clockUses finds %q", got)
	}
}

// clockUses returns the functions of package time that a file uses and that
// look at the clock. source is as for parser.ParseFile.
func clockUses(t *testing.T, path string, source any) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var uses []string
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := selector.X.(*ast.Ident)
		if ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Tick", "NewTimer", "NewTicker", "Sleep"}, selector.Sel.Name) {
			uses = append(uses, "time."+selector.Sel.Name)
		}
		return true
	})
	return uses
}

package houserules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// Every start of the program pays for what its packages make of their own
// accord: tables and expressions are made when they are first used, as by
// sync.OnceValue.
func TestNothingIsMadeAtTheStart(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, p := range list(t) {
		if strings.HasPrefix(p.Name, "internal/") {
			continue
		}
		for _, path := range p.Files {
			checked++
			for _, call := range madeAtStart(t, path, nil) {
				t.Errorf("%s makes at every start of the program: %s", path, call)
			}
		}
	}
	if checked == 0 {
		t.Error("no file was found")
	}
}

func TestMadeAtStart(t *testing.T) {
	t.Parallel()
	const source = `package p
var a, b = regexp.MustCompile("a"), 1
var (
	c = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("c") })
	d = []*regexp.Regexp{regexp.MustCompile("d")}
	e = template.Must(nil, nil)
	f = errors.New("f")
)
func init() {}
func g() { var h = regexp.MustCompile("h") }
`
	if got, want := strings.Join(madeAtStart(t, "p.go", source), " "), "regexp.MustCompile regexp.MustCompile template.Must init"; got != want {
		t.Errorf("madeAtStart finds %q, want %q", got, want)
	}
}

// madeAtStart returns the calls outside of functions that take long, and
// functions named init. source is as for parser.ParseFile.
func madeAtStart(t *testing.T, path string, source any) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for _, declaration := range file.Decls {
		if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil && function.Name.Name == "init" {
			made = append(made, "init")
		}
		ast.Inspect(declaration, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl, *ast.FuncLit:
				return false // when it is called
			case *ast.SelectorExpr:
				pkg, ok := n.X.(*ast.Ident)
				if name := n.Sel.Name; ok && slices.Contains([]string{"regexp", "regexp2", "template", "crc32"}, pkg.Name) &&
					(strings.HasPrefix(name, "Must") || strings.HasPrefix(name, "Compile") || strings.HasPrefix(name, "Make") || name == "New") {
					made = append(made, pkg.Name+"."+name)
				}
			}
			return true
		})
	}
	return made
}

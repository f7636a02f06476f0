package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A script's author finds every member that JSON with a schema has at its top in
// one row of docs/formats.md.
func TestFormatsNamesEveryMember(t *testing.T) {
	t.Parallel()
	var rows []string
	for line := range strings.Lines(userPages(t)["formats.md"]) {
		if strings.HasPrefix(line, "| `") {
			rows = append(rows, line)
		}
	}
	schemas := 0
	for _, dir := range []string{".", filepath.Join("..", "..", "series")} {
		for where, members := range schemaMembers(t, dir) {
			schemas++
			if !slices.ContainsFunc(rows, func(row string) bool { return namesAll(row, members) }) {
				t.Errorf("%s: no row has all of %q", where, members)
			}
		}
	}
	if schemas < 20 {
		t.Errorf("only %d schemas were found: is the source read?", schemas)
	}
}

func namesAll(row string, members []string) bool {
	return !slices.ContainsFunc(members, func(m string) bool { return !strings.Contains(row, "`"+m+"`") })
}

// schemaMembers returns, by place, the JSON members of each struct in the source
// that has a schema, without it.
func schemaMembers(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.StructType); ok {
				if members := jsonMembers(s); slices.Contains(members, "schema") {
					found[set.Position(s.Pos()).String()] = slices.DeleteFunc(members, func(m string) bool { return m == "schema" || m == "-" })
				}
			}
			return true
		})
	}
	return found
}

func jsonMembers(s *ast.StructType) []string {
	var members []string
	for _, field := range s.Fields.List {
		if field.Tag != nil {
			tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
			name, _, _ := strings.Cut(tag, ",")
			members = append(members, name)
		}
	}
	return members
}

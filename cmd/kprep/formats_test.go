package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
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

// checkDescribed: described DIR. Every file below kprep/ of the git directory DIR,
// and every ref below refs/kprep/, has its place in docs/formats.md.
func checkDescribed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: described DIR")
	}
	page, err := readPage("formats.md")
	ts.Check(err)
	root, count := filepath.Join(ts.MkAbs(args[0]), "kprep"), 0
	ts.Check(filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		count++
		name, err := filepath.Rel(root, path)
		if general := generalName(filepath.ToSlash(name)); err == nil && !describes(page, general) {
			err = fmt.Errorf("docs/formats.md has no place for %s", general)
		}
		return err
	}))
	if count == 0 {
		ts.Fatalf("there is nothing in %s", root)
	}
	ts.Check(ts.Exec("git", "--git-dir", ts.MkAbs(args[0]), "for-each-ref", "--format=%(refname)", "refs/kprep/"))
	for _, ref := range strings.Fields(ts.ReadFile("stdout")) {
		if general := generalName(ref); !strings.Contains(page, "`"+general+"`") {
			ts.Fatalf("docs/formats.md has no place for %s", general)
		}
	}
}

// generalName is the name of a file or ref as the page has it.
func generalName(name string) string {
	for _, r := range [][2]string{
		{`\b\d{8}-[a-z-]+-[0-9a-f]{12}`, "<change-id>"},
		{`\bv\d+\b`, "vN"},
		{`\b\d{4}-[a-z]+\b`, "<seq>-<kind>"},
		{`\b\d{6}\.json`, "NNNNNN.json"},
		{`\b\d{4}\.`, "0000."},
	} {
		name = regexp.MustCompile(r[0]).ReplaceAllString(name, r[1])
	}
	return name
}

// describes says whether the page names a file: as a whole, by a folder and what
// is in it, or by a folder of which nothing is told apart.
func describes(page, name string) bool {
	if strings.Contains(page, "`"+name+"`") {
		return true
	}
	for i, c := range name {
		folder, rest := name[:i], name[min(i+1, len(name)):]
		if c == '/' && (strings.Contains(page, "`"+folder+"/`") || strings.Contains(page, folder+"`") && strings.Contains(page, "`"+rest+"`")) {
			return true
		}
	}
	return false
}

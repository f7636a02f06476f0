package houserules

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kprep/kprep/"

// imports says which packages of ours each package may import, as in
// docs/architecture.md. Imports run one way: a package stands below those that
// it imports. cmd/kprep may import all, and nothing imports it.
func imports() map[string][]string {
	may := map[string][]string{
		"patchmail":             {},
		"gitrepo":               {},
		"rangediff/xdiff":       {},
		"spool":                 {},
		"durable":               {},
		"maildir":               {"durable"},
		"cache":                 {"gitrepo", "durable"},
		"docs":                  {},
		"manual":                {},
		"rangediff":             {"rangediff/xdiff"},
		"rangediff/words":       {"rangediff"},
		"rangecache":            {"gitrepo", "rangediff"},
		"rangediff/page":        {"rangediff", "rangediff/words", "patchmail"},
		"oplog":                 {"gitrepo", "durable"},
		"project":               {"gitrepo", "durable"},
		"trailers":              {"patchmail"},
		"endpoint":              {"patchmail"},
		"maintainers":           {"patchmail"},
		"coverletter":           {"trailers", "patchmail"},
		"attest":                {"patchmail", "gitrepo", "durable"},
		"inbox":                 {"patchmail", "gitrepo", "durable"},
		"sendmail":              {"patchmail", "endpoint", "sendmail/smtp", "durable"},
		"sendmail/smtp":         {"patchmail"},
		"series":                {"coverletter", "trailers", "patchmail", "gitrepo", "oplog", "rangediff", "rangecache", "spool", "durable"},
		"archive":               {"submission", "series", "oplog", "gitrepo", "coverletter", "durable"},
		"submission":            {"series", "sendmail", "attest", "maintainers", "project", "inbox", "feedback"}, // and what these import
		"feedback":              {"cache", "series", "inbox", "trailers", "rangediff/xdiff", "gitrepo", "patchmail"},
		"landing":               {"cache", "series", "coverletter", "trailers", "patchmail", "gitrepo", "rangediff"},
		"patchwork":             {},
		"pullrequest":           {"patchmail"},
		"dashboard":             {"cache", "series", "submission", "feedback", "landing", "patchwork", "trailers", "patchmail", "gitrepo"},
		"ui":                    {"dashboard", "submission", "feedback", "sendmail", "coverletter", "gitrepo", "patchmail", "rangediff/page", "ui/highlight"},
		"ui/highlight":          {},
		"endpoint/server":       {"endpoint", "attest", "sendmail", "patchmail", "endpoint/server/store", "endpoint/server/relay", "endpoint/server/intake"},
		"endpoint/server/store": {"sendmail"},
		"endpoint/server/relay": {"patchmail"},
		"endpoint/server/feed":  {"patchmail", "durable"},
		"internal/gittest":      {},
		"internal/archivetest":  {},
		"internal/pgtest":       {"internal/gittest"},
		"internal/browser":      {"internal/gittest"},
		"internal/mailtest":     {"patchmail"},
		"internal/bench":        {"internal/mailtest", "internal/archivetest"},
		"internal/e2e":          {"internal/gittest", "internal/mailtest", "internal/browser"},
		"internal/loadtest":     {"endpoint", "attest", "internal/gittest", "internal/mailtest", "internal/pgtest"},
		"internal/houserules":   {},
		"internal/release":      {},

		"endpoint/server/intake":   {},
		"endpoint/server/submit":   {"endpoint", "endpoint/server/intake", "patchmail", "sendmail/smtp"},
		"endpoint/server/delivery": {"endpoint/server/store", "endpoint/server/relay", "endpoint/server/feed", "sendmail", "patchmail"},
	}
	for _, direct := range slices.Clone(may["submission"]) {
		may["submission"] = append(may["submission"], may[direct]...)
	}
	return may
}

// pure packages turn values into values: they touch no disk, clock, network or
// environment, so these packages are not for them.
func pure() []string {
	return []string{"patchmail", "trailers", "coverletter", "rangediff", "rangediff/xdiff", "rangediff/words", "rangediff/page", "endpoint/server/relay", "manual"}
}

func impure() []string {
	return []string{"os", "os/exec", "os/user", "os/signal", "net", "net/http", "net/smtp", "crypto/rand", "math/rand", "math/rand/v2", "syscall", "log"}
}

// A goPackage is one folder of the module.
type goPackage struct {
	Name    string   // below the module: "sendmail/smtp"
	Files   []string // without the tests
	Imports []string // full import paths, of all files
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		for _, violation := range violations(p) {
			t.Error(violation)
		}
	}
}

// violations returns what p imports against the rules.
func violations(p goPackage) []string {
	var list []string
	name := p.Name
	may, known := imports()[name]
	if !known && name != "cmd/kprep" {
		list = append(list, fmt.Sprintf("package %s has no place in the architecture", name))
	}
	for _, path := range p.Imports {
		other, ours := strings.CutPrefix(path, module)
		switch {
		case slices.Contains(pure(), name) && slices.Contains(impure(), path):
			list = append(list, fmt.Sprintf("pure package %s imports %s", name, path))
		case !ours:
		case other == "cmd/kprep":
			list = append(list, fmt.Sprintf("%s imports the program", name))
		case name == "cmd/kprep" && (other == "internal/gittest" || other == "internal/bench"):
			list = append(list, fmt.Sprintf("the program imports %s", other))
		case name != "cmd/kprep" && !slices.Contains(may, other):
			list = append(list, fmt.Sprintf("%s imports %s, against the direction of imports", name, other))
		}
	}
	return list
}

// The rules themselves must be free of circles, and find what breaks them.
func TestRules(t *testing.T) {
	t.Parallel()
	var visit func(name string, above []string)
	visit = func(name string, above []string) {
		if slices.Contains(above, name) {
			t.Fatalf("imports run in a circle: %q", append(above, name))
		}
		for _, other := range imports()[name] {
			visit(other, append(slices.Clone(above), name))
		}
	}
	for name, may := range imports() {
		visit(name, nil)
		for _, other := range may {
			if _, ok := imports()[other]; !ok {
				t.Errorf("%s may import %s, which has no line of its own", name, other)
			}
		}
	}
	for _, tc := range []struct {
		name, from, to string
		want           int
	}{
		{"the right way", "trailers", module + "patchmail", 0},
		{"the wrong way", "patchmail", module + "trailers", 1},
		{"a tempting way", "sendmail", module + "gitrepo", 1},
		{"what an import imports", "submission", module + "coverletter", 0},
		{"the program imports all", "cmd/kprep", module + "feedback", 0},
		{"nothing imports the program", "series", module + "cmd/kprep", 1},
		{"a fixture in the program", "cmd/kprep", module + "internal/gittest", 1},
		{"a new package", "util", "strings", 1},
		{"the disk in a pure package", "coverletter", "os", 1},
		{"the disk elsewhere", "gitrepo", "os", 0},
	} {
		p := goPackage{Name: tc.from, Imports: []string{tc.to}}
		if got := violations(p); len(got) != tc.want {
			t.Errorf("%s: %s imports %s gives %q, want %d violations", tc.name, tc.from, tc.to, got, tc.want)
		}
	}
}

// list reads the import clauses of every package in the module. It opens the
// files itself, and does not ask "go list": go test then knows what its cached
// result depends on.
func list(t *testing.T) []goPackage {
	t.Helper()
	root := filepath.Join("..", "..")
	var all []goPackage
	err := filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); dir != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "dist") {
			return fs.SkipDir
		}
		path, err := filepath.Rel(root, dir)
		if err != nil {
			return err
		}
		p := goPackage{Name: filepath.ToSlash(path)}
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			p.Files = append(p.Files, file)
			for _, spec := range syntax.Imports {
				p.Imports = append(p.Imports, strings.Trim(spec.Path.Value, `"`))
			}
		}
		if len(p.Files) > 0 { // a folder with tests alone is imported by nobody
			all = append(all, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no package was found")
	}
	return all
}

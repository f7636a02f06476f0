package maintainers

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestParseOptions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, words string
		check       func(Options) bool
		rest        string
	}{
		{"off in both spellings", "--nom --no-l", func(o Options) bool { return !o.Maintainers && !o.Lists && o.Reviewers }, ""},
		{"the last one wins", "--nom --m", func(o Options) bool { return o.Maintainers }, ""},
		{"one dash, other case", "-noM -NO-Rolestats", func(o Options) bool { return !o.Maintainers && !o.RoleStats }, ""},
		{"a name that begins with no", "--n --nor", func(o Options) bool { return o.Names && !o.Reviewers }, ""},
		{"values attached and apart", "--pattern-depth=2 --git-max-maintainers 3", func(o Options) bool { return o.PatternDepth == 2 && o.MaxMaintainers == 3 }, ""},
		{"a separator puts all on one line", "--separator=;", func(o Options) bool { return !o.Multiline && o.Separator == ";" }, ""},
		{"words between options", "a --s b", func(o Options) bool { return o.Subscribers }, "a b"},
		{"what follows two dashes", "--s -- --m x", func(o Options) bool { return o.Subscribers }, "--m x"},
		{"a dash alone", "-", func(Options) bool { return true }, "-"},
		{"an alias", "--mpath P --find-maintainer-files", func(o Options) bool { return o.MaintainerPath == "P" && o.FindMaintainerFiles }, ""},
		{"limits of what only history gives", "--git-min-percent 5 --git-since=now --hg-since x", func(Options) bool { return true }, ""},
		{"history, taken back", "--git --nogit --git-blame --no-git-blame", func(o Options) bool { return o.Check() == nil }, ""},
	} {
		o := Defaults()
		rest, err := o.Parse(strings.Fields(tc.words))
		if err != nil || !tc.check(o) || strings.Join(rest, " ") != tc.rest {
			t.Errorf("%s: Parse(%q) = %q, %v, options %+v", tc.name, tc.words, rest, err, o)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"--bogus", "--nobogus", "--m=1", "--pattern-depth", "--pattern-depth x", "--noseparator", "---m", "--sub", "--no", "--"} {
		o := Defaults()
		_, err := o.Parse(strings.Fields(words))
		if option := (*OptionError)(nil); words != "--" && !errors.As(err, &option) || words == "--" && err != nil {
			t.Errorf("Parse(%q) = %v", words, err)
		}
	}
	for _, words := range []string{"--git", "--git-fallback", "--letters=M", "--sections", "--interactive", "--self-test", "--noemail", "--git-chief-penguins", "--nogit --git"} {
		o := Defaults()
		if _, err := o.Parse(strings.Fields(words)); err != nil {
			t.Errorf("Parse(%q) = %v", words, err)
		}
		if option := (*OptionError)(nil); !errors.As(o.Check(), &option) || !option.NeedsScript {
			t.Errorf("Check after %q = %v", words, o.Check())
		}
	}
}

// Options are values: what is parsed into a copy stays there.
func TestOptionsAreValues(t *testing.T) {
	t.Parallel()
	o := Defaults()
	o.Parse([]string{"--git"})
	a, b := o, o
	a.Parse([]string{"--nogit"})
	b.Parse([]string{"--git-blame"})
	if o.Check() == nil || a.Check() != nil || b.Check() == nil {
		t.Errorf("Check: %v, %v, %v", o.Check(), a.Check(), b.Check())
	}
}

func TestConfPlaces(t *testing.T) {
	t.Parallel()
	file := func(text string) fstest.MapFS {
		return fstest.MapFS{".get_maintainer.conf": &fstest.MapFile{Data: []byte(text)}}
	}
	scripts := fstest.MapFS{".scripts/.get_maintainer.conf": &fstest.MapFile{Data: []byte("--nor")}}
	for _, tc := range []struct {
		name    string
		project Project
		got     func(Options) bool
	}{
		{"the top first", Project{Tree: file("--nom # --nor"), Home: file("--nor")}, func(o Options) bool { return !o.Maintainers && o.Reviewers }},
		{"then the home directory", Project{Tree: scripts, Home: file("--nol")}, func(o Options) bool { return !o.Lists && o.Reviewers }},
		{"then .scripts", Project{Tree: scripts}, func(o Options) bool { return !o.Reviewers }},
	} {
		o, err := tc.project.Options()
		if err != nil || !tc.got(o) {
			t.Errorf("%s: %+v, %v", tc.name, o, err)
		}
	}
	_, err := Project{Tree: file("--nom\n--odd\n")}.Options()
	if err == nil || err.Error() != ".get_maintainer.conf: option --odd is unknown" {
		t.Errorf("an unknown option: %v", err)
	}
}

func TestScriptSource(t *testing.T) {
	t.Parallel()
	source := "#!/usr/bin/env perl\nuse strict;\nmy @chief_names = ();\npush(@chief_names, \"Big Chief:chief\\@example.org\");\n#push(@chief_names, \"No Body:nobody\\@example.org\");\n"
	if got := chiefsOf([]byte(source)); !slices.Equal(got, []string{"Big Chief <chief@example.org>"}) {
		t.Errorf("chiefs %q", got)
	}
	if EraOf([]byte(source)) != Old || EraOf([]byte(source+"use open qw(:std :encoding(UTF-8));\n")) != New {
		t.Error("the era is not told by the declaration")
	}
	tree := fstest.MapFS{"MAINTAINERS": &fstest.MapFile{Data: []byte("A\nF: *\n")}, ScriptPath: &fstest.MapFile{Data: []byte(source)}}
	for _, tc := range []struct {
		name    string
		project Project
		want    Era
	}{
		{"the tree's", Project{Tree: tree}, Old},
		{"a given one", Project{Tree: tree, Era: New}, New},
		{"none", Project{Tree: fstest.MapFS{"MAINTAINERS": tree["MAINTAINERS"]}}, New},
	} {
		if ix, err := Load(tc.project, Defaults()); err != nil || ix.Era() != tc.want {
			t.Errorf("%s: era %v, %v", tc.name, ix.Era(), err)
		}
	}
}

func TestMaintainerPaths(t *testing.T) {
	t.Parallel()
	tree := fstest.MapFS{"sub/who": &fstest.MapFile{Data: []byte("A\nM: a@example.org\nF: *\n")}}
	for _, tc := range []struct {
		path    string
		project Project
		ok      bool
	}{
		{"sub/who", Project{Tree: tree}, true},
		{"./sub//who", Project{Tree: tree}, true},
		{"sub", Project{Tree: tree}, true},
		{"", Project{Tree: tree}, false},
		{"absent", Project{Tree: tree}, false},
		{"~/who", Project{Tree: tree}, false},
		{"../who", Project{Tree: tree}, false},
	} {
		o := Defaults()
		o.MaintainerPath = tc.path
		_, err := Load(tc.project, o)
		if missing := (*NotFoundError)(nil); (err == nil) != tc.ok || err != nil && !errors.As(err, &missing) {
			t.Errorf("path %q: %v", tc.path, err)
		}
	}
}

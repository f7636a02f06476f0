package maintainers

import (
	"testing"
	"testing/fstest"
)

// Names before addresses, as the script of Linux 6.1 gave them.
func TestOldNamesInFiles(t *testing.T) {
	t.Parallel()
	f := newEmailFinder(Old)
	for _, tc := range []struct{ name, text, want string }{
		{"quotes go", `:"Jo" <z@y.org>`, "Jo <z@y.org>"},
		{"a comma apart stays", `:, Jim <z@y.org>`, `", Jim" <z@y.org>`},
		{"a comma attached goes", `:Jack, <z@y.org>`, "Jack <z@y.org>"},
		{"a dot at each end", `:.Jill. <z@y.org>`, "Jill <z@y.org>"},
		{"a comma behind a quoted name takes it along", `:"Jan Bo Li", <z@y.org>`, "z@y.org"},
		{"only a comma", `:, <z@y.org>`, "z@y.org"},
		{"quotes inside are cut as they would be printed", `:A "B" <z@y.org>`, "B <z@y.org>"},
		{"one of two commas", `:A B,, <z@y.org>`, `"A B," <z@y.org>`},
		{"a sign with a dot is an initial", `:,. A C,. <z@y.org>`, `". A C," <z@y.org>`},
		{"a dot alone is one, too", `:. Aab <z@y.org>`, `". Aab" <z@y.org>`},
		{"the last two words", `:,Aa Bb Dd Ee. <z@y.org>`, "Dd Ee <z@y.org>"},
		{"an initial in the middle", ` - Jo R. Dotty <z@y.org>`, `"Jo R. Dotty" <z@y.org>`},
		{"the hyphen of the list", ` - Foo <z@y.org>`, "- Foo <z@y.org>"},
		{"the hyphen of the list alone", ` - z@y.org`, "- <z@y.org>"},
		{"no name across lines", "foo\nbar <z@y.org>", "bar <z@y.org>"},
		{"several blanks make words of nothing", " - Ana  Bel   Luz <z@y.org>", "Luz <z@y.org>"},
	} {
		got := f.find(tc.text)
		if len(got) != 1 || formatPerson(got[0].name, got[0].address) != tc.want {
			t.Errorf("%s: %q gives %q, want %q", tc.name, tc.text, got, tc.want)
		}
	}
	for _, text := range []string{"foo@1000", "x@y", "a@[1.2.3.4]", "@x.org"} {
		if got := f.find(text); len(got) > 0 {
			t.Errorf("%q gives %q", text, got)
		}
	}
}

// Chains in the mailmap, as the script of Linux 6.1 follows them.
func TestMailmapChains(t *testing.T) {
	t.Parallel()
	chain := "<b2@x> <b1@x>\n<b3@x> <b2@x>\n<b4@x> <b3@x>\n<b5@x> <b4@x>\n<b6@x> <b5@x>\n<b7@x> <b6@x>\n"
	for _, tc := range []struct{ name, entry, trailer, want string }{
		{"two links from a section", "M M <b1@x>", "Tested-by: <b1@x>", "M M <b3@x>"},
		{"three from a commit, with a name", "", "Acked-by: N N <b1@x>", "N N <b4@x>"},
		{"five from a commit, without", "", "Acked-by: <b1@x>", "b6@x"},
		{"one person once", "M M <b1@x>", "Acked-by: <b1@x>", "M M <b3@x>"},
	} {
		text := "A\nF:\tlib/\n"
		if tc.entry != "" {
			text = "A\nM:\t" + tc.entry + "\nF:\tlib/\n"
		}
		ix := load(t, text, func(p *Project) {
			p.Era = Old
			p.Tree.(fstest.MapFS)[".mailmap"] = &fstest.MapFile{Data: []byte(chain)}
			p.Commit = func(string) (string, bool) { return "t\n\n" + tc.trailer + "\n", true }
		})
		if got, _ := lines(ix, "Fixes: 0123456789ab\n"+touches); len(got) != 1 || got[0] != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

package highlight

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

func TestLines(t *testing.T) {
	t.Parallel()
	var h Highlighter
	for _, tc := range []struct{ name, file, text, want string }{
		{"a comment over two lines", "a.c", "/* one\n   two */ int x;", "c:/* one|c:   two */,t:int"},
		{"C", "drivers/net/a.c", "#include <linux/io.h>\nstatic int f(void)\n{\n\treturn 0x1f; // \"s\"\n}", "p:#include,p:<linux/io.h>|k:static,t:int,f:f,t:void||k:return,n:0x1f,c:// \"s\"|"},
		{"Go", "a.go", "func F(x int) string { return `a", "k:func,f:F,t:int,t:string,k:return,s:`a"},
		{"Kconfig", "drivers/Kconfig.debug", "config NET\n\tbool \"it\"\n\tdepends on PCI # why", "k:config|t:bool,s:\"it\"|k:depends on,c:# why"},
		{"a recipe in a Makefile", "src/Makefile", "all: x\n\techo \"$x\"", "f:all|f:echo,s:\",s:\""},
		{"a string that ends in another hunk", "a.py", "x = 'a", "s:'a"},
		{"an unknown language", "a.xyz", "int x;", ""},
		{"a language without a name", "int", "int x;", ""},
		{"a file to be configured", "config.h.in", "int x;", "t:int"},
		{"two lines in one", "a.c", "int x;\r", ""},
		{"not UTF-8", "a.c", "int \xff;", ""},
		{"nothing", "a.c", "", ""},
	} {
		lines := strings.Split(tc.text, "\n")
		got := h.Lines(t.Context(), tc.file, lines)
		if len(got) != len(lines) {
			t.Fatalf("%s: %d lines of %d", tc.name, len(got), len(lines))
		}
		if text := drawn(lines, got); text != tc.want && (tc.want != "" || strings.Trim(text, "|") != "") {
			t.Errorf("%s: %q is %s, want %s", tc.name, tc.text, text, tc.want)
		}
	}
}

func drawn(lines []string, spans [][]Span) string {
	var all []string
	for i, line := range spans {
		var words []string
		for _, s := range line {
			words = append(words, string(s.Kind)+":"+lines[i][s.Start:s.End])
		}
		all = append(all, strings.Join(words, ","))
	}
	return strings.Join(all, "|")
}

func TestLongTextIsLeftAlone(t *testing.T) {
	t.Parallel()
	var h Highlighter
	if got := h.Lines(t.Context(), "a.c", []string{"int x;", strings.Repeat("x", mostLine+1)}); got[0] != nil {
		t.Errorf("a long line: %v", got)
	}
	many := strings.Split(strings.Repeat("int x;\n", mostText/7+1), "\n")
	if got := h.Lines(t.Context(), "a.c", many); got[0] != nil {
		t.Errorf("a long text: %v", got[0])
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got := h.Lines(ended, "a.c", []string{"int x;"}); got[0] != nil {
		t.Errorf("after the end: %v", got)
	}
}

// What is copied is what the library has: it finds the same in the same text.
func TestCopiesAreTheLibrarys(t *testing.T) {
	t.Parallel()
	const sample = "#include <a.h>\n/* x */ static int f(const char *s) { return \"a\\n\"[0] + 0x1f; } // y\n# z\nif true; then echo $x 'y' \"z\"; fi\n" +
		"def f(self, x=1): return f\"{x}\" # c\nkey: [1, two]\n\tmov %eax, $4\nuse strict; my $x = {a => 1}; sub f { m/x/ }\n&node { reg = <0x1>; };\nfn f<'a>(x: &'a str) -> u8 { 1 }\n" +
		"select * from t where a = 'b'; -- c\nproject('a', 'c')\nadd_library(a STATIC b.c)\nlet rec f x = match x with _ -> 1 (* c *)\nBEGIN { print $1 }\nproc f {x} { set y $x }\nall: x\n\tcc -o $@ $<\n"
	files, err := fs.Glob(rules, "chroma/*.xml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var h Highlighter
	for _, file := range files {
		ours, err := h.lexer(file)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		theirs := lexers.Get(ours.Config().Name)
		if theirs == nil {
			t.Errorf("%s: the library has no %s", file, ours.Config().Name)
			continue
		}
		var tokens [2][]chroma.Token
		for i, l := range []chroma.Lexer{ours, theirs} {
			if tokens[i], err = chroma.Tokenise(l, nil, sample); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := chroma.Stringify(tokens[0]...), chroma.Stringify(tokens[1]...); a != b {
			t.Errorf("%s changes the text", file)
		}
		if len(tokens[0]) != len(tokens[1]) {
			t.Errorf("%s finds %d tokens, the library %d", file, len(tokens[0]), len(tokens[1]))
			continue
		}
		for i := range tokens[0] {
			if tokens[0][i] != tokens[1][i] {
				t.Errorf("%s: %v, the library has %v", file, tokens[0][i], tokens[1][i])
			}
		}
	}
}

func TestEveryLanguageHasRules(t *testing.T) {
	t.Parallel()
	var h Highlighter
	for _, l := range languages() {
		lexer, err := h.lexer(l.rules)
		if err != nil {
			t.Errorf("%s: %v", l.rules, err)
			continue
		}
		if _, err := chroma.Tokenise(lexer, nil, "x\n"); err != nil {
			t.Errorf("%s: %v", l.rules, err)
		}
	}
}

// Spans are in order, do not overlap, and are inside of their lines.
func FuzzLines(f *testing.F) {
	f.Add("a.c", "/* \" */ #if 0\n'\\''")
	f.Add("a.go", "`\n'x' 0x_")
	f.Add("Kconfig", "config \"")
	f.Add("Makefile", "\t$(x)\n'")
	var h Highlighter
	f.Fuzz(func(t *testing.T, file, text string) {
		lines := strings.Split(text, "\n")
		for i, spans := range h.Lines(t.Context(), file, lines) {
			at := 0
			for _, s := range spans {
				if s.Start < at || s.End <= s.Start || s.End > len(lines[i]) {
					t.Fatalf("%q in %q: %v", lines[i], text, spans)
				}
				at = s.End
			}
		}
	})
}

func BenchmarkLines(b *testing.B) {
	var lines []string
	for range 200 {
		lines = append(lines, "static int driver_probe(struct device *dev) /* called once */", "{", "\tif (!dev || dev->id > 0x1f)", "\t\treturn -EINVAL;", "\tdev_info(dev, \"probed %d\\n\", dev->id);", "}")
	}
	var h Highlighter
	b.ReportAllocs()
	for b.Loop() {
		h.Lines(b.Context(), "a.c", lines)
	}
}

package maintainers

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// expressions as MAINTAINERS files have them, and others of Perl's dialect.
func perlExpressions() []string {
	return []string{
		`tegra`, `^lib/.*hash\.c$`, `foo bar`, `(?<!uni)versal`, `imx(?!8)`, `[^a-z]mux`, `quux # not the rest`, `\bmux\b`, `a|b c|d`,
		`\b(?i:clang|llvm)\b`, `(?i)Rust`, `x(?i)y(?-i)z`, `a\ b`, `a\#b`, `[ ]`, `[#]x`, `[]a]+`, `[^]a]+$`, `[a-c-]`, `[\w-]+@`, `[[:alpha:]]\d`, `\d{2,3}x`,
		`a{,2}b`, `x{`, `x{a}`, `a++b`, `(?>a+)ab`, `(a|b)\1`, `(?<n>a)\k<n>`, `\x41\x{42}`, `\101`, `\tx`, `[\t ]x`, `\s+$`, `x$`, `x\Z`, `x\z`, `\Ax`, `a*?b`, `^`, `.`,
		`(?x: a b )c`, `(?-x: a)`, `(?# note )a`, `a(?=b)`, `(?<=a)b`, `\Wx`, `\Sx`, `\Dx`, `[\S]`, `[^\s]x`, `\h`, `\R`, `\N`, `a.c`, `é`, `[é]`, `\w+`, `\W`, `ë\b`,
		`(`, `)`, `[a`, `*a`, `a**`, `a\`, `(?<x`, `(?Z)`, `\pL`, `\p{Lu}`, `a{2}{3}`, `x+?+`, `$`, `\/dev`, `a/b`, `a-b`, `"q"`, `@x`, `%x`, `~x`, `&x`, `(a)(?:b)(c)\2`, `\g{1}`, `(a)\g{-1}`,
	}
}

func perlTexts() []string {
	return []string{
		"", "tegra", "lib/xhash.c", "lib/xhash.c\n", "foobar", "foo bar", "universal", "aversal", "imx7 imx8", "imx8", "mux", "amux", "-mux", "quux", "clang", "CLANG x", "rust RUST",
		"xyz", "xYz", "xYZ", "a b", "a#b", " ", "#x", "]", "a]b", "bcd", "foo-bar@x", "q7", "12x", "1x", "aab", "b", "x{", "x{a}", "aaab", "aa", "ab", "bb", "AB", "A", "\tx", " x", "x \n", "x\n", "x",
		"é", "e", "zoë", "ë", "ë x", "a\nc", "abc", "a/b", "/dev/null", "a-b", `"q"`, "@x", "%x", "~x", "&x", "abcc", "\xff", "ÿ\xffz", "-\tstruct foo bar;\n", "++ b/x", "\u212a", "ſ",
	}
}

// Perl itself judges what an expression matches, for both eras' idea of text.
func TestMatchesLikePerl(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "perl")
	for _, era := range []Era{Old, New} {
		want := askPerl(t, era, perlExpressions(), perlTexts())
		for i, source := range perlExpressions() {
			m, err := compile(source, true, era)
			if (err == nil) != (want[i] != nil) {
				t.Errorf("%s: compile(%q) is %v, Perl takes it: %v", era, source, err, want[i] != nil)
				continue
			}
			if err != nil {
				continue
			}
			literals := expressionLiterals(source, era)
			for j, text := range perlTexts() {
				text = era.text(text)
				got, err := m.match(text)
				if got != want[i][j] || err != nil {
					t.Errorf("%s: %q matches %q: %v, %v; Perl says %v", era, source, text, got, err, want[i][j])
				}
				if got && !newHaystack(text).mayHave(literals) {
					t.Errorf("%s: %q matches %q, which has none of %q", era, source, text, literals)
				}
			}
		}
	}
}

// askPerl returns for each expression, nil when Perl refuses it, whether it
// matches each text.
func askPerl(t testing.TB, era Era, expressions, texts []string) [][]bool {
	t.Helper()
	const program = `use strict; no warnings; my $utf8 = shift; $/ = "\0"; my (@e, @t); my $in = \@e;
binmode(STDIN, ":utf8") if $utf8;
while (<STDIN>) { chomp; if ($_ eq "TEXTS") { $in = \@t; next } push @$in, $_ }
for my $e (@e) { my $r = eval { qr/x|$e/x; 1 } && eval { my $c = qr/$e/x; join("", map { ($_ =~ $c) ? 1 : 0 } @t) };
print defined $r ? $r : "refused", "\n"; }`
	var in bytes.Buffer
	for _, e := range expressions {
		in.WriteString(e + "\x00")
	}
	in.WriteString("TEXTS\x00")
	for _, text := range texts {
		in.WriteString(era.text(text) + "\x00")
	}
	utf8 := "0"
	if era == New {
		utf8 = "1"
	}
	cmd := exec.Command("perl", "-e", program, utf8)
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("perl: %v", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(expressions) {
		t.Fatalf("perl answered %d of %d expressions", len(lines), len(expressions))
	}
	answers := make([][]bool, len(expressions))
	for i, line := range lines {
		if line == "refused" {
			continue
		}
		answers[i] = make([]bool, len(texts))
		for j := range line {
			answers[i][j] = line[j] == '1'
		}
	}
	return answers
}

// What cannot be followed is refused with a reason, not guessed at.
func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for _, source := range []string{`(?R)`, `(?|a|b)`, `(*FAIL)`, `(?(1)a|b)`, `\X`, `\G`, `\Q.\E`, `\b{wb}`, `[[:nope:]]`} {
		if _, err := compile(source, true, New); err == nil {
			t.Errorf("compile(%q) succeeds", source)
		}
	}
}

// A runaway expression is given up in time.
func TestMatchGivesUp(t *testing.T) {
	t.Parallel()
	m, err := compile(`(?=(a+)+$)b*(a+)+x(?!y)|\1z`, true, New)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.match(strings.Repeat("a", 60) + "!xz"); err == nil {
		t.Error("the match came to an end by itself")
	}
}

func FuzzCompile(f *testing.F) {
	for _, e := range perlExpressions() {
		f.Add(e, "a text")
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		if len(source) > 200 || len(text) > 200 {
			return
		}
		for _, era := range []Era{Old, New} {
			m, err := compile(era.text(source), true, era)
			if err != nil {
				continue
			}
			text := era.text(text)
			matches, err := m.match(text)
			if literals := expressionLiterals(era.text(source), era); err == nil && matches && !newHaystack(text).mayHave(literals) {
				t.Errorf("%q matches %q, which has none of the literals %q", source, text, literals)
			}
		}
	})
}

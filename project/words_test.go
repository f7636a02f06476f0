package project

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

func commandLines() []string {
	return []string{
		"", " \t\n", "a b  c", `a "b c" 'd e'`, `a\ b`, `"a\tb\"c\\"`, `'a\b'`, `""`, `a""b''`, `'it'\''s'`,
		"#x", "a #b\nc", "~/x $HOME `id` $(id) * | ; &", "ä\u00a0b", "a\x0bb", "\\\n", `a"#"b`,
		`a\`, `"a\`, `"a`, `'a`, `'a"`,
	}
}

func TestSplitWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, line string
		want      []string
		err       error
	}{
		{"nothing", " \t", nil, nil},
		{"quotes join and keep blanks", `a"b c"'d  e' f`, []string{"ab cd  e", "f"}, nil},
		{"an empty word", `a "" b`, []string{"a", "", "b"}, nil},
		{"no expansion", "~/x $HOME *", []string{"~/x", "$HOME", "*"}, nil},
		{"a comment", "a #b", []string{"a"}, nil},
		{"no comment inside a word", "a#b", []string{"a#b"}, nil},
		{"double quotes keep other backslashes", `"\a\"\\"`, []string{`\a"\`}, nil},
		{"open quote", `a "b`, nil, errOpenQuote},
		{"trailing backslash", `a \`, nil, errLastEscape},
	} {
		got, err := splitWords(c.line)
		if !slices.Equal(got, c.want) || err != c.err {
			t.Errorf("%s: splitWords(%q) = %q, %v", c.why, c.line, got, err)
		}
	}
}

// Python's shlex is what b4 uses.
func TestSplitWordsAgreesWithPython(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "python3")
	input, err := json.Marshal(commandLines())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-c", `
import json, shlex, sys
def split(s):
    try:
        return shlex.split(s, comments=True)
    except ValueError:
        return None
print(json.dumps([split(s) for s in json.load(sys.stdin)]))`)
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want [][]string
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for i, line := range commandLines() {
		got, err := splitWords(line)
		if !slices.Equal(got, want[i]) || (err != nil) != (want[i] == nil) {
			t.Errorf("splitWords(%q) = %q, %v; python says %q", line, got, err, want[i])
		}
	}
}

// Quoting a list of words and splitting the line gives the words back.
func FuzzSplitWords(f *testing.F) {
	for _, line := range commandLines() {
		f.Add(line, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		var quoted []string
		for _, word := range []string{a, b} {
			quoted = append(quoted, "'"+strings.ReplaceAll(word, "'", `'\''`)+"'")
		}
		got, err := splitWords(strings.Join(quoted, " "))
		if err != nil || !slices.Equal(got, []string{a, b}) {
			t.Errorf("%q gave %q, %v", quoted, got, err)
		}
		splitWords(a) // ends, whatever it is
	})
}

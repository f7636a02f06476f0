package pullrequest

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	long := strings.TrimSpace(strings.Repeat("word ", 30))
	for _, tc := range []struct{ name, markdown, want, to, cc string }{
		{name: "prose is wrapped", markdown: long,
			want: strings.TrimSpace(strings.Repeat("word ", 14)) + "\n" + strings.TrimSpace(strings.Repeat("word ", 14)) + "\nword word"},
		{name: "lines of a paragraph are joined", markdown: "one\ntwo\r\nthree", want: "one two three"},
		{name: "a line break that is meant stays", markdown: "one  \ntwo\\\nthree", want: "one\ntwo\nthree"},
		{name: "headings lose their marks, and are no comments", markdown: "## What\n\nit does\n\nTitle\n=====\nmore", want: "What\n\nit does\n\nTitle\n\nmore"},
		{name: "rules would cut the mail", markdown: "a\n\n---\n\nb\n\n***\n", want: "a\n\nb"},
		{name: "emphasis", markdown: "*very* **strong** _x_ `code *here*`", want: "very strong x `code *here*`"},
		{name: "images are left out", markdown: "before ![shot](https://x.example/a.png) after\n\n<img src=\"x\" width=3>\n", want: "before after"},
		{name: "comments are left out", markdown: "<!-- Please describe\n\nyour change -->\nIt is better.\n\nEnd <!-- x --> of it.", want: "It is better.\n\nEnd of it."},
		{name: "of links the address stays", markdown: "see [the list](https://lists.example.org/x) and <https://a.example> or https://b.example/c_d_e",
			want: "see the list <https://lists.example.org/x> and https://a.example or\nhttps://b.example/c_d_e"},
		{name: "a link to itself is written once", markdown: "[https://a.example](https://a.example)", want: "https://a.example"},
		{name: "lists", markdown: "* one\n* two\n  more\n\n1. first\n2. second\n   - below\n\ntext", want: "- one\n- two more\n\n1. first\n2. second\n   - below\n\ntext"},
		{name: "tasks", markdown: "- [x] done\n- [ ] open", want: "- [x] done\n- [ ] open"},
		{name: "a list item is wrapped below its text", markdown: "- " + long,
			want: "- " + strings.TrimSpace(strings.Repeat("word ", 14)) + "\n  " + strings.TrimSpace(strings.Repeat("word ", 14)) + "\n  word word"},
		{name: "literal text is set off, as it is", markdown: "```c\nint  x;\n\tif (x)\n---\n```\n\n    indented\n", want: "    int  x;\n        if (x)\n    ---\n\n    indented"},
		{name: "quotations", markdown: "> said\n> more\n\nanswer", want: "> said more\n\nanswer"},
		{name: "tables stay", markdown: "| a | b |\n|---|---|\n| 1 | 2 |", want: "| a | b |\n|---|---|\n| 1 | 2 |"},
		{name: "details", markdown: "<details><summary>Log</summary>\n\ntext\n\n</details>", want: "Log\n\ntext"},
		{name: "scripts", markdown: "a\n\n<script>alert(1)</script>\n\nb", want: "a\n\nb"},
		{name: "escapes and entities", markdown: `1 \* 2 &lt;x&gt; &amp; \#3`, want: "1 * 2 <x> & #3"},
		{name: "control characters and direction", markdown: "a\x1b[31mb\u202ec", want: "a[31mbc"},
		{name: "blanks of other kinds", markdown: "a\u00a0b\u2028c\u3000d", want: "a b c d"},
		{name: "trailers keep their lines", markdown: "Fix it.\n\nReported-by: A <a@x.org>\nTested-by: B <b@x.org>", want: "Fix it.\n\nReported-by: A <a@x.org>\nTested-by: B <b@x.org>"},
		{name: "quotations in quotations have an end", markdown: strings.Repeat(">", 60000) + "x", want: strings.Repeat("> ", 20) + "x"},
		{name: "so have lists", markdown: strings.Repeat("1. - ", 5000) + "x", want: strings.Repeat("1. - ", 10) + "x"},
		{name: "recipients", markdown: "Text.\n\nTo: list@example.org\nCc: Ann \\<ann@example.org\\>, bob@example.org\n- CC: \"Doe, Jane\" <jane@example.org>\n**Cc:** [kim@example.org](mailto:kim@example.org)",
			want: "Text.", to: "list@example.org", cc: `Ann <ann@example.org>, bob@example.org, "Doe, Jane" <jane@example.org>, kim@example.org`},
		{name: "those without address are left out", markdown: "cc: @somebody, ann@example.org\nCC: @other", want: "", cc: "ann@example.org"},
		{name: "a sentence about cc is none", markdown: "cc: is the compiler", want: "cc: is the compiler"},
		{name: "a sentence about mail is none", markdown: "To: reproduce, mail foo@bar baz or so", want: "To: reproduce, mail foo@bar baz or so"},
		{name: "recipients in literal text are none", markdown: "```\nCc: ann@example.org\n```", want: "    Cc: ann@example.org"},
		{name: "recipients in a comment nobody sees", markdown: "<!-- Please name\nCc: ann@example.org\n-->\nCc: bob@example.org", want: "", cc: "bob@example.org"},
		{name: "recipients in indented text are none", markdown: "text\n\n    Cc: ann@example.org", want: "text\n\n    Cc: ann@example.org"},
		{name: "another fence in literal text", markdown: "```\n~~~\n````\nCc: bob@example.org", want: "    ~~~", cc: "bob@example.org"},
		{name: "nothing", markdown: "", want: ""},
		{name: "nothing but a template", markdown: "<!-- Thanks! -->\n", want: ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, to, cc := Plain(tc.markdown)
			if got != tc.want {
				t.Errorf("Plain(%q)\n got %q\nwant %q", tc.markdown, got, tc.want)
			}
			if fmt.Sprint(join(to)) != tc.to || join(cc) != tc.cc {
				t.Errorf("to %q cc %q, want %q and %q", join(to), join(cc), tc.to, tc.cc)
			}
		})
	}
}

func join[T fmt.Stringer](list []T) string {
	var all []string
	for _, a := range list {
		all = append(all, a.String())
	}
	return strings.Join(all, ", ")
}

func TestParse(t *testing.T) {
	t.Parallel()
	const id = "0123456789012345678901234567890123456789"
	for _, tc := range []struct{ name, text, want string }{
		{"GitHub", `{"title":"[PATCH] mm: fix it","body":"Why\r\nnot","html_url":"https://forge.example/o/r/pull/12","number":12,"head":{"sha":"` + id + `","ref":"x"},"base":{"sha":"` + id + `","ref":"main","repo":{"clone_url":"https://forge.example/o/r.git"}},"user":{"login":"me"}}`,
			`mm: fix it|Why` + "\n" + `not|https://forge.example/o/r/pull/12|https://forge.example/o/r.git refs/pull/12/head|` + id + `|` + id + `|main`},
		{"GitLab", `{"title":"Draft: add a","description":"D","web_url":"https://lab.example/g/p/-/merge_requests/3","iid":3,"sha":"` + id + `","target_branch":"master","diff_refs":{"base_sha":"` + id + `"}}`,
			`add a|D|https://lab.example/g/p/-/merge_requests/3|https://lab.example/g/p refs/merge-requests/3/head|` + id + `|` + id + `|master`},
		{"no description", `{"title":"t","body":null,"head":{"sha":"` + id + `"}}`, `t|||` + `|` + id + `||`},
		{"a title in front of which is a rule, with blanks and marks that steer a terminal", `{"title":"--- a\u001b[31m\u0085\u202eb\n\u00a0c","head":{"sha":"` + id + `"}}`, `a[31m b c||||` + id + `||`},
		{"a title of an option", `{"title":"--frob: take it","head":{"sha":"` + id + `"}}`, `--frob: take it||||` + id + `||`},
		{"a URL that is an option", `{"title":"t","number":7,"head":{"sha":"` + id + `"},"base":{"repo":{"clone_url":"--upload-pack=touch${IFS}x"}}}`, `t||||` + id + `||`},
		{"a URL that runs a command", `{"title":"t","number":7,"head":{"sha":"` + id + `"},"base":{"repo":{"clone_url":"ext::sh -c x"}}}`, `t||||` + id + `||`},
		{"a URL with more for the shell", `{"title":"t","number":7,"head":{"sha":"` + id + `"},"base":{"repo":{"clone_url":"https://a/$(x)"}}}`, `t||||` + id + `||`},
		{"a host that is an option", `{"title":"t","number":7,"head":{"sha":"` + id + `"},"base":{"repo":{"clone_url":"ssh://-oProxyCommand=x/y"}}}`, `t||||` + id + `||`},
		{"GitLab, a URL with more for the shell", `{"title":"t","web_url":"https://a/;x/-/merge_requests/3","iid":3,"sha":"` + id + `"}`, `t||https://a/;x/-/merge_requests/3||` + id + `||`},
		{"plain text", "# add a\r\n\r\nBecause.\r\n", `add a|Because.|||||`},
		{"plain text that begins with a bracket", "[WIP] add a", `add a||||||`},
	} {
		r, err := Parse([]byte(tc.text))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if got := strings.Join([]string{r.Title, r.Description, r.URL, r.Fetch, r.Head, r.Base, r.BaseBranch}, "|"); got != tc.want {
			t.Errorf("%s:\n got %q\nwant %q", tc.name, got, tc.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", " \n", "empty"},
		{"no text", "\xff\xfe", "UTF-8"},
		{"NUL", "a\x00b", "UTF-8"},
		{"a list", `[{"title":"x"}]`, "a list"},
		{"broken", `{"title":`, "broken"},
		{"another kind", `{"title":3}`, `"title"`},
		{"another document", `{"message":"Not Found","status":"404"}`, "no title or no head"},
		{"an odd head", `{"title":"x","head":{"sha":"--output=x"}}`, "no commit id"},
		{"an odd URL", `{"title":"x","html_url":"javascript:alert(1)","head":{"sha":"0123456789012345678901234567890123456789"}}`, "no URL"},
		{"a web page", "<!DOCTYPE html><html>", "web page"},
		{"what jq prints of a key that is not there", "null\n", "its JSON is no pull request's"},
		{"a string", `"Not Found"`, "its JSON is no pull request's"},
		{"a patch", "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: x\n", "patch"},
		{"a diff", "diff --git a/x b/x\n", "patch"},
		{"a title too long", strings.Repeat("x", maxTitle+1), "title has 1001 bytes"},
		{"a description too long", "x\n\n" + strings.Repeat("x", maxDescription+1), "description has"},
		{"too long", strings.Repeat("x", maxText+1), "bytes"},
	} {
		if _, err := Parse([]byte(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want something about %q", tc.name, err, tc.want)
		}
	}
}

// Whatever a description holds, no line of it cuts a mail, is a comment of the
// cover letter, or reaches the terminal raw.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"# a\n\n---\n", "> - 1. ```\nx", "<!-- ", "[a](b) ![c](d)", "Cc: a@b\n\n    x", "- a\n\n- b\n  > c\n", "\\---", "&#45;--", "a\n-- \nb", "-\n  ---"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, markdown string) {
		prose, _, _ := Plain(markdown)
		if utf8.ValidString(markdown) && !utf8.ValidString(prose) {
			t.Fatalf("no UTF-8: %q", prose)
		}
		for _, line := range strings.Split(prose, "\n") {
			if strings.HasPrefix(line, "---") || line == "--" || line == "-- " || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "diff --git ") {
				t.Fatalf("%q became the line %q", markdown, line)
			}
			if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("%q became %q", markdown, line)
			}
		}
	})
}

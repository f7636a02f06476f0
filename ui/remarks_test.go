package ui

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/feedback"
)

const twoHunks = "diff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n@@ -1,3 +1,3 @@\n one\n-\told = 1;\n+\tnew = 1;\n return;\n@@ -50,2 +50,2 @@\n-\told = 2;\n+\tnew = 1;\n return;\n" +
	"diff --git a/g.c b/g.c\n--- a/g.c\n+++ b/g.c\n@@ -1 +1 @@\n-a\n+new = 1;\n"

func TestPlaceRemarks(t *testing.T) {
	t.Parallel()
	files := parsePatch(twoHunks)
	at := func(file string, line int) *feedback.Location {
		return &feedback.Location{File: file, Line: line, SentFile: file, SentLine: line}
	}
	for _, tc := range []struct {
		name  string
		quote string
		at    *feedback.Location
		want  string
	}{
		{"an added line", "+\tnew = 1;", at("f.c", 2), "f0 h0 l2"},
		{"of equal lines the nearest", "+\tnew = 1;", at("f.c", 48), "f0 h1 l1"},
		{"in the file that it is about", "+new = 1;", at("g.c", 1), "f1 h0 l1"},
		{"a removed line", "-\told = 2;", at("f.c", 50), "f0 h1 l0"},
		{"a line around", " return;", at("f.c", 4), "f0 h0 l3"},
		{"blanks that a mail program changed", "+    new  =  1;", at("f.c", 2), "f0 h0 l2"},
		{"quoted without the mark of the diff", "new = 1;", at("f.c", 2), "f0 h0 l2"},
		{"the file was renamed since", "+\tnew = 1;", &feedback.Location{File: "f.c", Line: 2, SentFile: "e.c", SentLine: 2}, "f0 h0 l2"},
		{"nothing is known of today", "+\tnew = 1;", &feedback.Location{SentFile: "f.c", SentLine: 2}, "f0 h0 l2"},
		{"a line that is gone", "+\tgone();", at("f.c", 3), "file 0 > +\tgone(); f.c:3"},
		{"nothing is quoted", "", at("f.c", 3), "file 0 >  f.c:3"},
		{"a file that is gone", "+x", at("h.c", 3), "above > +x h.c:3"},
		{"the message", "It was wrong.", nil, "above > It was wrong. "},
	} {
		reply := feedback.Reply{ID: "x", Remarks: []feedback.Remark{{Quote: tc.quote, At: tc.at, Text: []string{"why?"}}}}
		p := placeRemarks(files, []feedback.Reply{reply}, replyHeads(func(id string) string { return "#" + id }))
		var got []string
		for s := range maps.Keys(p.lines) {
			got = append(got, fmt.Sprintf("f%d h%d l%d", s.file, s.hunk, s.line))
		}
		for n, all := range p.files {
			got = append(got, fmt.Sprintf("file %d > %s %s", n, all[0].Quote, all[0].Where))
		}
		for _, r := range p.above {
			got = append(got, fmt.Sprintf("above > %s %s", r.Quote, r.Where))
		}
		slices.Sort(got)
		if text := strings.Join(got, "; "); text != tc.want {
			t.Errorf("%s: %q stands at %s, want %s", tc.name, tc.quote, text, tc.want)
		}
	}
}

func TestParagraphs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 12)
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"prose", long + "\nand its end", "P" + long + " and its end"},
		{"one short line", "Short.", "PShort."},
		{"two paragraphs", "a\n\n\n\nb", "Pa|Pb"},
		{"a list", "- one\n- two", "L- one\n- two"},
		{"a list with long lines", "- " + long + "\n- two", "L- " + long + "\n- two"},
		{"numbers", "1. one\n2. two", "L1. one\n2. two"},
		{"verse", "Roses are red,\nviolets are blue", "LRoses are red,\nviolets are blue"},
		{"code", "\tint x;\n\tint y;", "L\tint x;\n\tint y;"},
		{"a quotation", "> " + long + "\n> x", "L> " + long + "\n> x"},
	} {
		var got []string
		for _, p := range paragraphs(tc.text) {
			kind := "P"
			if p.Lines {
				kind = "L"
			}
			got = append(got, kind+p.Text)
		}
		if text := strings.Join(got, "|"); text != tc.want {
			t.Errorf("%s: %q is %q, want %q", tc.name, tc.text, text, tc.want)
		}
	}
}

// No word of a text is lost or made up.
func FuzzParagraphs(f *testing.F) {
	f.Add("a\n\n\nb\n- c\n\n 1\n")
	f.Add("\r\n\n\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		var got []string
		for _, p := range paragraphs(text) {
			got = append(got, strings.Fields(p.Text)...)
		}
		if want := strings.Fields(text); !slices.Equal(got, want) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}

package main

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// A tree is what a commit holds: files by path.
type tree map[string]treeFile

type treeFile struct {
	mode    string
	content string
}

// An edit changes one file of a tree, whatever the tree.
type edit struct {
	kind   string // lines, rename, mode, remove, space, or a whole content
	path   string
	at     int    // in lines, modulo what there is
	remove int    // lines
	text   string // to insert, the new path, or the whole content
}

func (e edit) apply(t tree) {
	f, there := t[e.path]
	if !there {
		f.mode = "100644"
	}
	lines := strings.SplitAfter(f.content, "\n")
	switch e.kind {
	case "lines":
		at := e.at % len(lines)
		end := min(at+e.remove, len(lines))
		f.content = strings.Join(lines[:at], "") + e.text + strings.Join(lines[end:], "")
	case "space":
		at := e.at % len(lines)
		lines[at] = "  " + strings.ReplaceAll(lines[at], " ", "\t")
		f.content = strings.Join(lines, "")
	case "whole":
		f.content = e.text
	case "mode":
		f.mode = map[string]string{"100644": "100755", "100755": "100644", "120000": "100644"}[f.mode]
	case "link":
		f.mode, f.content = "120000", "target"
	case "remove":
		delete(t, e.path)
		return
	case "rename":
		delete(t, e.path)
		t[e.text] = f
		return
	}
	t[e.path] = f
}

// A madePatch is a commit in the making.
type madePatch struct {
	author, message, encoding string
	notes, otherNotes         string
	edits                     []edit
}

func (p madePatch) clone() madePatch {
	p.edits = slices.Clone(p.edits)
	return p
}

// A seriesMaker makes up series, and what becomes of them.
type seriesMaker struct{ *rand.Rand }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (m seriesMaker) chance(percent int) bool { return m.IntN(100) < percent }

var madePaths = []string{"main.c", "lib/a.c", "lib/b.py", "doc/With blank.txt", "caf\xc3\xa9.txt", "t\tab\"q.txt", "Makefile", "latin\xe9.c", "crlf.txt", "data.bin"}

func (m seriesMaker) path() string { return pick(m.Rand, madePaths...) }

func (m seriesMaker) line(path string) string {
	if path == "data.bin" {
		return fmt.Sprintf("\x00%d\n", m.IntN(30))
	}
	end := "\n"
	if path == "crlf.txt" {
		end = "\r\n"
	}
	n := m.IntN(12)
	switch m.IntN(14) {
	case 0:
		return end
	case 1:
		return "}" + end
	case 2:
		return fmt.Sprintf("static int func_%d(struct foo *bar)%s", n, end)
	case 3:
		return fmt.Sprintf("int caf\xc3\xa9_%d_%s\xe4\xb8\xad(void)%s", n, strings.Repeat("long_", m.IntN(25)), end)
	case 4:
		return fmt.Sprintf("name\xff_%d%s", n, end)
	case 5:
		return fmt.Sprintf("\tif (x == %d)  \t%s", n, end)
	case 6:
		return fmt.Sprintf(" ## not a heading %d ##%s", n, end)
	case 7:
		return fmt.Sprintf("@@ -1,2 +3,4 @@ in content %d%s", n, end)
	case 8:
		return fmt.Sprintf("%s%d%s", strings.Repeat("very long line ", m.IntN(800)/4*m.IntN(2)), n, end)
	case 9:
		return "\t" + end
	}
	return fmt.Sprintf("\treturn %d;%s", n*m.IntN(9), end)
}

func (m seriesMaker) lines(path string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(m.line(path))
	}
	text := b.String()
	if m.chance(5) {
		text = strings.TrimSuffix(text, "\n")
	}
	return text
}

func (m seriesMaker) base() tree {
	t := tree{}
	for _, path := range madePaths {
		if m.chance(75) {
			t[path] = treeFile{pick(m.Rand, "100644", "100644", "100755"), m.lines(path, 5+m.IntN(60))}
		}
	}
	return t
}

func (m seriesMaker) edit() edit {
	path := m.path()
	e := edit{kind: "lines", path: path, at: m.IntN(80)}
	switch k := m.IntN(40); {
	case k == 0:
		return edit{kind: "mode", path: path}
	case k == 1:
		return edit{kind: "remove", path: path}
	case k == 2:
		return edit{kind: "rename", path: path, text: m.path()}
	case k == 3:
		return edit{kind: "whole", path: path, text: m.lines(path, m.IntN(12))}
	case k == 4:
		return edit{kind: "link", path: path}
	case k < 8:
		e.kind = "space"
		return e
	}
	e.remove = m.IntN(5)
	e.text = m.lines(path, m.IntN(6))
	return e
}

func (m seriesMaker) message() string {
	word := func() string {
		return pick(m.Rand, "fix", "the", "leak", "in", "driver", "na\xc3\xafve", "\xe4\xb8\xad\xe6\x96\x87", "tab\there", "two  blanks", "bad\xff")
	}
	words := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = word()
		}
		return strings.Join(list, " ")
	}
	if m.chance(2) {
		return ""
	}
	text := words(1+m.IntN(5)) + pick(m.Rand, "\n", "\n", "\n", " \t\n", "\nsecond line of the subject\n", "")
	for range m.IntN(4) {
		text += pick(m.Rand, "\n", "\n", "\n\n", "") + words(1+m.IntN(9)) + pick(m.Rand, "\n", "  \n", "\r\n")
	}
	if m.chance(60) {
		text += "\nSigned-off-by: Jane <jane@example.org>\n"
	}
	if m.chance(3) {
		text = "\n\n" + text
	}
	return text
}

func (m seriesMaker) patch() madePatch {
	p := madePatch{author: pick(m.Rand, "Jane Doe <jane@example.org>", "J\xc3\xb6rg <joerg@example.org>", "Old Name <old@example.org>"), message: m.message()}
	for range 1 + m.IntN(4) {
		p.edits = append(p.edits, m.edit())
	}
	if m.chance(4) {
		p.edits = nil
	}
	if m.chance(5) {
		p.encoding, p.message = "ISO-8859-1", "caf\xe9 \xfc\n\nb\xf6dy\n"
	}
	if m.chance(10) {
		p.notes = m.message()
	}
	if m.chance(5) {
		p.otherNotes = "other\n\n  note\n"
	}
	return p
}

func (m seriesMaker) series(n int) []madePatch {
	var list []madePatch
	for range n {
		list = append(list, m.patch())
	}
	if n > 2 && m.chance(15) { // the same patch again, after its opposite
		e := edit{kind: "whole", path: "again", text: "1\n"}
		undo := edit{kind: "remove", path: "again"}
		for range 2 + m.IntN(3) {
			list = append(list, madePatch{author: "A <a@example.org>", message: m.message(), edits: []edit{e}},
				madePatch{author: "A <a@example.org>", message: m.message(), edits: []edit{undo}})
		}
	}
	return list
}

// revised is a later revision of a series.
func (m seriesMaker) revised(old []madePatch) []madePatch {
	var list []madePatch
	for i := 0; i < len(old); i++ {
		p := old[i].clone()
		switch k := m.IntN(30); {
		case k < 3: // amended
			p.edits = append(p.edits, m.edit())
		case k == 3 && len(p.edits) > 1:
			p.edits = p.edits[1:]
		case k < 6:
			p.message = m.message()
		case k == 6:
			p.message += "\nReviewed-by: R <r@example.org>\n"
		case k == 7: // dropped
			continue
		case k == 8 && i+1 < len(old): // squashed
			p.edits = append(p.edits, old[i+1].edits...)
			i++
		case k == 9 && len(p.edits) > 1: // split
			second := m.patch()
			second.edits = p.edits[1:]
			p.edits = p.edits[:1]
			list = append(list, p, second)
			continue
		case k == 10:
			list = append(list, m.patch())
		case k == 11:
			p.author = "Somebody Else <else@example.org>"
		case k == 12:
			p.notes = m.message()
		case k < 15:
			for n := range p.edits {
				p.edits[n].at += m.IntN(3)
			}
		}
		list = append(list, p)
	}
	if len(list) > 1 && m.chance(30) {
		i, j := m.IntN(len(list)), m.IntN(len(list))
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// An importer writes a stream for git fast-import.
type importer struct {
	bytes.Buffer
	mark  int
	notes map[string][]string // by ref: commands of N
}

func (im *importer) data(text string) { fmt.Fprintf(im, "data %d\n%s\n", len(text), text) }

// commit writes a commit with all of a tree and returns its mark.
func (im *importer) commit(ref string, p madePatch, t tree, from int) int {
	im.mark++
	fmt.Fprintf(im, "commit %s\nmark :%d\nauthor %s 1700000000 +0000\ncommitter C <c@example.org> %d +0000\n",
		ref, im.mark, p.author, 1700000000+im.mark)
	if p.encoding != "" {
		fmt.Fprintf(im, "encoding %s\n", p.encoding)
	}
	im.data(p.message)
	mark := im.mark
	if from > 0 {
		fmt.Fprintf(im, "from :%d\n", from)
	}
	im.WriteString("deleteall\n")
	for _, path := range slices.Sorted(maps.Keys(t)) {
		fmt.Fprintf(im, "M %s inline %s\n", t[path].mode, quoteForImport(path))
		im.data(t[path].content)
	}
	im.WriteString("\n")
	for ref, text := range map[string]string{"refs/notes/commits": p.notes, "refs/notes/other": p.otherNotes} {
		if text != "" {
			im.notes[ref] = append(im.notes[ref], fmt.Sprintf("N inline :%d\ndata %d\n%s\n", mark, len(text), text))
		}
	}
	return mark
}

func (im *importer) series(ref string, base tree, patches []madePatch, from int) {
	t := maps.Clone(base)
	for _, p := range patches {
		for _, e := range p.edits {
			e.apply(t)
		}
		from = im.commit(ref, p, t, from)
	}
	fmt.Fprintf(im, "reset %s\nfrom :%d\n\n", ref, from)
}

func (im *importer) finish() {
	for _, ref := range slices.Sorted(maps.Keys(im.notes)) {
		fmt.Fprintf(im, "commit %s\ncommitter C <c@example.org> 1700000000 +0000\ndata 0\n%s\n", ref, strings.Join(im.notes[ref], ""))
	}
}

func quoteForImport(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\t", `\t`).Replace(path) + `"`
}

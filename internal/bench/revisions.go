package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
)

// revisions makes up two revisions of a series over a tree of code. The same
// numbers give the same object ids.
type revisions struct {
	name       string
	old, new   int  // commits
	unrelated  bool // the new ones have nothing in common with the old ones
	wantFirst  float64
	wantSecond float64 // how many times as fast as git a run is to be; 0: not said
}

// An addition is one step of a made-up patch: lines put into a file.
type addition struct {
	file, at, remove int
	lines            []string
}

type madeUpPatch struct {
	title string
	steps []addition
}

const revisedFiles = 300

// codeLine is a line as code has them: many are found all over the place.
func codeLine(r *rand.Rand) string {
	switch r.IntN(12) {
	case 0:
		return "}"
	case 1:
		return ""
	case 2:
		return "\treturn 0;"
	case 3:
		return "\tif (err)"
	case 4:
		return "{"
	}
	return fmt.Sprintf("\tvalue_%d = call_%d(arg_%d);", r.IntN(400), r.IntN(400), r.IntN(40))
}

func codeLines(r *rand.Rand, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = codeLine(r)
	}
	return lines
}

func madeUp(r *rand.Rand, title string) madeUpPatch {
	p := madeUpPatch{title: title}
	for range 1 + r.IntN(3) {
		p.steps = append(p.steps, addition{r.IntN(revisedFiles), r.IntN(200), r.IntN(4), codeLines(r, 1+r.IntN(25))})
	}
	return p
}

// series are the patches of both revisions.
func (v revisions) series() (old, new []madeUpPatch) {
	r := rand.New(rand.NewPCG(uint64(v.old), uint64(v.new)))
	for n := range v.old {
		old = append(old, madeUp(r, fmt.Sprintf("area: change number %d", n)))
	}
	if v.unrelated {
		for n := range v.new {
			new = append(new, madeUp(r, fmt.Sprintf("other: change number %d", n)))
		}
		return old, new
	}
	for n, p := range old {
		if len(new) == v.new || len(old)-n > v.new-len(new) && r.IntN(3) == 0 {
			continue // dropped
		}
		switch r.IntN(8) {
		case 0:
			p.title += ", reworded"
		case 1:
			p.steps = append(slices.Clone(p.steps), addition{r.IntN(revisedFiles), r.IntN(200), 1, codeLines(r, 3)})
		}
		new = append(new, p)
	}
	for len(new) < v.new {
		new = append(new, madeUp(r, "area: a new one"))
	}
	return old, new
}

// writeTo writes both revisions as a stream for git fast-import, on refs of
// the name followed by -base, -onto, -old and -new.
func (v revisions) writeTo(w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	files := make([][]string, revisedFiles)
	all := make([]int, revisedFiles)
	for i := range files {
		files[i], all[i] = codeLines(r, 200), i
	}
	commit := func(ref, title string, files [][]string, changed []int) {
		fmt.Fprintf(b, "commit refs/heads/%s-%s\ncommitter A U Thor <author@example.org> %d +0000\n", v.name, ref, firstCommit)
		message := title + "\n\nThis is why.\n\nSigned-off-by: A U Thor <author@example.org>\n"
		fmt.Fprintf(b, "data %d\n%s\n", len(message), message)
		for _, i := range changed {
			var text []byte
			for _, line := range files[i] {
				text = append(append(text, line...), '\n')
			}
			fmt.Fprintf(b, "M 100644 inline unit%d.c\ndata %d\n%s\n", i, len(text), text)
		}
	}
	from := func(ref, base string) {
		fmt.Fprintf(b, "reset refs/heads/%s-%s\nfrom refs/heads/%s-%s\n\n", v.name, ref, v.name, base)
	}
	apply := func(ref string, files [][]string, patches []madeUpPatch) {
		for _, p := range patches {
			var changed []int
			for _, s := range p.steps {
				text := files[s.file]
				at := min(s.at, len(text))
				files[s.file] = slices.Concat(text[:at], s.lines, text[min(at+s.remove, len(text)):])
				changed = append(changed, s.file)
			}
			slices.Sort(changed)
			commit(ref, p.title, files, slices.Compact(changed))
		}
	}
	old, new := v.series()
	commit("base", "base", files, all)
	from("onto", "base")
	onto := slices.Clone(files)
	apply("onto", onto, []madeUpPatch{madeUp(r, "upstream"), madeUp(r, "more of upstream")})
	from("old", "base")
	apply("old", slices.Clone(files), old)
	from("new", "onto")
	apply("new", onto, new)
	fmt.Fprintln(b, "done")
	return b.Flush()
}

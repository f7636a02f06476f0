package maintainers

import (
	"regexp"
	"slices"
	"strings"
)

// A Patch is what a question is about: a patch mail, or a file named by itself.
type Patch struct {
	// Name says which one, in reasons and warnings.
	Name string
	// Paths are the files that the input names, in the order of the input for
	// a source file, else by bytes, each once. The null device counts as
	// "dev/null".
	Paths []string
	// Fixes are the commits that Fixes tags name.
	Fixes []string

	source bool
	lines  []searchedLine // that keywords are looked for in
	text   *haystack      // of these lines
}

// A searchedLine is text that keywords are looked for in, with its line feed.
type searchedLine struct {
	text, lower string
	body        bool // behind the first file line: the sign of a diff is demanded
}

// A patchReader holds the five kinds of lines that name something.
type patchReader struct {
	mode, rename, git, fixes, file, hunk *regexp.Regexp
}

func newPatchReader() patchReader {
	return patchReader{
		mode:   regexp.MustCompile(`^ mode change [0-7]+ => [0-7]+ (\S+)\s*$`),
		rename: regexp.MustCompile(`^rename (?:from|to) (\S+)\s*$`),
		git:    regexp.MustCompile(`^diff --git a/(\S+) b/(\S+)\s*$`),
		fixes:  regexp.MustCompile(`^Fixes:\s+([0-9a-fA-F]{6,40})`),
		file:   regexp.MustCompile(`^(?:\+\+\+|---)\s+(\S+)`),
		hunk:   regexp.MustCompile(`^@@ -\d+,\d+ \+\d+,?\d* @@`),
	}
}

// ReadPatch reads a patch mail, several of them, or a bare diff. text is taken as
// it is: a transfer encoding has to be undone before. A text that names no file
// gives a patch without paths; keywords are looked for in it all the same.
func (ix *Index) ReadPatch(name string, text []byte) Patch {
	p := Patch{Name: name}
	r := &ix.reader
	body := false
	var all strings.Builder
	all.Grow(len(text))
	for line := range strings.Lines(ix.era.text(string(text))) {
		switch {
		case r.names(&p, line):
		case strings.HasPrefix(line, "F") && r.fixes.MatchString(line):
			p.Fixes = append(p.Fixes, r.fixes.FindStringSubmatch(line)[1])
		case (line[0] == '+' || line[0] == '-') && r.file.MatchString(line):
			path := r.file.FindStringSubmatch(line)[1]
			if _, below, ok := strings.Cut(path, "/"); ok {
				path = below
			}
			p.Paths = append(p.Paths, path)
			body = true
		case line[0] == '@' && r.hunk.MatchString(line):
		default:
			p.lines = append(p.lines, searchedLine{text: line, lower: lowerASCII(line), body: body})
			all.WriteString(line)
		}
	}
	slices.Sort(p.Paths)
	p.Paths = slices.Compact(p.Paths)
	p.text = newHaystack(all.String())
	return p
}

// names reads the lines that only name files.
func (r *patchReader) names(p *Patch, line string) bool {
	var m []string
	switch line[0] {
	case ' ':
		if strings.HasPrefix(line, " mode change ") {
			m = r.mode.FindStringSubmatch(line)
		}
	case 'r':
		m = r.rename.FindStringSubmatch(line)
	case 'd':
		m = r.git.FindStringSubmatch(line)
	}
	if m == nil {
		return false
	}
	p.Paths = append(p.Paths, m[1:]...)
	return true
}

// SourceFile is a file of the tree, or a directory of it when path ends in a
// slash, asked about by itself. path is relative to the top; text, what it
// holds, is searched for keywords as a whole.
func (ix *Index) SourceFile(path string, text []byte) Patch {
	p := Patch{Name: path, Paths: []string{path}, source: true}
	if whole := ix.era.text(string(text)); whole != "" {
		p.lines = []searchedLine{{text: whole, lower: lowerASCII(whole)}}
	}
	p.text = newHaystack(ix.era.text(string(text)))
	return p
}

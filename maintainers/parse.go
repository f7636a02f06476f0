package maintainers

import "strings"

// A file is one MAINTAINERS file as read.
type file struct {
	name string
	text string // as the era reads it
}

// An entry is a line that is stored: of a section, or text.
type entry struct {
	letter byte   // 0 for text
	value  string // behind the colon and blanks; the line itself for text
	file   int32
	line   int32 // from 1
	offset int32 // of the value in the file's text
}

// A section is a run of entries. Its title is the line of text before it; at the
// very top there is none, and the first entry has its place.
type section struct {
	title  int32 // index of the entry with the title
	first  int32 // index of the first entry that can match
	end    int32 // index behind the last one
	status string
}

// parse reads the files as if they were one, and finds the sections.
func parse(files []file) (entries []entry, sections []section) {
	size := 0
	for _, f := range files {
		size += len(f.text)
	}
	entries = make([]entry, 0, size/30)
	for i, f := range files {
		line, offset := int32(0), int32(0)
		for text := range strings.Lines(f.text) {
			line++
			offset += int32(len(text))
			end := offset
			if strings.HasSuffix(text, "\n") {
				text = text[:len(text)-1]
				end--
			}
			if e := parseLine(text); e.letter != 0 || e.value != "" {
				e.file, e.line, e.offset = int32(i), line, end-int32(len(e.value))
				entries = append(entries, e)
			}
		}
	}
	return entries, findSections(entries)
}

// parseLine reads one line. Blank lines and comments give the zero entry; they
// do not end a section, so nothing remains of them.
func parseLine(text string) entry {
	if len(text) > 1 && text[1] == ':' && text[0] >= 'A' && text[0] <= 'Z' {
		return entry{letter: text[0], value: strings.TrimLeft(text[2:], " \t\r\f\v")}
	}
	if trimmed := strings.TrimLeft(text, " \t\r\f\v"); trimmed == "" || trimmed[0] == '#' {
		return entry{}
	}
	return entry{value: text}
}

func findSections(entries []entry) []section {
	var sections []section
	for i := 0; i < len(entries); {
		if entries[i].letter == 0 {
			i++
			continue
		}
		s := section{title: int32(max(i-1, 0)), first: int32(i)}
		for i < len(entries) && entries[i].letter != 0 {
			if entries[i].letter == 'S' {
				s.status = entries[i].value
			}
			i++
		}
		s.end = int32(i)
		sections = append(sections, s)
	}
	return sections
}

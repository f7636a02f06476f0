package xdiff

import (
	"slices"
	"strconv"
)

// A Unified says what hunks show, and prints them in the unified format.
type Unified struct {
	Context         int
	InterHunk       int      // see the function Hunks
	Funcname        Funcname // nil for DefaultFuncname
	FunctionContext bool     // show whole functions, -W

	// Ignored has rules for lines: changes for all of whose lines one of them
	// holds are shown only next to others, --ignore-blank-lines and -I.
	Ignored []func(line []byte) bool
}

// Hunks is the function [Hunks], with all that u says.
func (u Unified) Hunks(a, b *File, changes []Change) []Hunk {
	l := layout{changes: changes, oldLen: len(a.Lines), newLen: len(b.Lines), context: u.Context, most: 2*u.Context + u.InterHunk}
	if u.FunctionContext {
		l.functions = &functions{a.Lines, b.Lines, u.funcname()}
	}
	if len(u.Ignored) > 0 {
		l.ignored = make([]bool, len(changes))
		for i, c := range changes {
			l.ignored[i] = u.ignores(a.Lines[c.Old:c.oldEnd()], b.Lines[c.New:c.newEnd()])
		}
	}
	return l.hunks()
}

func (u Unified) funcname() Funcname {
	if u.Funcname == nil {
		return DefaultFuncname
	}
	return u.Funcname
}

// ignores reports whether one rule holds for all lines.
func (u Unified) ignores(old, new [][]byte) bool {
	for _, rule := range u.Ignored {
		breaks := func(line []byte) bool { return !rule(line) }
		if !slices.ContainsFunc(old, breaks) && !slices.ContainsFunc(new, breaks) {
			return true
		}
	}
	return false
}

// Append appends the hunks of a and b to dst, from the first @@ on, as git diff
// prints them without colour.
func (u Unified) Append(dst []byte, a, b *File, changes []Change) []byte {
	hunks := u.Hunks(a, b, changes)
	headings := Headings(a, hunks, u.funcname())
	for i, h := range hunks {
		dst = h.appendHeader(dst, headings[i])
		dst = h.appendLines(dst, a, b)
	}
	return dst
}

func (h Hunk) appendHeader(dst, heading []byte) []byte {
	dst = appendRange(append(dst, "@@ -"...), h.Old, h.OldCount)
	dst = appendRange(append(dst, " +"...), h.New, h.NewCount)
	dst = append(dst, " @@"...)
	if len(heading) > 0 {
		dst = append(append(dst, ' '), heading...)
	}
	return append(dst, '\n')
}

func appendRange(dst []byte, start, count int) []byte {
	dst = strconv.AppendInt(dst, int64(start), 10)
	if count != 1 {
		dst = strconv.AppendInt(append(dst, ','), int64(count), 10)
	}
	return dst
}

func (h Hunk) appendLines(dst []byte, a, b *File) []byte {
	at := h.New - 1
	if h.NewCount == 0 {
		at++
	}
	end := at + h.NewCount
	for _, c := range h.Changes {
		// Whitespace options let the sides differ; git shows the new one.
		dst = appendLines(dst, ' ', b.Lines[at:c.New])
		dst = appendLines(dst, '-', a.Lines[c.Old:c.Old+c.OldCount])
		dst = appendLines(dst, '+', b.Lines[c.New:c.New+c.NewCount])
		at = c.New + c.NewCount
	}
	return appendLines(dst, ' ', b.Lines[at:end])
}

func appendLines(dst []byte, sign byte, lines [][]byte) []byte {
	for _, line := range lines {
		dst = append(append(dst, sign), line...)
		if line[len(line)-1] != '\n' {
			dst = append(dst, "\n\\ No newline at end of file\n"...)
		}
	}
	return dst
}

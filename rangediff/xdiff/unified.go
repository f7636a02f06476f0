package xdiff

import "strconv"

// A Unified prints hunks in the unified format.
type Unified struct {
	Context         int
	InterHunk       int      // see Hunks
	Funcname        Funcname // nil for the default
	FunctionContext bool     // show whole functions, -W
}

// Append appends the hunks of a and b to dst, from the first @@ on, as git diff
// prints them without colour.
func (u Unified) Append(dst []byte, a, b *File, changes []Change) []byte {
	if u.Funcname == nil {
		u.Funcname = DefaultFuncname
	}
	hunks := u.hunks(a, b, changes)
	headings := Headings(a, hunks, u.Funcname)
	for i, h := range hunks {
		dst = h.appendHeader(dst, headings[i])
		dst = h.appendLines(dst, a, b)
	}
	return dst
}

func (u Unified) hunks(a, b *File, changes []Change) []Hunk {
	if u.FunctionContext {
		return u.functionHunks(a, b, changes)
	}
	return Hunks(changes, len(a.Lines), len(b.Lines), u.Context, u.InterHunk)
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

package rangediff

import (
	"bytes"
	"strconv"
	"strings"
)

// A fileHeader is what the lines between "diff --git" and the first hunk say.
type fileHeader struct {
	oldPath, newPath string // raw bytes, not quoted
	oldMode, newMode string // octal digits, "" when not told
	status           fileStatus
}

type fileStatus int

const (
	fileChanged fileStatus = iota
	fileNew
	fileDeleted
	fileRenamed
)

// newFileHeader reads the names of "diff --git NAME NAME". They are the same
// but for renames and copies, whose names stand on lines of their own.
func newFileHeader(names []byte) (fileHeader, bool) {
	if len(names) == 0 {
		return fileHeader{}, false
	}
	var path string
	if names[0] == '"' {
		path, _ = unquote(string(names))
	} else {
		path = string(names[:len(names)/2])
	}
	return fileHeader{oldPath: path, newPath: path}, true
}

// read takes a line of the header; false when the header is over.
func (h *fileHeader) read(line []byte) bool {
	key, value, ok := cutHeader(line)
	if !ok {
		return false
	}
	switch key {
	case "old mode ":
		h.oldMode = value
	case "new mode ":
		h.newMode = value
	case "new file mode ":
		h.status = fileNew
	case "deleted file mode ":
		h.status = fileDeleted
	case "rename from ":
		h.status, h.oldPath = fileRenamed, plainPath(value)
	case "rename to ", "copy to ":
		h.newPath = plainPath(value)
	case "copy from ":
		h.oldPath = plainPath(value)
	}
	return true
}

func cutHeader(line []byte) (key, value string, ok bool) {
	for _, key := range [...]string{
		"index ", "--- ", "+++ ", "old mode ", "new mode ", "new file mode ", "deleted file mode ",
		"similarity index ", "dissimilarity index ", "rename from ", "rename to ", "copy from ", "copy to ",
	} {
		if bytes.HasPrefix(line, []byte(key)) {
			return key, string(line[len(key):]), true
		}
	}
	return "", "", false
}

// current is the path that hunk headers name.
func (h *fileHeader) current() string {
	if h.status == fileDeleted {
		return h.oldPath
	}
	return h.newPath
}

func (h *fileHeader) appendHeading(text []byte) []byte {
	text = append(text, " ## "...)
	switch h.status {
	case fileNew:
		text = append(append(text, h.newPath...), " (new)"...)
	case fileDeleted:
		text = append(append(text, h.oldPath...), " (deleted)"...)
	case fileRenamed:
		text = append(append(append(text, h.oldPath...), " => "...), h.newPath...)
	default:
		text = append(text, h.newPath...)
	}
	if h.oldMode != "" && h.newMode != "" && h.oldMode != h.newMode {
		text = append(append(append(append(append(text, " (mode change "...), h.oldMode...), " => "...), h.newMode...), ')')
	}
	return append(text, " ##\n"...)
}

// plainPath takes the quotes of git off a path, if it has any.
func plainPath(path string) string {
	if strings.HasPrefix(path, `"`) {
		if plain, ok := unquote(path); ok {
			return plain
		}
	}
	return path
}

// unquote reads a C string at the start of s, as git quotes paths. ok is
// false when s does not begin with one.
func unquote(s string) (plain string, ok bool) {
	var b []byte
	for i := 1; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return string(b), true
		case '\\':
			if i++; i == len(s) {
				return "", false
			}
			if at := strings.IndexByte(`abfnrtv"\`, s[i]); at >= 0 {
				b = append(b, "\a\b\f\n\r\t\v\"\\"[at])
				continue
			}
			if i+3 > len(s) {
				return "", false
			}
			code, err := strconv.ParseUint(s[i:i+3], 8, 8)
			if err != nil {
				return "", false
			}
			b, i = append(b, byte(code)), i+2
		default:
			b = append(b, c)
		}
	}
	return "", false
}

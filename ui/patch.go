package ui

import (
	"cmp"
	"strconv"
	"strings"
)

// A fileDiff is what a patch does to one file.
type fileDiff struct {
	Name    string // the new one; that of before for a file that goes
	Notes   []string
	Hunks   []hunk
	Added   int
	Removed int
}

// A hunk is some lines of a file, those that change and those around them.
type hunk struct {
	Heading string // what stands behind the numbers
	Range   string // "@@ -1,2 +3,4 @@"
	Lines   []diffLine
}

// A diffLine is one line of a hunk. The numbers count from 1; 0 where the file does
// not have the line.
type diffLine struct {
	Sign     byte // ' ', '+' or '-'
	Old, New int
	Text     string
	NoEnd    bool // there is no line feed behind it
}

// parsePatch reads a patch as git writes it. A hunk is as long as it says that it
// is: what its lines look like makes no difference.
func parsePatch(diff string) []fileDiff {
	var files []fileDiff
	var oldLeft, newLeft, old, new int
	for line := range strings.Lines(diff) {
		line = strings.TrimSuffix(line, "\n")
		if len(files) > 0 {
			f := &files[len(files)-1]
			if oldLeft > 0 || newLeft > 0 {
				l := diffLine{Sign: ' ', Text: line}
				if line != "" {
					l.Sign, l.Text = line[0], line[1:]
				}
				h := &f.Hunks[len(f.Hunks)-1]
				switch l.Sign {
				case '+':
					l.New = new
					new, newLeft, f.Added = new+1, newLeft-1, f.Added+1
				case '-':
					l.Old = old
					old, oldLeft, f.Removed = old+1, oldLeft-1, f.Removed+1
				case '\\':
					h.noEnd()
					continue
				default:
					l.Sign, l.Old, l.New = ' ', old, new
					old, new, oldLeft, newLeft = old+1, new+1, oldLeft-1, newLeft-1
				}
				h.Lines = append(h.Lines, l)
				continue
			}
			if strings.HasPrefix(line, `\`) && len(f.Hunks) > 0 {
				f.Hunks[len(f.Hunks)-1].noEnd()
				continue
			}
		}
		switch {
		case strings.HasPrefix(line, "diff --git "):
			files = append(files, fileDiff{Name: gitName(line[len("diff --git "):])})
		case len(files) == 0:
		case strings.HasPrefix(line, "@@ "):
			h, ranges, ok := readHunk(line)
			if ok {
				f := &files[len(files)-1]
				f.Hunks = append(f.Hunks, h)
				old, oldLeft, new, newLeft = ranges[0], ranges[1], ranges[2], ranges[3]
			}
		default:
			files[len(files)-1].header(line)
		}
	}
	return files
}

func (h *hunk) noEnd() {
	if n := len(h.Lines); n > 0 {
		h.Lines[n-1].NoEnd = true
	}
}

// header reads a line above the hunks.
func (f *fileDiff) header(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch {
	case word == "+++", word == "---" && f.Name == "":
		f.Name = cmp.Or(plainName(rest, word == "+++"), f.Name)
	case strings.HasPrefix(line, "new file mode "):
		f.Notes = append(f.Notes, modeNote("new file", strings.TrimPrefix(line, "new file mode ")))
	case strings.HasPrefix(line, "deleted file mode "):
		f.Notes = append(f.Notes, "file is removed")
	case strings.HasPrefix(line, "new mode "):
		f.Notes = append(f.Notes, "mode becomes "+strings.TrimPrefix(line, "new mode "))
	case strings.HasPrefix(line, "rename from "):
		f.Notes = append(f.Notes, "renamed from "+unquoted(strings.TrimPrefix(line, "rename from ")))
	case strings.HasPrefix(line, "copy from "):
		f.Notes = append(f.Notes, "copied from "+unquoted(strings.TrimPrefix(line, "copy from ")))
	case strings.HasPrefix(line, "rename to "), strings.HasPrefix(line, "copy to "):
		f.Name = unquoted(rest[len("to "):])
	case strings.HasPrefix(line, "Binary files "), line == "GIT binary patch":
		f.Notes = append(f.Notes, "binary, which is not shown")
	}
}

func modeNote(what, mode string) string {
	switch mode {
	case "100755":
		return what + ", can be run"
	case "120000":
		return what + ", a symbolic link"
	case "160000":
		return what + ", a submodule"
	}
	return what
}

// plainName is the name in "+++ b/name"; "" for /dev/null.
func plainName(name string, new bool) string {
	name = unquoted(strings.TrimSuffix(name, "\t"))
	prefix := "a/"
	if new {
		prefix = "b/"
	}
	name, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return ""
	}
	return name
}

// gitName is the name in "diff --git a/name b/name", where the two are equal; "" where
// they are not, and the lines below tell.
func gitName(names string) string {
	if half := len(names) / 2; len(names)%2 == 1 && names[half] == ' ' {
		old, okOld := strings.CutPrefix(unquoted(names[:half]), "a/")
		new, okNew := strings.CutPrefix(unquoted(names[half+1:]), "b/")
		if okOld && okNew && old == new {
			return new
		}
	}
	return ""
}

// unquoted reads a name that git has quoted, as C does.
func unquoted(name string) string {
	if strings.HasPrefix(name, `"`) {
		if plain, err := strconv.Unquote(name); err == nil {
			return plain
		}
	}
	return name
}

// readHunk reads "@@ -1,2 +3,4 @@ heading". The ranges are where the old lines
// begin, how many there are, and the same of the new ones.
func readHunk(line string) (h hunk, ranges [4]int, ok bool) {
	numbers, heading, ok := strings.Cut(line[len("@@ "):], " @@")
	if !ok {
		return h, ranges, false
	}
	old, new, ok := strings.Cut(numbers, " ")
	if !ok || !strings.HasPrefix(old, "-") || !strings.HasPrefix(new, "+") {
		return h, ranges, false
	}
	for i, side := range []string{old[1:], new[1:]} {
		start, count, counted := strings.Cut(side, ",")
		if !counted {
			count = "1"
		}
		var err, errCount error
		ranges[2*i], err = strconv.Atoi(start)
		ranges[2*i+1], errCount = strconv.Atoi(count)
		if err != nil || errCount != nil || ranges[2*i] < 0 || ranges[2*i+1] < 0 {
			return h, ranges, false
		}
	}
	return hunk{Heading: strings.TrimSpace(heading), Range: "@@ " + numbers + " @@"}, ranges, true
}

package rangediff

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// LogOptions are the options that git log needs for [ParseLog] to understand
// its output; the range follows, then --notes and paths that were asked for.
// The markers of lines keep contents from looking like structure.
func LogOptions() []string {
	return []string{
		"--no-color", "-p", "--no-merges", "--reverse", "--date-order", "--decorate=no", "--no-prefix",
		"--submodule=short", "--output-indicator-new=>", "--output-indicator-old=<", "--output-indicator-context=#",
		"--no-abbrev-commit", "--pretty=medium", "--notes",
	}
}

// A LogError reports output of git log that cannot be understood.
type LogError struct {
	Line   int // from 1
	Reason string
}

func (e *LogError) Error() string {
	return fmt.Sprintf("line %d of the output of git log: %s", e.Line, e.Reason)
}

// ParseLog reads the commits of a range from what git log printed with
// [LogOptions]. No output is no commit.
func ParseLog(log io.Reader) ([]Commit, error) {
	p := logParser{in: bufio.NewReaderSize(log, 64<<10)}
	for {
		line, err := p.readLine()
		if err == io.EOF {
			p.finish()
			return p.commits, nil
		}
		if err != nil {
			return nil, err
		}
		p.number++
		if reason := p.line(line); reason != "" {
			return nil, &LogError{Line: p.number, Reason: reason}
		}
	}
}

// A logParser turns the lines of a log into texts.
type logParser struct {
	in      *bufio.Reader
	long    []byte // a line that did not fit the reader's buffer
	number  int
	commits []Commit

	open   bool   // a commit has begun
	commit Commit // the one that is being read, without its text
	text   []byte // its text so far
	part   logPart
	file   fileHeader
}

type logPart int

const (
	partHeader logPart = iota // up to the message
	partMessage
	partFile // the extended header of a file
	partDiff
)

// readLine returns the next line without its newline, valid until the next call.
func (p *logParser) readLine() ([]byte, error) {
	line, err := p.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		p.long = append(p.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = p.in.ReadSlice('\n')
			p.long = append(p.long, line...)
		}
		line = p.long
	}
	if err == io.EOF && len(line) > 0 {
		err = nil
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	// QUIRK: git holds the line as a C string, so what follows a NUL is lost.
	if end := bytes.IndexByte(line, 0); end >= 0 {
		line = line[:end]
	}
	return line, err
}

// line takes one line; the answer is what is wrong with it, "" for nothing.
func (p *logParser) line(line []byte) string {
	if id, ok := bytes.CutPrefix(line, []byte("commit ")); ok {
		p.finish()
		p.open, p.part = true, partHeader
		p.commit = Commit{ID: string(id)}
		return ""
	}
	if !p.open {
		return fmt.Sprintf("%.40q comes before any commit", line)
	}
	if names, ok := bytes.CutPrefix(line, []byte("diff --git ")); ok {
		p.endFileHeader()
		p.part = partFile
		if p.file, ok = newFileHeader(names); !ok {
			return fmt.Sprintf("no file name in %.200q", line)
		}
		return ""
	}
	switch p.part {
	case partHeader, partMessage:
		p.messageLine(line)
	case partFile:
		if !p.file.read(line) {
			p.endFileHeader()
			p.diffLine(line)
		}
	case partDiff:
		p.diffLine(line)
	}
	return ""
}

// gitlink is the mode of a submodule in a tree.
const gitlink = "160000"

// messageLine takes a line before the first file.
func (p *logParser) messageLine(line []byte) {
	switch {
	case bytes.HasPrefix(line, []byte(":")): // of --raw
		old, new, _ := bytes.Cut(line[1:], []byte(" "))
		p.commit.Submodules = p.commit.Submodules || bytes.HasPrefix(old, []byte(gitlink)) || bytes.HasPrefix(new, []byte(gitlink))
	case p.part == partHeader && bytes.HasPrefix(line, []byte("Author: ")):
		p.part = partMessage
		p.add(" ## Metadata ##\n", string(line), "\n\n ## Commit message ##\n")
	case bytes.HasPrefix(line, []byte("Notes")) && bytes.HasSuffix(line, []byte(":")):
		p.add("\n\n ## ", string(line[:len(line)-1]), " ##\n")
	case bytes.HasPrefix(line, []byte("    ")):
		p.text = append(p.text, bytes.TrimRight(line, " \t\r\n")...)
		p.text = append(p.text, '\n')
	}
}

// endFileHeader writes the heading of the file whose header was read.
func (p *logParser) endFileHeader() {
	if p.part != partFile {
		return
	}
	p.part = partDiff
	p.text = append(p.text, '\n')
	if p.commit.DiffAt == 0 {
		p.commit.DiffAt = len(p.text)
	}
	p.text = p.file.appendHeading(p.text)
	p.commit.DiffLines++
	p.commit.Files = append(p.commit.Files, p.file.oldPath)
	if p.file.newPath != p.file.oldPath {
		p.commit.Files = append(p.commit.Files, p.file.newPath)
	}
}

func (p *logParser) diffLine(line []byte) {
	if len(line) == 0 {
		return
	}
	p.commit.DiffLines++
	switch line[0] {
	case '>':
		p.text = append(p.text, '+')
		line = line[1:]
	case '<':
		p.text = append(p.text, '-')
		line = line[1:]
	case '#':
		p.text = append(p.text, ' ')
		line = line[1:]
	case '@':
		p.text = append(p.text, "@@"...)
		line = afterHunkHeader(line)
		if len(line) > 0 {
			p.add(" ", p.file.current(), ":")
		}
	default:
		p.text = append(p.text, ' ')
	}
	p.text = append(append(p.text, line...), '\n')
}

// afterHunkHeader returns what follows "@@ -1,2 +1,3 @@".
func afterHunkHeader(line []byte) []byte {
	if len(line) < 2 {
		return nil
	}
	_, after, _ := bytes.Cut(line[2:], []byte("@@"))
	return after
}

func (p *logParser) add(parts ...string) {
	for _, s := range parts {
		p.text = append(p.text, s...)
	}
}

// finish ends the commit that is being read.
func (p *logParser) finish() {
	if !p.open {
		return
	}
	p.endFileHeader()
	p.commit.Text = append(make([]byte, 0, len(p.text)), p.text...)
	p.commits = append(p.commits, p.commit)
	p.open, p.text = false, p.text[:0]
}

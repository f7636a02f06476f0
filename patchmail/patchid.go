package patchmail

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"hash"
	"strconv"
)

// PatchID is the stable patch-id (git-patch-id(1)) of the first patch in a
// text, such as the body of a mail: the sum over its files of a SHA-1 that
// neither line numbers nor white space change. What stands in front of the
// patch and behind it does not count. It is "" for a text without a patch.
func PatchID(text []byte) string {
	p := patchReader{file: sha1.New(), before: inHeader, after: inHeader}
	for line := range bytes.Lines(text) {
		if !p.read(line) {
			break
		}
	}
	if !p.begun {
		return ""
	}
	p.endFile()
	return hex.EncodeToString(p.sum[:])
}

// inHeader is what git counts before the first hunk of a file. A broken hunk can
// count down to it as well, which then ends the patch.
const inHeader = -1

// A patchReader adds up a patch line by line.
type patchReader struct {
	begun         bool // something of the patch has been seen
	binary        bool // nothing counts up to the next file
	before, after int  // lines of either side that are still to come
	blobs         [2][]byte
	file          hash.Hash
	sum           [sha1.Size]byte
	squeezed      []byte
}

// read takes a line; it is false when the patch has ended before it.
func (p *patchReader) read(line []byte) bool {
	newFile := bytes.HasPrefix(line, []byte("diff "))
	switch {
	case bytes.HasPrefix(line, []byte(`\ `)) && len(line) > 12: // "\ No newline at end of file", in any language
		return true
	case !p.begun && !newFile:
		return true
	case p.binary:
		if newFile {
			p.binary, p.before, p.after = false, inHeader, inHeader
		}
		return true
	case p.before == inHeader:
		if p.facts(line) {
			return true
		}
		if p.before == inHeader && !isLetter(line[0]) {
			return false
		}
	case p.before == 0 && p.after == 0:
		if bytes.HasPrefix(line, []byte("@@ -")) {
			p.before, p.after = hunkLengths(line)
			return true
		}
		if !newFile {
			return false
		}
		p.endFile()
		p.before, p.after = inHeader, inHeader
	}
	if line[0] == '-' || line[0] == ' ' {
		p.before--
	}
	if line[0] == '+' || line[0] == ' ' {
		p.after--
	}
	p.add(line)
	return true
}

// facts reads a line of a file's header; it is true of those that do not count
// by themselves.
func (p *patchReader) facts(line []byte) bool {
	switch {
	case bytes.HasPrefix(line, []byte("GIT binary patch")), bytes.HasPrefix(line, []byte("Binary files")):
		p.add(p.blobs[0])
		p.add(p.blobs[1])
		p.endFile()
		p.binary = true
		return true
	case bytes.HasPrefix(line, []byte("index ")):
		ids, _, _ := bytes.Cut(bytes.TrimRight(line[len("index "):], "\r\n"), []byte(" "))
		if before, after, ok := bytes.Cut(ids, []byte("..")); ok {
			p.blobs = [2][]byte{bytes.Clone(before), bytes.Clone(after)}
		}
		return true
	case bytes.HasPrefix(line, []byte("--- ")):
		p.before, p.after = 1, 1 // this line, and that with +++
	}
	return false
}

// hunkLengths reads "@@ -1,2 +3,4 @@". Of a line that is not of this form it
// takes as much as git does.
func hunkLengths(line []byte) (before, after int) {
	before, rest, ok := rangeLength(line[len("@@ -"):])
	if rest, next := bytes.CutPrefix(rest, []byte(" +")); ok && next {
		after, _, _ = rangeLength(rest)
	}
	return before, after
}

// rangeLength reads "N" or "N,LENGTH"; ok when there is a number at the end.
func rangeLength(text []byte) (length int, rest []byte, ok bool) {
	_, rest, ok = leadingNumber(text)
	if tail, comma := bytes.CutPrefix(rest, []byte(",")); comma {
		return leadingNumber(tail)
	}
	return 1, rest, ok
}

func leadingNumber(text []byte) (n int, rest []byte, ok bool) {
	end := 0
	for end < len(text) && '0' <= text[end] && text[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(text[:end]))
	return n, text[end:], err == nil
}

func (p *patchReader) add(line []byte) {
	p.begun = true
	p.squeezed = p.squeezed[:0]
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			p.squeezed = append(p.squeezed, c)
		}
	}
	p.file.Write(p.squeezed)
}

// endFile adds the hash of a file to the sum, byte by byte from the left with
// the carry going to the right, and begins another.
func (p *patchReader) endFile() {
	carry := 0
	for i, b := range p.file.Sum(nil) {
		carry += int(p.sum[i]) + int(b)
		p.sum[i] = byte(carry)
		carry >>= 8
	}
	p.file.Reset()
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

package gitrepo

import (
	"bytes"
	"fmt"
	"strings"
)

// Git's own rebase, amend and cherry-pick make commits with the headers that
// they know, in the encoding that is configured. What other programs had
// written beside them is lost, and can be brought back from the commit before.

// LacksHeaders says whether c, made from the commit before, has lost headers
// of it or its encoding. Signatures do not count.
func (c *Commit) LacksHeaders(before *Commit) bool {
	return !bytes.Equal(c.otherHeaders(), before.otherHeaders())
}

// otherHeaders are the lines of the headers that describe neither tree,
// parents and people nor a signature; the encoding is among them.
func (c *Commit) otherHeaders() []byte {
	var out []byte
	other := false
	for line := range strings.Lines(c.header) {
		if line[0] != ' ' {
			key, _, _ := strings.Cut(line, " ")
			switch key {
			case "tree", "parent", "author", "committer", "gpgsig", "gpgsig-sha256":
				other = false
			default:
				other = true
			}
		}
		if other {
			out = append(out, line...)
		}
	}
	return out
}

// withHeaders is c with the other headers of before, in their order, and in
// its encoding. Where the text of c has no place in that, c keeps its own.
func (c *Commit) withHeaders(before *Commit) *Commit {
	made := *c
	made.Encoding = before.Encoding
	message, fits := encodeText(c.Text(), before.Message, before.Encoding)
	author, authorFits := tryEncode(c.AuthorLine(), before.Encoding)
	if c.Text() == before.Text() {
		message, fits = before.Message, true
	}
	if c.AuthorLine() == before.AuthorLine() {
		author, authorFits = before.Author.String(), true
	}
	if !fits || !authorFits {
		message, author, made.Encoding = c.Message, c.Author.String(), c.Encoding
	}
	made.Message = message

	var out bytes.Buffer
	fmt.Fprintf(&out, "tree %s\n", c.Tree)
	writeParents(&out, c.Parents)
	fmt.Fprintf(&out, "author %s\ncommitter %s\n", author, c.Committer)
	if made.Encoding != before.Encoding && made.Encoding != "" {
		fmt.Fprintf(&out, "encoding %s\n", made.Encoding)
	}
	for line := range bytes.Lines(before.otherHeaders()) {
		if made.Encoding == before.Encoding || !bytes.HasPrefix(line, []byte("encoding ")) {
			out.Write(line)
		}
	}
	made.header = out.String()
	return &made
}

// AuthorLine is the author as git writes it, with the date, but in UTF-8.
func (c *Commit) AuthorLine() string { return decodeText(c.Author.String(), c.Encoding) }

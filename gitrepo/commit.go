package gitrepo

import (
	"bytes"
	"fmt"
	"strings"
)

// A Commit is a commit object, taken apart without losing a byte of it.
type Commit struct {
	ID        ID
	Tree      ID
	Parents   []ID
	Author    Ident
	Committer Ident
	Encoding  string // the encoding header; "" means UTF-8
	Message   string // raw bytes, in Encoding

	header string // the header block with its last line feed, without the blank line
}

// A NotCommitError reports an object of another type where a commit is needed.
type NotCommitError struct{ Name, Kind string }

func (e *NotCommitError) Error() string {
	return fmt.Sprintf("%q is a %s, not a commit", e.Name, e.Kind)
}

// Commit reads the commit that name leads to, through annotated tags. It
// returns a *MissingError or a *NotCommitError when there is none.
func (r *Repo) Commit(name string) (*Commit, error) {
	obj, err := r.object(name)
	if err == nil && obj.Kind == "tag" {
		obj, err = r.object(string(obj.ID) + "^{}")
	}
	if err != nil {
		return nil, err
	}
	if obj.Kind != "commit" {
		return nil, &NotCommitError{Name: name, Kind: obj.Kind}
	}
	return parseCommit(obj)
}

func parseCommit(obj Object) (*Commit, error) {
	text := string(obj.Data) // of which everything else is a part
	c := &Commit{ID: obj.ID, header: text}
	if end := strings.Index(text, "\n\n"); end >= 0 {
		c.header, c.Message = text[:end+1], text[end+2:]
	} else if !strings.HasSuffix(text, "\n") { // a commit without a message has no blank line
		c.header += "\n"
	}
	for line := range strings.Lines(c.header) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		var err error
		switch key {
		case "tree":
			c.Tree = ID(value)
		case "parent":
			c.Parents = append(c.Parents, ID(value))
		case "author":
			c.Author, err = parseIdent(value)
		case "committer":
			c.Committer, err = parseIdent(value)
		case "encoding":
			c.Encoding = value
		}
		if err != nil {
			return nil, fmt.Errorf("commit %s: %w", obj.ID, err)
		}
	}
	return c, nil
}

// Signed says whether the commit carries a signature, whoever made it.
func (c *Commit) Signed() bool {
	return strings.Contains(c.header, "\ngpgsig ") || strings.Contains(c.header, "\ngpgsig-sha256 ")
}

// Subject is the first paragraph of the message on one line, as git's %s.
func (c *Commit) Subject() string {
	subject, _ := SplitMessage(c.Message)
	return subject
}

// SplitMessage divides a commit message into its subject, the first paragraph
// on one line as git's %s, and the rest without leading blank lines.
func SplitMessage(message string) (subject, body string) {
	message = strings.TrimLeft(message, "\n")
	var words []string
	for message != "" {
		line, rest, _ := strings.Cut(message, "\n")
		if strings.TrimSpace(line) == "" {
			break
		}
		words = append(words, strings.TrimSpace(line))
		message = rest
	}
	return strings.Join(words, " "), strings.TrimLeft(message, "\n")
}

// A Change says what a rewritten commit has different.
type Change struct {
	Tree      ID // "" keeps the tree
	Parents   []ID
	Message   *string // UTF-8, as [Commit.Text] gives it; nil keeps the message
	Committer Ident
	Restamp   bool // make the commit again though nothing else changes
}

// Rewrite returns the bytes of the commit with the change applied, without a
// signature. Every other header stays, in its order. A new message is stored
// in the commit's own encoding, so that lines which stay keep their bytes;
// only one that does not fit it makes the commit UTF-8. When nothing changes it
// returns nil: the commit keeps its id, its committer and its signature.
func (c *Commit) Rewrite(ch Change) []byte {
	message, keepEncoding := c.Message, true
	if ch.Message != nil && *ch.Message != c.Message {
		message, keepEncoding = encodeText(*ch.Message, c.Message, c.Encoding)
	}
	sameTree := ch.Tree == "" || ch.Tree == c.Tree
	if !ch.Restamp && message == c.Message && sameTree && sameIDs(c.Parents, ch.Parents) {
		return nil
	}
	var out bytes.Buffer
	parentsDone, dropping := false, false
	for line := range strings.Lines(c.header) {
		if line[0] == ' ' { // continues the header above
			if !dropping {
				out.WriteString(line)
			}
			continue
		}
		key, _, _ := strings.Cut(line, " ")
		dropping = false
		switch key {
		case "tree":
			if !sameTree {
				line = "tree " + string(ch.Tree) + "\n"
			}
			out.WriteString(line)
		case "parent":
			dropping = true
			if !parentsDone {
				writeParents(&out, ch.Parents)
				parentsDone = true
			}
		case "author":
			if !parentsDone { // it was a root commit
				writeParents(&out, ch.Parents)
				parentsDone = true
			}
			if keepEncoding {
				out.WriteString(line)
			} else { // the encoding is that of the names, too
				out.WriteString(decodeText(line, c.Encoding))
			}
		case "committer":
			committer := ch.Committer.String()
			if keepEncoding {
				committer, _ = tryEncode(committer, c.Encoding)
			}
			fmt.Fprintf(&out, "committer %s\n", committer)
		case "gpgsig", "gpgsig-sha256":
			dropping = true
		case "encoding":
			if dropping = !keepEncoding; !dropping {
				out.WriteString(line)
			}
		default:
			out.WriteString(line)
		}
	}
	out.WriteByte('\n')
	out.WriteString(message)
	return out.Bytes()
}

func writeParents(out *bytes.Buffer, parents []ID) {
	for _, p := range parents {
		fmt.Fprintf(out, "parent %s\n", p)
	}
}

func sameIDs(a, b []ID) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Tagger reads who made an annotated tag. It is false for other objects and
// for tags without that line.
func Tagger(tag Object) (Ident, bool) {
	header, _, _ := bytes.Cut(tag.Data, []byte("\n\n"))
	for line := range bytes.Lines(header) {
		if value, ok := bytes.CutPrefix(line, []byte("tagger ")); ok && tag.Kind == "tag" {
			who, err := parseIdent(strings.TrimSpace(string(value)))
			return who, err == nil
		}
	}
	return Ident{}, false
}

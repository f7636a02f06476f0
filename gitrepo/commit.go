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

	header []byte // the header block with its last line feed, without the blank line
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
	header, message, found := bytes.Cut(obj.Data, []byte("\n\n"))
	if !found { // a commit without a message has no blank line
		header = bytes.TrimSuffix(obj.Data, []byte("\n"))
	}
	c := &Commit{ID: obj.ID, Message: string(message), header: append(header[:len(header):len(header)], '\n')}
	for line := range bytes.Lines(c.header) {
		key, value, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
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
	Parents   []ID
	Message   *string // nil keeps the message; a new one is UTF-8
	Committer Ident
}

// Rewrite returns the bytes of the commit with the change applied. Every
// other header stays, in its order; the signature goes, since it no longer
// fits. When neither parents nor message change it returns nil: the commit
// keeps its id and its committer.
func (c *Commit) Rewrite(ch Change) []byte {
	sameMessage := ch.Message == nil || *ch.Message == c.Message
	if sameMessage && sameIDs(c.Parents, ch.Parents) {
		return nil
	}
	var out bytes.Buffer
	parentsDone, dropping := false, false
	for line := range bytes.Lines(c.header) {
		if line[0] == ' ' { // continues the header above
			if !dropping {
				out.Write(line)
			}
			continue
		}
		key, _, _ := bytes.Cut(line, []byte(" "))
		dropping = false
		switch string(key) {
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
			out.Write(line)
		case "committer":
			fmt.Fprintf(&out, "committer %s\n", ch.Committer)
		case "gpgsig", "gpgsig-sha256":
			dropping = true
		case "encoding":
			if !sameMessage {
				dropping = true
				continue
			}
			out.Write(line)
		default:
			out.Write(line)
		}
	}
	out.WriteByte('\n')
	if sameMessage {
		out.WriteString(c.Message)
	} else {
		out.WriteString(*ch.Message)
	}
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

// NewCommit makes a commit object. The message is UTF-8.
func (r *Repo) NewCommit(tree ID, parents []ID, author, committer Ident, message string) Object {
	var out bytes.Buffer
	fmt.Fprintf(&out, "tree %s\n", tree)
	writeParents(&out, parents)
	fmt.Fprintf(&out, "author %s\ncommitter %s\n\n%s", author, committer, message)
	return r.NewObject("commit", out.Bytes())
}

// NewTag makes an annotated tag object that points at a commit.
func (r *Repo) NewTag(name string, commit ID, tagger Ident, message string) Object {
	data := fmt.Sprintf("object %s\ntype commit\ntag %s\ntagger %s\n\n%s", commit, name, tagger, message)
	return r.NewObject("tag", []byte(data))
}

// Chain re-creates commits, oldest first, on top of onto: the first gets it
// as its only parent, each other the one before. Messages holds new messages
// by the id of the commit as it is. It returns the new tip and the objects to
// write; a commit that stays the same is kept and needs no object.
func (r *Repo) Chain(commits []*Commit, onto ID, messages map[ID]string, committer Ident) (tip ID, objects []Object) {
	tip = onto
	for _, c := range commits {
		change := Change{Parents: []ID{tip}, Committer: committer}
		if m, ok := messages[c.ID]; ok {
			change.Message = &m
		}
		data := c.Rewrite(change)
		if data == nil {
			tip = c.ID
			continue
		}
		obj := r.NewObject("commit", data)
		objects = append(objects, obj)
		tip = obj.ID
	}
	return tip, objects
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

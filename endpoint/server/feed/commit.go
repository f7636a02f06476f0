package feed

import (
	"bytes"
	"fmt"
	"mime"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/kprep/kprep/patchmail"
)

// A commit is one mail in the history of an epoch.
type commit struct {
	tree              plumbing.Hash
	parent            plumbing.Hash // zero: the first one
	author, committer signature
	subject           string
}

// A signature says who did something, and when.
type signature struct {
	name, mailbox string
	when          time.Time
}

// describe makes the commit of a mail, less its place in history. A mail that
// does not say who wrote it or when is of the committer and of now.
func describe(raw []byte, committer signature) *commit {
	c := &commit{author: committer, committer: committer, subject: "(no subject)"}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return c
	}
	date, err := m.Header.Date()
	if err != nil {
		date = committer.when
	}
	if from, err := patchmail.ParseAddress(m.Header.Get("From")); err == nil {
		c.author = sign(from, date)
	}
	subject := m.Header.Get("Subject")
	if decoded, err := new(mime.WordDecoder).DecodeHeader(subject); err == nil {
		subject = decoded
	}
	if subject = oneLine(subject); subject != "" {
		c.subject = subject
	}
	return c
}

func sign(who patchmail.Address, when time.Time) signature {
	brackets := strings.NewReplacer("<", "", ">", "") // they end a name
	s := signature{oneLine(brackets.Replace(who.Name)), oneLine(brackets.Replace(who.Mailbox)), when}
	if s.name == "" {
		s.name = s.mailbox
	}
	return s
}

func (s signature) String() string {
	return fmt.Sprintf("%s <%s> %d %s", s.name, s.mailbox, s.when.Unix(), s.when.Format("-0700"))
}

// encode gives the bytes that git stores.
func (c *commit) encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "tree %s\n", c.tree)
	if !c.parent.IsZero() {
		fmt.Fprintf(&b, "parent %s\n", c.parent)
	}
	fmt.Fprintf(&b, "author %s\ncommitter %s\n\n%s\n", c.author, c.committer, c.subject)
	return b.Bytes()
}

// links reads from a commit, whoever made it, what its tree is and its first
// parent, "" for none.
func links(commit []byte) (tree, parent string) {
	header, _, _ := strings.Cut(string(commit), "\n\n")
	for line := range strings.Lines(header) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case key == "tree":
			tree = value
		case key == "parent" && parent == "":
			parent = value
		}
	}
	return tree, parent
}

// tree gives the bytes of the tree that holds a mail: as the one file "m".
func tree(mail plumbing.Hash) []byte { return append([]byte("100644 m\x00"), mail[:]...) }

// blobOf is the id of a mail.
func blobOf(raw []byte) plumbing.Hash { return plumbing.ComputeHash(plumbing.BlobObject, raw) }

// treeOf is the id of the tree that holds a mail.
func treeOf(raw []byte) plumbing.Hash {
	return plumbing.ComputeHash(plumbing.TreeObject, tree(blobOf(raw)))
}

// oneLine makes text one line without control characters.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return strings.Join(strings.Fields(text), " ")
}

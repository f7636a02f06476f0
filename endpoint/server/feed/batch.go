package feed

import (
	"bytes"
	"mime"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/kprep/kprep/patchmail"
)

// A batch is commits that become visible together.
type batch struct {
	epoch     *epoch
	committer object.Signature
	tip       plumbing.Hash
	files     []string // of objects that were written
}

func newBatch(e *epoch, committer patchmail.Address, now time.Time) *batch {
	return &batch{epoch: e, tip: e.head, committer: signature(committer, now)}
}

// add writes a mail on top of the batch and returns its commit.
func (b *batch) add(raw []byte) (string, error) {
	id, err := b.put(blob(raw))
	if err != nil {
		return "", err
	}
	if id, err = b.put(tree(id)); err != nil {
		return "", err
	}
	commit := describe(raw, b.committer)
	commit.TreeHash = id
	if !b.tip.IsZero() {
		commit.ParentHashes = []plumbing.Hash{b.tip}
	}
	b.tip, err = b.put(commit.Encode)
	return b.tip.String(), err
}

func (b *batch) put(encode func(plumbing.EncodedObject) error) (plumbing.Hash, error) {
	id, path, err := b.epoch.put(encode)
	if path != "" {
		b.files = append(b.files, path)
	}
	return id, err
}

// publish has the disk know the objects, and then the branch. It returns their
// size.
func (b *batch) publish() (int64, error) {
	var size int64
	folders := map[string]bool{filepath.Join(b.epoch.dir, "objects"): true}
	for _, path := range b.files {
		info, err := os.Stat(path)
		if err != nil {
			return 0, err
		}
		size += info.Size()
		folders[filepath.Dir(path)] = true
		if err := syncFile(path); err != nil {
			return 0, err
		}
	}
	for folder := range folders {
		if err := syncFile(folder); err != nil {
			return 0, err
		}
	}
	return size, b.epoch.move(b.tip)
}

// describe makes the commit of a mail, less its place in history. A mail that
// does not say who wrote it or when is of the committer and of now.
func describe(raw []byte, committer object.Signature) *object.Commit {
	commit := &object.Commit{Author: committer, Committer: committer, Message: "(no subject)\n"}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return commit
	}
	date, err := m.Header.Date()
	if err != nil {
		date = committer.When
	}
	if from, err := patchmail.ParseAddress(m.Header.Get("From")); err == nil {
		commit.Author = signature(from, date)
	}
	subject := m.Header.Get("Subject")
	if decoded, err := new(mime.WordDecoder).DecodeHeader(subject); err == nil {
		subject = decoded
	}
	if subject = oneLine(subject); subject != "" {
		commit.Message = subject + "\n"
	}
	return commit
}

func signature(who patchmail.Address, when time.Time) object.Signature {
	brackets := strings.NewReplacer("<", "", ">", "") // they end a name
	name := oneLine(brackets.Replace(who.Name))
	if name == "" {
		name = who.Mailbox
	}
	return object.Signature{Name: name, Email: oneLine(brackets.Replace(who.Mailbox)), When: when}
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

package feed

import (
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/kprep/kprep/durable"
	"github.com/kprep/kprep/patchmail"
)

// A batch is commits that become visible together.
type batch struct {
	epoch     *epoch
	committer signature
	tip       plumbing.Hash
	files     []string // of objects that were written
}

func newBatch(e *epoch, committer patchmail.Address, now time.Time) *batch {
	return &batch{epoch: e, tip: e.head, committer: sign(committer, now)}
}

// add writes a mail on top of the batch and returns its commit.
func (b *batch) add(raw []byte) (string, error) {
	id, err := b.put(plumbing.BlobObject, raw)
	if err != nil {
		return "", err
	}
	if id, err = b.put(plumbing.TreeObject, tree(id)); err != nil {
		return "", err
	}
	commit := describe(raw, b.committer)
	commit.tree, commit.parent = id, b.tip
	b.tip, err = b.put(plumbing.CommitObject, commit.encode())
	return b.tip.String(), err
}

func (b *batch) put(kind plumbing.ObjectType, data []byte) (plumbing.Hash, error) {
	id, path, err := b.epoch.objects.put(kind, data)
	if path != "" {
		b.files = append(b.files, path)
	}
	return id, err
}

// publish has the disk know the objects, and then the branch. It returns their
// size.
func (b *batch) publish() (int64, error) {
	var size int64
	folders := map[string]bool{b.epoch.objects.dir: true}
	for _, path := range b.files {
		info, err := os.Stat(path)
		if err != nil {
			return 0, err
		}
		size += info.Size()
		folders[filepath.Dir(path)] = true
		if err := durable.Sync(path); err != nil {
			return 0, err
		}
	}
	for folder := range folders {
		if err := durable.Sync(folder); err != nil {
			return 0, err
		}
	}
	return size, b.epoch.move(b.tip)
}

package gitrepo

import (
	"bytes"
	"context"
	"fmt"
)

// A Chain is a line of commits made again, not yet written.
type Chain struct {
	Tip     ID
	Objects []Object  // to write; a commit that stays the same needs none
	New     map[ID]ID // each commit that is another now, to its new id
}

// ChainOptions says how commits are made again.
type ChainOptions struct {
	Committer Ident // of those that change
	// Mine says that all are known to be the user's, under whatever address.
	// Otherwise [Repo.IsMe] decides whose signature is renewed.
	Mine bool
	// Others says that none is taken for the user's, whatever its committer is
	// called: anybody can write that, and no signature is renewed.
	Others bool
	// Restamp names commits that are made again though nothing else in them
	// changes, for the sake of the committer.
	Restamp map[ID]bool
	// Trees holds other trees by the id of the commit as it is.
	Trees map[ID]ID
	// Headers holds, by the id of the commit as it is, the commit whose other
	// headers and encoding it gets.
	Headers map[ID]*Commit
}

// Chain makes commits again, oldest first, on top of onto: the first gets it
// as its only parent, each other the one before. Messages holds new messages,
// as [Change] takes them, by the id of the commit as it is. A commit that
// changes is signed when commit.gpgSign says so, or when it was signed and is
// the user's; other signatures go. It returns a *SignError when that fails.
func (r *Repo) Chain(ctx context.Context, commits []*Commit, onto ID, messages map[ID]string, o ChainOptions) (Chain, error) {
	chain := Chain{Tip: onto, New: map[ID]ID{}}
	for _, c := range commits {
		change := Change{Tree: o.Trees[c.ID], Parents: []ID{chain.Tip}, Committer: o.Committer, Restamp: o.Restamp[c.ID]}
		was := c
		if like := o.Headers[c.ID]; like != nil && c.LacksHeaders(like) {
			c, change.Restamp = c.withHeaders(like), true
		}
		if m, ok := messages[c.ID]; ok {
			change.Message = &m
		}
		data := c.Rewrite(change)
		if data == nil {
			chain.Tip = c.ID
			continue
		}
		sign, err := r.signsAgain(was, o)
		if err == nil && sign {
			data, err = r.signCommit(ctx, data)
		}
		if err != nil {
			return Chain{}, fmt.Errorf("commit %s: %w", c.ID.Short(), err)
		}
		obj := r.NewObject("commit", data)
		chain.Objects = append(chain.Objects, obj)
		chain.New[c.ID] = obj.ID
		chain.Tip = obj.ID
	}
	return chain, nil
}

// signsAgain says whether a commit that is made again gets a signature.
func (r *Repo) signsAgain(c *Commit, o ChainOptions) (bool, error) {
	if all, err := r.signsCommits(); all || err != nil || !c.Signed() {
		return all, err
	}
	if o.Mine || o.Others {
		return o.Mine, nil
	}
	return r.IsMe(c.Committer)
}

// NewCommit makes a commit object, signed when commit.gpgSign says so. The
// message is UTF-8. It returns a *SignError when it cannot be signed.
func (r *Repo) NewCommit(ctx context.Context, tree ID, parents []ID, author, committer Ident, message string) (Object, error) {
	data := commitData(tree, parents, author, committer, message)
	sign, err := r.signsCommits()
	if err == nil && sign {
		data, err = r.signCommit(ctx, data)
	}
	if err != nil {
		return Object{}, err
	}
	return r.NewObject("commit", data), nil
}

func commitData(tree ID, parents []ID, author, committer Ident, message string) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "tree %s\n", tree)
	writeParents(&out, parents)
	fmt.Fprintf(&out, "author %s\ncommitter %s\n\n%s", author, committer, message)
	return out.Bytes()
}

// NewTag makes an annotated tag object that points at a commit, signed when
// tag.gpgSign or tag.forceSignAnnotated says so. It returns a *SignError when
// it cannot be signed.
func (r *Repo) NewTag(ctx context.Context, name string, commit ID, tagger Ident, message string) (Object, error) {
	data := []byte(fmt.Sprintf("object %s\ntype commit\ntag %s\ntagger %s\n\n%s", commit, name, tagger, message))
	sign, err := r.signsTags()
	if err == nil && sign {
		data, err = r.signTag(ctx, data)
	}
	if err != nil {
		return Object{}, fmt.Errorf("tag %s: %w", name, err)
	}
	return r.NewObject("tag", data), nil
}

package ui

import (
	"context"
	"fmt"
	"time"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/gitrepo"
)

// A Source reads what the pages show. It is asked by several requests at once.
type Source interface {
	// Paths are those of the clones, always the same, the one that we are in first.
	Paths() []string
	// Clones reads all series of all repositories.
	Clones(ctx context.Context) ([]dashboard.Clone, error)
	// Series reads one: path is that of a clone as Clones has it, branch a short
	// name. It returns an *UnknownError when there is no such series.
	Series(ctx context.Context, path, branch string) (*Series, error)
}

// An UnknownError means that there is no series of that name.
type UnknownError struct{ Branch string }

func (e *UnknownError) Error() string { return fmt.Sprintf("there is no series %q", e.Branch) }

// A Series is what most pages show of a series.
type Series struct {
	*dashboard.Standing
	Letter    coverletter.Letter // the zero value when it cannot be read
	Revisions []Revision         // those that were sent, the oldest first
	Diffs     []Patch            // of the branch, in order
	Warnings  []string           // what the user should know
}

// A Revision is one that was sent.
type Revision struct {
	Number    int
	When      time.Time
	MessageID string // of its first message, "" when nobody knows
	Replies   int    // of others, as far as somebody has looked
}

// A Patch is one patch of the branch.
type Patch struct {
	Commit  gitrepo.ID
	Author  gitrepo.Ident
	Subject string
	Message string // below the subject
	Diff    string // as git writes it for mail
}

package ui

import (
	"context"
	"fmt"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/rangediff/page"
	"github.com/kprep/kprep/submission"
)

// A Source reads what the pages show. It is asked by several requests at once.
type Source interface {
	// Paths are those of the clones, always the same, the one that we are in first.
	Paths() []string
	// Clones reads all series of all repositories.
	Clones(ctx context.Context) ([]dashboard.Clone, error)
	// Series reads one. It returns an *UnknownError when there is no such series, as
	// all others do that take a Ref.
	Series(ctx context.Context, r Ref) (*Series, error)
	// Compare compares two states of a series, by the numbers of revisions that were
	// sent; 0 is the branch as it is.
	Compare(ctx context.Context, r Ref, old, new int) (page.Comparison, error)
	// Preview renders the messages of a series. Nothing is sent.
	Preview(ctx context.Context, r Ref) (*Preview, error)
	// Feedback reads what others have said. No server is asked.
	Feedback(ctx context.Context, r Ref) (*Feedback, error)
	// Sends reads the journals of a series, in the order in which they were made.
	Sends(ctx context.Context, r Ref) ([]submission.SendStatus, error)

	// Look asks servers for replies.
	Look(ctx context.Context, r Ref) error
	// Mark notes that nothing is left to do about a reply, or that something is. The
	// reply is named as [feedback.Short] does.
	Mark(ctx context.Context, r Ref, reply string, done bool) error
}

// A Ref names a series: the path of a clone as Clones has it, and a branch by its
// short name.
type Ref struct{ Path, Branch string }

// An UnknownError means that there is no series of that name.
type UnknownError struct{ Branch string }

func (e *UnknownError) Error() string { return fmt.Sprintf("there is no series %q", e.Branch) }

// A Series is what most pages show of a series.
type Series struct {
	*dashboard.Standing
	Letter   coverletter.Letter // the zero value when it cannot be read
	Diffs    []Patch            // of the branch, in order; none when they cannot be read
	Warnings []string           // what the user should know
}

// A Patch is one patch of the branch.
type Patch struct {
	Commit  gitrepo.ID
	Author  gitrepo.Ident
	Subject string
	Message string // below the subject
	Diff    string // as git writes it for mail
}

// A Preview is a series as it would be mailed now.
type Preview struct {
	Messages   []Message
	Recipients []Recipient
	Problems   []submission.Problem
	Route      string // where it would go first; "" when there is no way
	Signing    string
	Approval   string
	Warnings   []string
	Notes      []string
}

// A Message is one message as its readers would get it.
type Message struct {
	Name   string // of a file
	Header []Field
	Body   string
	Notes  []string // in what it differs from the commit
	Raw    []byte
}

// Subject is that of the message.
func (m *Message) Subject() string {
	for _, f := range m.Header {
		if f.Name == "Subject" {
			return f.Value
		}
	}
	return m.Name
}

// A Field is one field of a header, decoded.
type Field struct{ Name, Value string }

// A Recipient is somebody who receives messages.
type Recipient struct {
	Address  string
	Field    string // To or Cc
	Messages []int  // by counter; nil for all
	Why      []string
}

// A Feedback is what others have said about a series.
type Feedback struct {
	Replies  []feedback.Reply // as [feedback.Feedback] has them
	Sources  bool             // there is an archive to look into
	Warnings []string
	Notes    []string // such as how old it is
}

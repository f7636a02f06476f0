package oplog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/gitrepo"
)

// A Status says how far an operation came.
type Status string

const (
	Open   Status = "open"   // begun; its process works on it, or died
	Done   Status = "done"   // the after state is what it left
	Broken Status = "broken" // a crash left it half done and somebody else moved what it changed
)

// An Operation is one record of the log. Of the scope it keeps what changed;
// while it is open, all of it.
type Operation struct {
	Version   int       `json:"version"` // of this format: 1
	ID        int       `json:"id"`      // counts up; shown to the user
	Time      time.Time `json:"time"`    // of the beginning
	Verb      string    `json:"verb"`    // such as "cover", "send", "undo"
	Args      []string  `json:"args,omitempty"`
	ChangeID  string    `json:"change-id,omitempty"` // the series; "" for none
	Branch    string    `json:"branch,omitempty"`    // full ref name; "" for none
	Committer string    `json:"committer,omitempty"` // address of who ran it
	WorkTree  string    `json:"work-tree"`           // its git directory below the common one; "." for the main work tree
	Barrier   bool      `json:"barrier,omitempty"`   // something left for the world: undo stops here
	Status    Status    `json:"status"`
	Note      string    `json:"note,omitempty"` // what Recover found

	Refs   []RefChange    `json:"refs,omitempty"`
	Head   HeadChange     `json:"head"`
	Config []ConfigChange `json:"config,omitempty"`
	Blobs  []BlobChange   `json:"blobs,omitempty"`
	Files  FilesChange    `json:"files"`

	Undoes []int `json:"undoes,omitempty"` // for an undo: the operations, newest first
	Redoes []int `json:"redoes,omitempty"` // for a redo: the operations, oldest first

	Planned bool        `json:"planned,omitempty"` // the after state was known before anything moved
	Keeper  gitrepo.ID  `json:"keeper,omitempty"`  // the commit that KeepRef moves to
	Kept    gitrepo.ID  `json:"kept,omitempty"`    // what KeepRef was before
	Tags    []TagObject `json:"tags,omitempty"`    // annotated tags before and after, as bytes
	settled bool        // all was done by this process, KeepRef too
	still   bool        // this process has not begun to move anything
	astray  bool        // index and work tree may have been moved in part, and not back
	Scope   *Scope      `json:"scope,omitempty"` // while it is open
}

// A RefChange is what one ref was and became; "" is "no such ref".
type RefChange struct {
	Name   string     `json:"name"` // full
	Before gitrepo.ID `json:"before,omitempty"`
	After  gitrepo.ID `json:"after,omitempty"`
}

// A HeadChange is what was checked out; both are zero when HEAD was not in
// the scope.
type HeadChange struct {
	Before gitrepo.HeadState `json:"before"`
	After  gitrepo.HeadState `json:"after"`
}

// A ConfigChange holds the configuration of one branch: its sections in the
// repository's configuration file, as text. Branches of the scope without a
// change are there too when another one has changed: places count.
type ConfigChange struct {
	Branch string                  `json:"branch"` // short name
	Before []gitrepo.ConfigSection `json:"before,omitempty"`
	After  []gitrepo.ConfigSection `json:"after,omitempty"`
}

// moves says that sections change places.
func (c ConfigChange) moves() bool {
	return !gitrepo.BranchEdit{From: c.Before, To: c.After}.SamePlaces()
}

func (c ConfigChange) changed() bool { return !sameSections(c.Before, c.After) }

// A BlobChange holds a file below "<common git dir>/kprep"; nil is "no such
// file".
type BlobChange struct {
	Path   string `json:"path"` // with slashes, relative
	Before []byte `json:"before"`
	After  []byte `json:"after"`
}

// A FilesChange says what index and work tree follow: the trees that HEAD
// leads to. Both are "" when there is no work tree, or nothing to do.
type FilesChange struct {
	Before gitrepo.ID `json:"before,omitempty"`
	After  gitrepo.ID `json:"after,omitempty"`
}

// A TagObject is an annotated tag as bytes. No commit can keep a tag object
// alive, and the same bytes give the same id.
type TagObject struct {
	ID   gitrepo.ID `json:"id"`
	Data []byte     `json:"data"`
}

// changed keeps of an operation what it changed.
func (op *Operation) changed() {
	op.Refs = slices.DeleteFunc(op.Refs, func(c RefChange) bool { return c.Before == c.After })
	// The places of sections mean something only together.
	if !slices.ContainsFunc(op.Config, ConfigChange.changed) {
		op.Config = nil
	}
	op.Blobs = slices.DeleteFunc(op.Blobs, func(c BlobChange) bool { return sameBlob(c.Before, c.After) })
	if op.Head.Before == op.Head.After {
		op.Head = HeadChange{}
	}
}

// empty says that an operation need not be remembered. An undo of several that
// cancel each other out changes nothing, and counts.
func (op *Operation) empty() bool {
	return len(op.Undoes) == 0 && len(op.Redoes) == 0 && len(op.Refs) == 0 && len(op.Config) == 0 && len(op.Blobs) == 0 && op.Head == HeadChange{} && !op.Barrier
}

// reason is the operation's line in reflogs.
func (op *Operation) reason() string { return "kprep: " + op.Title() }

// Title is the verb with what it says about itself: "undo 12 (cover)".
func (op *Operation) Title() string {
	words := append([]string{op.Verb}, op.Args...)
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.Join(words, " "))
}

// Changes says in short words what an operation changed, one item each, such
// as "branch b4/fix moved", "tag sent/…-v1 made", "checked out b4/fix".
func (op *Operation) Changes() []string {
	var list []string
	for _, c := range op.Refs {
		verb := "moved"
		switch {
		case c.Before == "":
			verb = "made"
		case c.After == "":
			verb = "deleted"
		}
		list = append(list, refWords(c.Name)+" "+verb)
	}
	if op.Head.Before != op.Head.After {
		list = append(list, "checked out "+headWords(op.Head.After))
	}
	for _, c := range op.Config {
		if c.changed() {
			list = append(list, "configuration of "+c.Branch)
		}
	}
	for _, c := range op.Blobs {
		list = append(list, "notes about the series ("+c.Path+")")
	}
	return list
}

func refWords(name string) string {
	for prefix, kind := range map[string]string{"refs/heads/": "branch ", "refs/tags/": "tag ", "refs/notes/": "notes "} {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			return kind + short
		}
	}
	return name
}

func headWords(h gitrepo.HeadState) string {
	if h.Branch != "" {
		return strings.TrimPrefix(h.Branch, "refs/heads/")
	}
	return fmt.Sprintf("commit %s", h.Detached.Short())
}

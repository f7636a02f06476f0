package series

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kprep/kprep/oplog"
)

// stateForm is the version of the file that this kprep writes.
const stateForm = 1

// A State is what kprep remembers of a series beside the branch, in the file
// kprep/series/<change-id>/state.json of the common git directory. Facts that
// this kprep does not know stay in the file as they are.
type State struct {
	Checks    []PassedCheck
	Collected *Collection // nil when nothing was collected
	Deps      *PassedDeps // nil when the prerequisites were not checked, or failed
	Known     []KnownDep  // prerequisites that were found in mail
	Request   *Request    // nil for a series that is not from a pull request
	Done      []string    // message-ids of replies about which nothing is left to do, in order of the alphabet

	rest map[string]json.RawMessage
}

// A Request says which pull request a series was made of, and what it was then.
type Request struct {
	URL  string `json:"url,omitempty"` // "" when nobody said it
	Head string `json:"head"`          // the last commit that was taken, as it is there
	Text string `json:"text"`          // SHA-256 of title and description
}

// A PassedCheck says that a command had nothing against a patch, or nothing
// but warnings.
type PassedCheck struct {
	Patch    string    `json:"patch"`            // as of [Content]
	Command  string    `json:"command"`          // the command line
	Script   string    `json:"script,omitempty"` // SHA-256 of a script of the tree that is not the base commit's
	Warnings []string  `json:"warnings,omitempty"`
	When     time.Time `json:"when"`
}

type feedbackState struct {
	Done []string `json:"done"`
}

// A Collection says for what content recipients were collected, and whom
// collecting has put into the cover letter.
type Collection struct {
	Diffs string    `json:"diffs"` // as from [DiffsOf]
	When  time.Time `json:"when"`
	// Added are the mailboxes that this and earlier collections added, whether
	// or not the cover letter still has them.
	Added []string `json:"added,omitempty"`
}

// A StateError reports a state file that cannot be read.
type StateError struct {
	File string
	Err  error
}

func (e *StateError) Error() string {
	return fmt.Sprintf("what kprep remembers of the series, %s: %v", e.File, e.Err)
}

func (e *StateError) Unwrap() error { return e.Err }

func (s *Series) stateFile() string {
	return filepath.Join(s.repo.CommonDir, "kprep", filepath.FromSlash(StatePath(s.Tracking.ChangeID)))
}

// State reads what is remembered of the series; nothing yet is a State
// without facts. It returns a *StateError.
func (s *Series) State() (*State, error) {
	file := s.stateFile()
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &State{}, nil
	}
	var st State
	if err == nil {
		err = st.parse(text)
	}
	if err != nil {
		return nil, &StateError{File: file, Err: err}
	}
	return &st, nil
}

// CheckState makes sure that a state file, which may be from elsewhere, can be
// read.
func CheckState(text []byte) error { return new(State).parse(text) }

// StatePath is the file's name below "<common git dir>/kprep". A change-id is
// safe as a path: coverletter.CheckChangeID has seen to it when it was read.
func StatePath(changeID string) string { return "series/" + changeID + "/state.json" }

func (st *State) parse(text []byte) error {
	if err := json.Unmarshal(text, &st.rest); err != nil {
		return err
	}
	form := 0
	var feedback feedbackState
	for key, into := range map[string]any{"version": &form, "checks": &st.Checks, "collected": &st.Collected, "deps": &st.Deps, "known": &st.Known, "request": &st.Request, "feedback": &feedback} {
		value, ok := st.rest[key]
		delete(st.rest, key)
		if !ok {
			continue
		}
		if err := json.Unmarshal(value, into); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	if form != stateForm {
		return fmt.Errorf("it has form %d, and this kprep knows only %d", form, stateForm)
	}
	slices.Sort(feedback.Done)
	st.Done = feedback.Done
	return nil
}

// UpdateState changes what is remembered of the series, as one operation that
// undo takes back: none where nothing changes. Of two that do so at the same
// time each sees what the other wrote. Verb and now are the operation's.
func (s *Series) UpdateState(ctx context.Context, verb string, now time.Time, change func(*State)) error {
	blob, changes, err := s.remember(change)
	if err != nil || !changes {
		return err
	}
	in := oplog.Intent{Verb: verb, ChangeID: s.Tracking.ChangeID, Branch: s.Branch}
	if me, err := s.repo.Committer(); err == nil { // nobody is needed to remember something
		in.Committer = me.Email
	}
	return operations(s.repo, now).Perform(ctx, in, oplog.Plan{Blobs: []oplog.Blob{blob}})
}

// remember makes the part of an operation that changes what is remembered. It
// says whether anything would change now, and returns a *StateError when that
// cannot be read.
func (s *Series) remember(change func(*State)) (blob oplog.Blob, changes bool, err error) {
	file := s.stateFile()
	edit := func(now []byte) ([]byte, error) {
		var st State
		if now != nil {
			if err := st.parse(now); err != nil {
				return nil, &StateError{File: file, Err: err}
			}
		}
		change(&st)
		return st.text()
	}
	now, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		now, err = nil, nil
	}
	if err != nil {
		return blob, false, &StateError{File: file, Err: err}
	}
	later, err := edit(now)
	return oplog.Blob{Path: StatePath(s.Tracking.ChangeID), Edit: edit}, !bytes.Equal(now, later), err
}

func (st *State) text() ([]byte, error) {
	all := map[string]any{"version": stateForm}
	for key, value := range st.rest {
		all[key] = value
	}
	if len(st.Checks) > 0 {
		all["checks"] = st.Checks
	}
	if st.Collected != nil {
		all["collected"] = st.Collected
	}
	if st.Deps != nil {
		all["deps"] = st.Deps
	}
	if len(st.Known) > 0 {
		all["known"] = st.Known
	}
	if st.Request != nil {
		all["request"] = st.Request
	}
	if len(st.Done) > 0 {
		all["feedback"] = feedbackState{st.Done}
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(all)
	return text.Bytes(), err
}

// Passed looks for a check that a patch passed.
func (st *State) Passed(patch, command, script string) (PassedCheck, bool) {
	for _, c := range st.Checks {
		if c.Patch == patch && c.Command == command && c.Script == script {
			return c, true
		}
	}
	return PassedCheck{}, false
}

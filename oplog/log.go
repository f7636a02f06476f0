package oplog

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/kprep/kprep/gitrepo"
)

// Options are what a log needs from its surroundings.
type Options struct {
	Now  func() time.Time // the clock; nil for time.Now
	Wait time.Duration    // how long to wait for another kprep; 0 for three seconds
}

const defaultWait = 3 * time.Second

// A Log is the operation log of one repository. All work trees share it.
type Log struct {
	repo *gitrepo.Repo
	dir  string // "<common git dir>/kprep/ops"
	now  func() time.Time
	wait time.Duration
	step func(name string) // between any two effects; tests die here
}

// New returns the log of a repository. Nothing is read or written yet.
func New(repo *gitrepo.Repo, o Options) *Log {
	l := &Log{repo: repo, dir: filepath.Join(repo.CommonDir, "kprep", "ops"), now: o.Now, wait: o.Wait, step: func(string) {}}
	if l.now == nil {
		l.now = time.Now
	}
	if l.wait == 0 {
		l.wait = defaultWait
	}
	return l
}

// An Intent says what a verb is about to do.
type Intent struct {
	Verb      string
	Args      []string
	ChangeID  string // of the series; "" for none
	Branch    string // full ref name; "" for none
	Committer string // the user's address, kept so that it still counts as the user's after a change
	Barrier   bool   // something leaves for the world: undo will stop here
	Scope     Scope
	// Before replaces what is read as the state before, for refs of the scope:
	// a verb that spans several processes, such as a rebase with conflicts,
	// begins its operation when it comes to its end. "" is "did not exist".
	Before map[string]gitrepo.ID
}

// An Op is an operation under way. It holds the log's lock until Done, Abort
// or Close.
type Op struct {
	// Recovered is what Begin had to settle first; nil when there was nothing.
	Recovered *Recovery

	log    *Log
	record *Operation
	lock   *flock.Flock
}

// An UnfinishedError means that Begin had to settle what a crash left, and
// moved refs for it: whatever the caller read before is out of date. Nothing
// was begun.
type UnfinishedError struct{ Recovery *Recovery }

func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("an interrupted operation was settled first (%s): run the command again", e.Recovery)
}

// Begin locks the log and puts the intent on the disk, with the state of its
// scope as it is now. When it returns, things may be changed. What a crash
// left is settled first; where that moved anything Begin returns an
// *UnfinishedError.
//
// Errors: *BusyError, *UnfinishedError, *DamagedError, *PathError, and those
// of the disk; nothing has changed then.
func (l *Log) Begin(ctx context.Context, in Intent) (*Op, error) {
	return l.begin(ctx, in, nil)
}

// begin lets prepare complete the record: an undo learns only under the lock
// what it will do. The record is then written with its plan.
func (l *Log) begin(ctx context.Context, in Intent, prepare func(*Operation) error) (*Op, error) {
	lock, err := l.lock(ctx)
	if err != nil {
		return nil, err
	}
	op := &Op{log: l, lock: lock}
	if err := op.open(ctx, in, prepare); err != nil {
		op.Close()
		return nil, err
	}
	return op, nil
}

func (op *Op) open(ctx context.Context, in Intent, prepare func(*Operation) error) error {
	l := op.log
	last, err := l.last()
	if err != nil {
		return err
	}
	id := 1
	if last != nil {
		id = last.ID + 1
		if last.Status == Open {
			if op.Recovered, err = l.settleDead(ctx, last); err != nil {
				return err
			}
			if op.Recovered.Moved {
				return &UnfinishedError{Recovery: op.Recovered}
			}
		}
	}
	scope := in.Scope
	record := &Operation{Version: formatVersion, ID: id, Time: l.now().Truncate(time.Second), Verb: in.Verb, Args: in.Args,
		ChangeID: in.ChangeID, Branch: in.Branch, Committer: in.Committer, WorkTree: l.workTree(), Barrier: in.Barrier,
		Status: Open, Scope: &scope}
	if err := l.look(ctx, record, scope); err != nil {
		return err
	}
	for i, c := range record.Refs {
		if id, ok := in.Before[c.Name]; ok {
			record.Refs[i].Before = id
		}
	}
	if prepare != nil {
		op.record = record
		return prepare(record)
	}
	if err := l.save(record); err != nil {
		return err
	}
	op.record = record
	return nil
}

// workTree names the work tree that the repository was opened in.
func (l *Log) workTree() string {
	path, err := filepath.Rel(l.repo.CommonDir, l.repo.GitDir)
	if err != nil {
		return l.repo.GitDir
	}
	return filepath.ToSlash(path)
}

// Close gives the lock back. An operation that is neither done nor aborted
// stays open, and the next one settles it. It may be called at any time, also
// more than once.
func (op *Op) Close() error {
	if op.lock == nil {
		return nil
	}
	err := op.lock.Close()
	op.lock = nil
	return err
}

// ID is the number of the operation.
func (op *Op) ID() int { return op.record.ID }

// List returns the operations, newest first. It takes no lock: an operation
// under way is listed as open.
func (l *Log) List() ([]*Operation, error) {
	ops, err := l.all()
	for i, j := 0, len(ops)-1; i < j; i, j = i+1, j-1 {
		ops[i], ops[j] = ops[j], ops[i]
	}
	return ops, err
}

// Committers returns the addresses under which the user ran operations here,
// each once, oldest first.
func (l *Log) Committers() ([]string, error) {
	ops, err := l.all()
	var list []string
	seen := map[string]bool{"": true}
	for _, op := range ops {
		if !seen[op.Committer] {
			seen[op.Committer] = true
			list = append(list, op.Committer)
		}
	}
	return list, err
}

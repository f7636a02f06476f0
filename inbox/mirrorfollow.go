package inbox

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"strings"
	"sync"

	"github.com/kprep/kprep/gitrepo"
)

// A step is what a commit of a mirror does: it adds a mail, or takes one away.
type step struct {
	commit gitrepo.ID
	blob   gitrepo.ID
	drop   bool
	data   []byte // of the mail; nil when it cannot be read
	size   int    // -1 when it is not there
	parsed *Message
	err    error
}

// steps are what a change of a file means. A v2 inbox has one file: "m" is a
// mail that came, and "d" one that was deleted. A v1 inbox has a file for each
// mail, below two digits of its hash.
func steps(c gitrepo.FileChange) []step {
	switch {
	case c.Path == "m" && c.New != "":
		return []step{{commit: c.Commit, blob: c.New}}
	case c.Path == "d" && c.New != "":
		return []step{{commit: c.Commit, blob: c.New, drop: true}}
	case len(c.Path) < 3 || c.Path[2] != '/' || strings.Trim(strings.Replace(c.Path, "/", "", 1), "0123456789abcdef") != "":
		return nil
	}
	var all []step
	if c.Old != "" {
		all = append(all, step{commit: c.Commit, blob: c.Old, drop: true})
	}
	if c.New != "" {
		all = append(all, step{commit: c.Commit, blob: c.New})
	}
	return all
}

func (s *step) broken(e epoch) error {
	return &MailError{File: e.dir + ":" + string(s.blob), Err: s.err}
}

// What is read and indexed together, and written together.
const (
	maxChunk      = 256     // mails
	maxChunkBytes = 4 << 20 // or so many bytes of them
	maxWrite      = 5000    // mails of a transaction
	largeMail     = 1 << 20 // bytes, above which a mail is parsed before the next is read
)

// follow takes into the index what an epoch has had since. An epoch whose
// history was rewritten, to purge a mail from it, is read again from its
// beginning.
func (m *Mirror) follow(ctx context.Context, e epoch, mark string, broken func(error)) error {
	repo := m.repo(e)
	to, err := repo.Resolve(ctx, "HEAD")
	if err != nil {
		return err
	}
	from, err := m.index.tip(ctx, e.name)
	if err != nil {
		return err
	}
	if from != "" && from != to {
		descends := false
		if to != "" {
			was, err := repo.Ancestor(ctx, from, to)
			descends = was && err == nil // git may not know the commit any more
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !descends {
			if err := m.index.forget(ctx, e.name); err != nil {
				return err
			}
			from = ""
		}
	}
	w := &indexWriter{index: m.index, epoch: e, broken: broken, progress: m.Progress}
	defer w.rollback()
	if from != to {
		if err := m.readSteps(ctx, repo, from, to, func(chunk []step) error { return w.write(ctx, chunk) }); err != nil {
			return err
		}
	}
	return w.save(ctx, to, mark)
}

// readSteps hands over what a repository has had between two commits, parsed
// and in order, a chunk at a time. Reading, parsing and what write does go on
// side by side; the memory for it is that of a few chunks.
func (m *Mirror) readSteps(ctx context.Context, repo *gitrepo.Repo, from, to gitrepo.ID, write func([]step) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	waiting, ids, chunks := make(chan step, 4096), make(chan gitrepo.ID), make(chan []step, 1)
	failed := make(chan error, 2)
	wg.Go(func() {
		defer close(ids)
		err := repo.FileChanges(ctx, from, to, func(c gitrepo.FileChange) error {
			for _, s := range steps(c) {
				select {
				case waiting <- s:
				case <-ctx.Done():
					return ctx.Err()
				}
				select {
				case ids <- s.blob:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
		if err != nil {
			failed <- err
			cancel()
		}
	})
	wg.Go(func() {
		defer close(chunks)
		c := chunker{ctx: ctx, out: chunks}
		err := repo.ReadBlobs(ctx, ids, maxMail, func(id gitrepo.ID, data []byte, size int) error {
			s := <-waiting
			s.data, s.size = data, size
			if size > largeMail {
				s.parse(m.Tracking)
			}
			return c.add(s)
		})
		if err == nil {
			err = c.flush()
		}
		if err != nil {
			failed <- err
			cancel()
		}
	})
	for chunk := range chunks {
		parseSteps(chunk, m.Tracking)
		if err := write(chunk); err != nil {
			return err
		}
	}
	select {
	case err := <-failed:
		return err
	default:
		return ctx.Err()
	}
}

// A chunker puts steps together.
type chunker struct {
	ctx   context.Context
	out   chan<- []step
	chunk []step
	bytes int
}

func (c *chunker) add(s step) error {
	c.chunk = append(c.chunk, s)
	if c.bytes += len(s.data); len(c.chunk) < maxChunk && c.bytes < maxChunkBytes {
		return nil
	}
	return c.flush()
}

func (c *chunker) flush() error {
	select {
	case c.out <- c.chunk:
		c.chunk, c.bytes = nil, 0
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// errGone means that a repository lacks a mail that its history has.
var errGone = errors.New("the repository does not have it any more")

// parseSteps reads the mails of a chunk, several at a time.
func parseSteps(chunk []step, tracking Tracking) {
	const workers = 4
	var wg sync.WaitGroup
	for first := range workers {
		wg.Go(func() {
			for i := first; i < len(chunk); i += workers {
				if s := &chunk[i]; s.size <= largeMail {
					s.parse(tracking)
				}
			}
		})
	}
	wg.Wait()
}

// parse reads the mail of a step, and lets its bytes go.
func (s *step) parse(tracking Tracking) {
	switch {
	case s.size < 0:
		s.err = errGone
	case s.size > maxMail:
		s.err = ErrTooLarge
	case s.size > 0: // purging leaves nothing in a mail's place
		s.parsed, s.err = Parse(Mail{Raw: s.data}, tracking)
	}
	s.data = nil
}

// An indexWriter writes steps in transactions of some size.
type indexWriter struct {
	index    *index
	epoch    epoch
	broken   func(error)
	progress func(int)

	tx      *sql.Tx
	addMail *sql.Stmt
	addTie  *sql.Stmt
	unsaved int
	count   int
	at      gitrepo.ID // the commit of the last step
	whole   gitrepo.ID // the last commit of which every step was written
}

func (w *indexWriter) begin(ctx context.Context) (err error) {
	if w.tx != nil {
		return nil
	}
	if w.tx, err = w.index.db.BeginTx(ctx, nil); err != nil {
		return err
	}
	if w.addMail, err = w.tx.PrepareContext(ctx, "INSERT INTO mail (epoch, blob) VALUES (?, ?)"); err != nil {
		return err
	}
	w.addTie, err = w.tx.PrepareContext(ctx, "INSERT OR IGNORE INTO tie (key, mail) VALUES (?, ?)")
	return err
}

func (w *indexWriter) write(ctx context.Context, chunk []step) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	for i := range chunk {
		s := &chunk[i]
		var err error
		switch {
		case s.drop:
			err = w.drop(ctx, s)
		case s.err != nil:
			w.broken(s.broken(w.epoch))
		case s.parsed != nil:
			err = w.add(s)
		}
		if err != nil {
			return err
		}
		if s.commit != w.at {
			w.whole, w.at = w.at, s.commit
		}
	}
	w.unsaved += len(chunk)
	w.count += len(chunk)
	if w.unsaved < maxWrite || w.whole == "" {
		return nil
	}
	return w.save(ctx, w.whole, "")
}

// add takes no context: with one, every statement costs a goroutine more.
func (w *indexWriter) add(s *step) error {
	blob, err := hex.DecodeString(string(s.blob))
	if err != nil {
		return err
	}
	added, err := w.addMail.Exec(w.epoch.name, blob)
	if err != nil {
		return err
	}
	n, err := added.LastInsertId()
	if err != nil {
		return err
	}
	for _, key := range append(ties(s.parsed), keyOf(tieBlob, string(s.blob))) {
		if _, err := w.addTie.Exec(key, n); err != nil {
			return err
		}
	}
	return nil
}

// drop takes a mail out of the index: that very one.
func (w *indexWriter) drop(ctx context.Context, s *step) error {
	blob, err := hex.DecodeString(string(s.blob))
	if err != nil {
		return err
	}
	_, err = w.tx.ExecContext(ctx, "DELETE FROM mail WHERE n IN (SELECT mail FROM tie WHERE key = ?) AND blob = ?", keyOf(tieBlob, string(s.blob)), blob)
	return err
}

// save makes what was written last, up to a commit.
func (w *indexWriter) save(ctx context.Context, tip gitrepo.ID, mark string) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	_, err := w.tx.ExecContext(ctx, "INSERT INTO epoch (name, tip, mark) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET tip = excluded.tip, mark = excluded.mark",
		w.epoch.name, string(tip), mark)
	if err == nil {
		err = w.tx.Commit()
		w.tx, w.unsaved = nil, 0
	}
	if err == nil && w.progress != nil {
		w.progress(w.count)
	}
	return err
}

func (w *indexWriter) rollback() {
	if w.tx != nil {
		w.tx.Rollback()
	}
}

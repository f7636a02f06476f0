package sendmail

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Plan is what a send is going to do, written once and never changed
// (spec/mail.md 4.1). It holds no secrets.
type Plan struct {
	Format       int       `json:"format"` // 1; set by Create
	Kind         string    `json:"kind"`   // send, reflect, preview, resend
	ChangeID     string    `json:"change-id"`
	Revision     int       `json:"revision"`
	Created      time.Time `json:"created"`
	Transport    string    `json:"transport"`          // Transport.String at that time
	Identity     *string   `json:"identity,omitempty"` // of sendemail.*, "" for none; nil in plans from before it was recorded
	EnvelopeFrom string    `json:"envelope-from"`
	Signer       *Signer   `json:"signer,omitempty"` // of every message; nil: they are not signed

	// Finish is the caller's: what it needs to tag and reroll after the mail.
	Finish json.RawMessage `json:"finish,omitempty"`

	// Messages in the order of sending. The first is the root of the thread,
	// to which the others reply. Set by Create.
	Messages []Planned `json:"messages"`
}

// A Signer is whose signature the messages of a plan carry, and by which key.
type Signer struct {
	Key       string `json:"key"` // as configured, such as ed25519:20250102
	Algorithm string `json:"algorithm"`
	Identity  string `json:"identity"`
	Selector  string `json:"selector,omitempty"`
}

// A Planned is one message of a plan.
type Planned struct {
	File       string    `json:"file"` // below the journal's folder, msg/0000.eml
	Name       string    `json:"name"`
	SHA256     string    `json:"sha256"` // of the file, lower-case hex
	Size       int       `json:"size"`   // of the file
	ID         string    `json:"message-id"`
	Subject    string    `json:"subject"`
	Date       time.Time `json:"date"`
	Recipients []string  `json:"recipients"`
	To         []string  `json:"to,omitempty"`
	Bcc        []string  `json:"bcc,omitempty"` // those of Recipients that no header names
}

const (
	planFile   = "plan"
	logFile    = "log"
	lockFile   = "lock"
	planFormat = 1
)

// ErrNoPlan reports a journal whose writing was cut short. Nothing was sent
// from it and nothing can be.
var ErrNoPlan = errors.New("the journal was never completed, so nothing was sent from it")

// Create writes a journal into the new folder dir and returns it locked. When
// it returns without error, plan and messages are on the disk to stay; only
// then may anything be connected to. After an error nothing is left of dir.
//
// The messages are taken one at a time, once, and the bytes of each are done with
// before the next. They must be fit for the wire as they are (see [Outgoing]);
// an error among them is returned.
func Create(dir string, p Plan, messages iter.Seq2[Outgoing, error]) (*Journal, error) {
	if p.EnvelopeFrom != "" {
		if err := checkMailbox(p.EnvelopeFrom); err != nil {
			return nil, fmt.Errorf("plan the sending: envelope sender: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	j, err := create(dir, p, messages)
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("write the journal %s: %w", dir, err)
	}
	return j, nil
}

func create(dir string, p Plan, messages iter.Seq2[Outgoing, error]) (*Journal, error) {
	lock, err := TakeLock(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, err
	}
	if err := writePlan(dir, p, messages); err != nil {
		lock.Release()
		return nil, err
	}
	j, err := open(dir, lock)
	if err != nil {
		return nil, err
	}
	if err := j.reserve(); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

func messageFile(i int) string { return fmt.Sprintf("msg/%04d.eml", i) }

func createFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return finishFile(f, verbatim(data), synced)
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// NextDir is the folder for the next journal of a revision, such as
// <series>/v2/0003-send. It is not made.
func NextDir(series string, revision int, kind string) (string, error) {
	last := 0
	all, err := Journals(series)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(series, "v"+strconv.Itoa(revision))
	for _, dir := range all {
		if n, ok := sequence(filepath.Base(dir)); ok && filepath.Dir(dir) == folder {
			last = max(last, n)
		}
	}
	return filepath.Join(folder, fmt.Sprintf("%04d-%s", last+1, kind)), nil
}

// Journals lists the journal folders of a series, by revision and then in the
// order in which they were made; also those without a plan. A series that was
// never sent has none.
func Journals(series string) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(escapeGlob(series), "v*", "*-*"))
	if err != nil {
		return nil, err
	}
	rank := func(dir string) (revision, number int, ok bool) {
		revision, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(filepath.Dir(dir)), "v"))
		number, fine := sequence(filepath.Base(dir))
		return revision, number, err == nil && fine
	}
	all = slices.DeleteFunc(all, func(dir string) bool { _, _, ok := rank(dir); return !ok })
	slices.SortFunc(all, func(a, b string) int {
		ra, na, _ := rank(a)
		rb, nb, _ := rank(b)
		if ra != rb {
			return ra - rb
		}
		return na - nb
	})
	return all, nil
}

func sequence(name string) (int, bool) {
	digits, _, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(digits)
	return n, err == nil
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

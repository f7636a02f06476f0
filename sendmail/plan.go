package sendmail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/renameio/v2"
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
// The messages are taken one at a time, once. They must be fit for the wire as
// they are (see [Outgoing]); an error among them is returned.
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

// writePlan keeps to the order that makes a crash harmless: first what the
// plan speaks of, then the plan.
func writePlan(dir string, p Plan, messages iter.Seq2[Outgoing, error]) error {
	folder := filepath.Join(dir, "msg")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	planned, err := writeMessages(dir, messages)
	if err != nil {
		return err
	}
	p.Format, p.Messages = planFormat, planned
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	first, err := record{Time: p.Created, Plan: digest(text)}.line()
	if err != nil {
		return err
	}
	if err := createFile(filepath.Join(dir, logFile), first); err != nil {
		return err
	}
	if err := createFile(filepath.Join(dir, departedFile), nil); err != nil {
		return err
	}
	for _, d := range []string{folder, dir} {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	if err := renameio.WriteFile(filepath.Join(dir, planFile), text, 0o600, renameio.WithTempDir(dir)); err != nil {
		return err
	}
	// The entry of dir itself is in its parent.
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	return nil
}

// writeMessages writes each message into its file, and returns what the plan
// says of them.
func writeMessages(dir string, messages iter.Seq2[Outgoing, error]) ([]Planned, error) {
	var all []Planned
	names, ids := map[string]bool{}, map[string]bool{}
	for m, err := range messages {
		if err != nil {
			return nil, err
		}
		if err := checkOutgoing(m); err != nil {
			return nil, err
		}
		if names[m.Name] || m.ID == "" || ids[m.ID] {
			return nil, fmt.Errorf("%s: name and message-id must be its own", m.Name)
		}
		names[m.Name], ids[m.ID] = true, true
		planned := Planned{
			File: messageFile(len(all)), Name: m.Name, SHA256: digest(m.Raw), Size: len(m.Raw), ID: m.ID,
			Subject: m.Subject, Date: m.Date, Recipients: m.Recipients, To: m.To, Bcc: m.Bcc,
		}
		if err := createFile(filepath.Join(dir, planned.File), m.Raw); err != nil {
			return nil, err
		}
		all = append(all, planned)
	}
	if len(all) == 0 {
		return nil, errors.New("there are no messages")
	}
	return all, nil
}

// readPlan returns the plan and the SHA-256 of its file.
//
// Errors: [ErrNoPlan], [DamagedError].
func readPlan(dir string) (p Plan, sum string, err error) {
	p, sum, err = parsePlan(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := os.Stat(dir); statErr != nil {
			return p, "", statErr
		}
		if !begun(dir) {
			return p, "", ErrNoPlan
		}
	}
	if err != nil {
		err = &DamagedError{Dir: dir, Reason: err.Error()}
	}
	return p, sum, err
}

// parsePlan is readPlan for a journal that may be damaged. Its error says what
// is wrong with the plan, and is fs.ErrNotExist when there is none.
func parsePlan(dir string) (p Plan, sum string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, planFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p, "", noPlanError{}
	case err != nil:
		return p, "", errors.New(whyUnreadable(thePlan, err))
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, "", fmt.Errorf(thePlan+" cannot be read: %w", err)
	}
	if p.Format != planFormat || len(p.Messages) == 0 {
		return p, "", fmt.Errorf(thePlan+" cannot be read: format %d with %d messages is not one that this kprep knows", p.Format, len(p.Messages))
	}
	return p, digest(text), nil
}

type noPlanError struct{}

func (noPlanError) Error() string        { return thePlan + " is gone" }
func (noPlanError) Is(target error) bool { return target == fs.ErrNotExist }

// begun says that a journal without a plan had one: mail may have left by it.
// What departs is written down, and a log has its second record, only after the
// plan is there.
func begun(dir string) bool {
	for name, before := range map[string]int{departedFile: 0, logFile: 1} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if bytes.Count(text, []byte("\n")) > before || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

func messageFile(i int) string { return fmt.Sprintf("msg/%04d.eml", i) }

func createFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return finishFile(f, verbatim(data))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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

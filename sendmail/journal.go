package sendmail

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kprep/kprep/durable"
	"github.com/kprep/kprep/patchmail"
)

// A Journal is one send on disk: plan, messages, and the log of what happened.
// It is used by one goroutine.
type Journal struct {
	dir      string
	plan     Plan
	sum      string    // SHA-256 of the plan's file
	lock     *Lock     // nil when only read
	log      logWriter // without a file when only read
	departed *os.File  // nil when only read
	run      string
	pairs    [][]*fate      // by message, in the order of its recipients; nil: nothing was tried
	onWire   map[int]string // message-ids that a server gave to messages
	coded    map[int]string // messages with a 7-bit form, its SHA-256
	marks    []string
	noteAt   time.Time // of the last record

	salvaged bool     // read by Salvage
	damage   []string // what Salvage found
}

// OpenJournal opens and locks a journal to go on with it. A last record that
// was cut short is removed from the log; what was in flight is Unknown.
//
// Errors: [BusyError], [UnwritableError], [ErrNoPlan], and [DamagedError], for
// which there is [Salvage].
func OpenJournal(dir string) (*Journal, error) {
	if _, _, err := readPlan(dir); err != nil {
		return nil, err // and leave no lock file behind in what is no journal
	}
	lock, err := TakeLock(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, err
	}
	j, err := open(dir, lock)
	if err != nil {
		lock.Release()
		return nil, err
	}
	return j, nil
}

// ReadJournal reads a journal to look at it, also while it is being sent from.
func ReadJournal(dir string) (*Journal, error) {
	j, _, _, err := load(dir)
	return j, err
}

func open(dir string, lock *Lock) (*Journal, error) {
	j, good, lost, err := load(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range j.fates() {
		if f.state == InFlight {
			f.state, f.reply = Unknown, "kprep ended while the message was in flight"
		}
	}
	j.lock, j.run = lock, runID()
	f, err := os.OpenFile(filepath.Join(dir, logFile), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, &UnwritableError{err}
	}
	if err := mend(f, good, lost); err != nil {
		f.Close()
		return nil, &UnwritableError{err}
	}
	if j.departed, err = os.OpenFile(filepath.Join(dir, departedFile), os.O_WRONLY|os.O_APPEND, 0); err != nil {
		f.Close()
		return nil, &UnwritableError{err}
	}
	j.log.file = f
	return j, nil
}

// runID tells the records of one process from those of others.
func runID() string {
	var id [4]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// note writes records and then believes them. A record that could not be
// written leaves the state as the disk has it.
func (j *Journal) note(records ...record) error {
	_, err := j.write(records...)
	return err
}

// write is note, and returns the lines of the log.
func (j *Journal) write(records ...record) ([]byte, error) {
	if j.log.file == nil {
		return nil, errors.New("the journal is open for reading only")
	}
	for i := range records {
		records[i].Run = j.run
		if records[i].Time.IsZero() {
			records[i].Time = time.Now()
		}
	}
	lines, err := j.log.append(records...)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if err := j.apply(r); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// Close releases the lock. The journal stays on disk.
func (j *Journal) Close() error {
	if j.log.file == nil {
		return nil
	}
	err := j.log.file.Close()
	if j.salvaged {
		j.log.file = nil
		return err
	}
	err = errors.Join(err, j.departed.Close())
	j.log.file, j.departed = nil, nil
	return errors.Join(err, j.lock.Release())
}

// Dir is the journal's folder.
func (j *Journal) Dir() string { return j.dir }

// Plan is what was planned.
func (j *Journal) Plan() Plan { return j.plan }

// LastChange is the time of the last log record; zero when there is none.
func (j *Journal) LastChange() time.Time { return j.noteAt }

// Append logs receipts and waits until they are on the disk. Receipts of one
// message that say the same share a record.
func (j *Journal) Append(all ...Receipt) error {
	var records []record
	for _, r := range all {
		next := record{Time: r.Time, Message: r.Message, State: r.State, Step: r.Step, Code: r.Code, Reply: r.Reply, Via: r.Via}
		same := func(o record) bool {
			return o.Message == next.Message && o.State == next.State && o.Step == next.Step && o.Code == next.Code && o.Reply == next.Reply && o.Via == next.Via
		}
		if i := slices.IndexFunc(records, same); i >= 0 {
			records[i].Recipients = append(records[i].Recipients, r.Recipient)
			continue
		}
		next.Recipients = []string{r.Recipient}
		records = append(records, next)
	}
	if len(records) == 0 {
		return nil
	}
	return j.note(records...)
}

// Marks returns the steps of the whole send that were done, in order, such as
// mail-done, tagged, rerolled, closed.
func (j *Journal) Marks() []string { return slices.Clone(j.marks) }

// Has says whether a step was marked.
func (j *Journal) Has(mark string) bool { return slices.Contains(j.marks, mark) }

// Mark logs that a step was done. Marking it again changes nothing.
func (j *Journal) Mark(step string) error {
	if step == "" || j.Has(step) {
		return nil
	}
	return j.note(record{Mark: step})
}

// Message returns a message as it was planned, with its bytes read back from
// the disk and compared with the plan. If it was given a 7-bit form, these are
// the bytes.
func (j *Journal) Message(i int) (Outgoing, error) { return j.look(i, new(bytes.Buffer)) }

// look is Message with its bytes in a buffer, for whoever goes through many and
// needs each no longer than until the next.
func (j *Journal) look(i int, in *bytes.Buffer) (Outgoing, error) {
	p := j.plan.Messages[i]
	file, sum := p.File, p.SHA256
	if coded, ok := j.coded[i]; ok {
		file, sum = sevenBitFile(i), coded
	}
	if err := read(filepath.Join(j.dir, file), in); err != nil {
		return Outgoing{}, j.unreadable(file, err)
	}
	if digest(in.Bytes()) != sum {
		return Outgoing{}, &DamagedError{Dir: j.dir, Reason: file + " is not what was planned"}
	}
	m := p.outline()
	m.Raw = j.rethread(in.Bytes())
	return m, nil
}

// read fills a buffer with the bytes of a file.
func read(path string, in *bytes.Buffer) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in.Reset()
	_, err = in.ReadFrom(f)
	return err
}

// outlines are the messages of the plan without their bytes, which may be many.
func (j *Journal) outlines() []Outgoing {
	var all []Outgoing
	for _, p := range j.plan.Messages {
		all = append(all, p.outline())
	}
	return all
}

func (p Planned) outline() Outgoing {
	return Outgoing{Name: p.Name, ID: p.ID, Subject: p.Subject, Recipients: p.Recipients, To: p.To, Bcc: p.Bcc, Date: p.Date}
}

func sevenBitFile(i int) string { return fmt.Sprintf("msg/%04d.7bit.eml", i) }

// sevenBit is look for a message that gets a form without 8-bit bytes, for this
// attempt and all later ones. The form is on the disk before anybody gets to
// see it.
func (j *Journal) sevenBit(i int, in *bytes.Buffer) (Outgoing, error) {
	m, err := j.look(i, in)
	if err != nil || isASCII(m.Raw) {
		return m, err
	}
	if m.Raw, err = patchmail.SevenBit(m.Raw); err != nil {
		return m, fmt.Errorf("encode %s: %w", m.Name, err)
	}
	if err := checkWire(m.Raw); err != nil {
		return m, fmt.Errorf("encode %s: %w", m.Name, err)
	}
	path := filepath.Join(j.dir, sevenBitFile(i))
	// What an earlier run left there was never logged, so never sent.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return m, err
	}
	if err := createFile(path, m.Raw); err != nil {
		return m, err
	}
	if err := durable.Sync(filepath.Dir(path)); err != nil {
		return m, err
	}
	return m, j.note(record{Message: i, SevenBit: digest(m.Raw)})
}

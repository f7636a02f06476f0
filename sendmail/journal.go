package sendmail

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

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
	pairs    []map[string]Receipt // by message, by recipient
	onWire   map[int]string       // message-ids that a server gave to messages
	coded    map[int]string       // messages with a 7-bit form, its SHA-256
	marks    []string
	noteAt   time.Time // of the last record

	salvaged bool     // read by Salvage
	damage   []string // what Salvage found
}

// OpenJournal opens and locks a journal to go on with it. A last record that
// was cut short is removed from the log; what was in flight is Unknown.
//
// Errors: [BusyError], [ErrNoPlan], and [DamagedError], for which there is
// [Salvage].
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
	for _, m := range j.pairs {
		for recipient, r := range m {
			if r.State == InFlight {
				r.State, r.Reply = Unknown, "kprep ended while the message was in flight"
				m[recipient] = r
			}
		}
	}
	j.lock, j.run = lock, runID()
	f, err := os.OpenFile(filepath.Join(dir, logFile), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	if err := mend(f, int64(good), lost); err != nil {
		f.Close()
		return nil, err
	}
	if j.departed, err = os.OpenFile(filepath.Join(dir, departedFile), os.O_WRONLY|os.O_APPEND, 0); err != nil {
		f.Close()
		return nil, err
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

// mend removes what stands behind the whole records, and adds what was lost.
func mend(f *os.File, good int64, lost []byte) error {
	info, err := f.Stat()
	if err != nil || info.Size() == good && len(lost) == 0 {
		return err
	}
	if err := f.Truncate(good); err != nil {
		return err
	}
	_, err = f.Write(lost)
	return errors.Join(err, f.Sync())
}

// load replays the log over the plan. Good is the length of its whole records,
// and lost are those that it should have behind them.
func load(dir string) (j *Journal, good int, lost []byte, err error) {
	plan, sum, err := readPlan(dir)
	if err != nil {
		return nil, 0, nil, err
	}
	j = &Journal{dir: dir, plan: plan, sum: sum, coded: map[int]string{}, onWire: map[int]string{}}
	for i, m := range plan.Messages {
		pairs := map[string]Receipt{}
		for _, r := range m.Recipients {
			pairs[r] = Receipt{Message: i, Recipient: r, State: Pending}
		}
		j.pairs = append(j.pairs, pairs)
	}
	text, err := os.ReadFile(filepath.Join(dir, logFile))
	if err != nil {
		// Without its log everything would look as if it had never left.
		return nil, 0, nil, j.unreadable(theLog, err)
	}
	records, good, err := parseLog(text)
	if err != nil {
		return nil, 0, nil, &DamagedError{Dir: dir, Reason: err.Error()}
	}
	if lost, err = j.missing(text[:good]); err != nil {
		return nil, 0, nil, err
	}
	again, _, _ := parseLog(lost) // whole lines only
	records = append(records, again...)
	for _, r := range records {
		if err := j.apply(r); err != nil {
			return nil, 0, nil, &DamagedError{Dir: dir, Reason: err.Error()}
		}
	}
	return j, good, lost, nil
}

// apply brings one record into the state in memory.
func (j *Journal) apply(r record) error {
	j.noteAt = r.Time
	if r.Plan != "" {
		if r.Plan != j.sum {
			return errors.New("the plan is not the one that was written")
		}
		return nil
	}
	if r.Mark != "" {
		j.marks = append(j.marks, r.Mark)
		return nil
	}
	if r.Message < 0 || r.Message >= len(j.pairs) {
		return fmt.Errorf("the log speaks of message %d", r.Message)
	}
	if r.OnWire != "" {
		j.onWire[r.Message] = r.OnWire
		return nil
	}
	if r.SevenBit != "" {
		j.coded[r.Message] = r.SevenBit
		return nil
	}
	for _, to := range r.Recipients {
		if _, ok := j.pairs[r.Message][to]; !ok {
			return fmt.Errorf("the log speaks of a recipient that message %d does not have", r.Message)
		}
		j.pairs[r.Message][to] = Receipt{Message: r.Message, Recipient: to, State: r.State, Step: r.Step,
			Code: r.Code, Reply: r.Reply, Time: r.Time, Via: r.Via}
	}
	return nil
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

// Receipts returns what is known of every pair, by message and in the order of
// its recipients.
func (j *Journal) Receipts() []Receipt {
	var all []Receipt
	for i := range j.plan.Messages {
		all = append(all, j.of(i)...)
	}
	return all
}

func (j *Journal) of(message int) []Receipt {
	var all []Receipt
	for _, to := range j.plan.Messages[message].Recipients {
		all = append(all, j.pairs[message][to])
	}
	return all
}

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
func (j *Journal) Message(i int) (Outgoing, error) {
	p := j.plan.Messages[i]
	file, sum := p.File, p.SHA256
	if coded, ok := j.coded[i]; ok {
		file, sum = sevenBitFile(i), coded
	}
	raw, err := os.ReadFile(filepath.Join(j.dir, file))
	if err != nil {
		return Outgoing{}, j.unreadable(file, err)
	}
	if digest(raw) != sum {
		return Outgoing{}, &DamagedError{Dir: j.dir, Reason: file + " is not what was planned"}
	}
	m := p.outline()
	m.Raw = j.rethread(raw)
	return m, nil
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

// sevenBit gives message i a form without 8-bit bytes, for this attempt and
// all later ones. The form is on the disk before anybody gets to see it.
func (j *Journal) sevenBit(i int) (Outgoing, error) {
	m, err := j.Message(i)
	if err != nil || isASCII(string(m.Raw)) {
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
	if err := syncDir(filepath.Dir(path)); err != nil {
		return m, err
	}
	return m, j.note(record{Message: i, SevenBit: digest(m.Raw)})
}

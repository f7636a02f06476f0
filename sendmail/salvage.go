package sendmail

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kprep/kprep/durable"
)

// salvageFile is to a damaged journal what the log is to a whole one: it takes
// the steps that are marked since. Nothing of it is about messages.
const salvageFile = "salvage"

// What the files are called in reasons.
const (
	thePlan     = "the plan"
	theLog      = "the log"
	theDeparted = "the file departed"
)

// maxMessages bounds what a damaged journal can say of itself.
const maxMessages = 10_000

// Salvage reads what is left of a journal that [ReadJournal] calls damaged, for
// people to see, and for its end to be marked; [Run] sends nothing from it.
//
// What a whole record says was accepted, or refused, was. All else may have
// left, and is Unknown, when records may be lost; when none are, only what was
// in flight is. A plan for which the log does not vouch is not believed: its
// messages are those that are found. Kind, revision and change-id are those of
// the folder's path.
func Salvage(dir string) *Journal {
	j := &Journal{dir: dir, salvaged: true, coded: map[int]string{}, onWire: map[int]string{}}
	records, sure := j.salvageRecords()
	j.salvagePlan(records)
	j.untried()
	for _, r := range records {
		j.believe(r)
	}
	for _, pairs := range j.pairs {
		for k, f := range pairs {
			if f == nil {
				f = &fate{state: Pending}
			}
			if f.state == InFlight || !sure && (f.state == Pending || f.state == Deferred) {
				pairs[k] = &fate{state: Unknown, reply: "the journal is damaged: it may have left", time: f.time, via: f.via}
			}
		}
	}
	text, _ := os.ReadFile(filepath.Join(dir, salvageFile))
	marks, _ := wholeRecords(text)
	for _, r := range marks {
		if r.Mark != "" {
			j.marks, j.noteAt = append(j.marks, r.Mark), r.Time
		}
	}
	return j
}

// OpenSalvage is [Salvage] for a journal whose end is to be marked. The caller
// sees to it that nobody else does so.
func OpenSalvage(dir string) (*Journal, error) {
	f, err := os.OpenFile(filepath.Join(dir, salvageFile), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := durable.Sync(dir); err != nil {
		f.Close()
		return nil, err
	}
	j := Salvage(dir)
	j.run, j.log.file = runID(), f
	return j, nil
}

// Salvaged says that the journal was read by [Salvage].
func (j *Journal) Salvaged() bool { return j.salvaged }

// Vouched says that the plan is the one that was written. It is, but for a
// journal that is damaged.
func (j *Journal) Vouched() bool { return !j.salvaged || j.sum != "" }

// Damage tells, a line each, what is not as it was written: files of messages
// too, which it reads.
func (j *Journal) Damage() []string {
	all := slices.Clone(j.damage)
	var in bytes.Buffer
	for i, m := range j.plan.Messages {
		var err error
		if m.SHA256 == "" { // of a plan that is lost
			_, err = os.Stat(filepath.Join(j.dir, m.File))
			err = j.unreadable(m.File, err)
		} else {
			_, err = j.look(i, &in)
		}
		if damaged := (*DamagedError)(nil); errors.As(err, &damaged) {
			all = append(all, damaged.Reason)
		}
	}
	return all
}

func (j *Journal) damaged(why error) error { return &DamagedError{Dir: j.dir, Reason: why.Error()} }

// unreadable is a [DamagedError] for a file that could not be read; nil where
// it could.
func (j *Journal) unreadable(name string, err error) error {
	if err == nil {
		return nil
	}
	return &DamagedError{Dir: j.dir, Reason: whyUnreadable(name, err)}
}

func whyUnreadable(name string, err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return name + " is gone"
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Sprintf("%s cannot be read: %v", name, err)
}

// wholeRecords are the records that fit their checksums; bad counts the
// others, but for a last one that was being written.
func wholeRecords(text []byte) (records []record, bad int) {
	for len(text) > 0 {
		line, rest, ended := bytes.Cut(text, []byte("\n"))
		r, ok := parseRecord(line)
		switch {
		case ended && ok:
			records = append(records, r)
		case len(rest) > 0:
			bad++
		}
		text = rest
	}
	return records, bad
}

// salvageRecords reads what the log and the file of what departed still say,
// in an order in which what left first comes first. sure is false when records
// may be lost, so that what they do not name may have left.
func (j *Journal) salvageRecords() (records []record, sure bool) {
	sure = true
	read := func(name, file string) (text []byte, whole []record) {
		text, err := os.ReadFile(filepath.Join(j.dir, file))
		whole, bad := wholeRecords(text)
		switch {
		case err != nil:
			j.damage = append(j.damage, whyUnreadable(name, err))
		case bad > 0:
			j.damage = append(j.damage, fmt.Sprintf("%d of %d records of %s do not fit their checksums", bad, len(whole)+bad, name))
		}
		sure = sure && err == nil && bad == 0
		return text, whole
	}
	log, logged := read(theLog, logFile)
	_, departed := read(theDeparted, departedFile)
	switch {
	case len(j.damage) > 0:
	case len(logged)+len(departed) == 0:
		j.damage = append(j.damage, theLog+" is empty")
	case len(logged) > 0 && logged[0].Twice && (len(departed) == 0 || departed[0].Plan != logged[0].Plan):
		j.damage, sure = append(j.damage, errBeheaded.Error()), false
	}
	for _, r := range departed {
		// What the log tells of a message came after it had departed.
		if line, err := r.line(); err == nil && !bytes.Contains(log, line) {
			records = append(records, r)
		}
	}
	return append(records, logged...), sure && len(logged) > 0
}

// salvagePlan takes the plan when a record vouches for it, else what is left.
func (j *Journal) salvagePlan(records []record) {
	p, sum, err := parsePlan(j.dir)
	switch {
	case err != nil:
		j.damage = append(j.damage, err.Error())
	case slices.ContainsFunc(records, func(r record) bool { return r.Plan == sum }):
		j.plan, j.sum = p, sum
	case slices.ContainsFunc(records, func(r record) bool { return r.Plan != "" }):
		j.damage = append(j.damage, "the plan is not the one that was written")
	}
	if j.sum == "" {
		j.plan = Plan{Format: planFormat}
	}
	revision := filepath.Dir(j.dir)
	_, j.plan.Kind, _ = strings.Cut(filepath.Base(j.dir), "-")
	j.plan.Revision, _ = strconv.Atoi(strings.TrimPrefix(filepath.Base(revision), "v"))
	j.plan.ChangeID = filepath.Base(filepath.Dir(revision))
	if j.sum == "" {
		j.plan.Messages = j.salvageMessages(records)
	}
}

// salvageMessages makes up a plan from the messages that are there, and from
// what records say of others.
func (j *Journal) salvageMessages(records []record) []Planned {
	var all []Planned
	upTo := func(i int) {
		for len(all) <= i && i < maxMessages {
			all = append(all, j.salvageMessage(len(all)))
		}
	}
	files, _ := filepath.Glob(filepath.Join(escapeGlob(j.dir), "msg", "[0-9]*.eml"))
	for _, f := range files {
		if i, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(f), ".eml")); err == nil {
			upTo(i)
		}
	}
	for _, r := range records {
		if len(r.Recipients) == 0 || r.Message < 0 {
			continue
		}
		upTo(r.Message)
		if r.Message >= len(all) {
			continue
		}
		m := &all[r.Message]
		for _, to := range r.Recipients {
			if !slices.Contains(m.Recipients, to) { // no header names it
				m.Recipients, m.Bcc = append(m.Recipients, to), append(m.Bcc, to)
			}
		}
	}
	return all
}

// salvageMessage is what the file of a message tells of it.
func (j *Journal) salvageMessage(i int) Planned {
	m := Planned{File: messageFile(i), Name: fmt.Sprintf("%04d", i)}
	raw, err := os.ReadFile(filepath.Join(j.dir, m.File))
	if err != nil {
		return m
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m
	}
	m.ID = strings.Trim(parsed.Header.Get("Message-ID"), "<> ")
	m.Date, _ = parsed.Header.Date()
	m.Subject = parsed.Header.Get("Subject")
	if text, err := new(mime.WordDecoder).DecodeHeader(m.Subject); err == nil {
		m.Subject = text
	}
	if j.plan.Kind != "send" && j.plan.Kind != "resend" {
		return m // its headers name those of another mail
	}
	for _, field := range []string{"To", "Cc"} {
		named, _ := parsed.Header.AddressList(field)
		for _, a := range named {
			if !slices.Contains(m.Recipients, a.Address) {
				m.Recipients = append(m.Recipients, a.Address)
			}
		}
	}
	return m
}

// believe applies a record as far as it says something of what is there.
// Accepted is final: no record takes it back.
func (j *Journal) believe(r record) {
	if r.Plan != "" || r.Mark == "" && (r.Message < 0 || r.Message >= len(j.pairs)) {
		return
	}
	r.Recipients = slices.DeleteFunc(slices.Clone(r.Recipients), func(to string) bool {
		known, ok := j.fateOf(r.Message, to)
		return !ok || known != nil && known.state == Accepted
	})
	_ = j.apply(r) // of none of its errors anything is left
}

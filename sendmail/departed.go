package sendmail

import (
	"bytes"
	"os"
	"path/filepath"
)

// departedFile has every in-flight record of the log a second time, written
// after the log was synced and before the dot. It is there for the day on which
// the log is shorter than it was: a message that left must not look as if it had
// not. It is made before the plan is. Its records are not synced, as the log is what counts after a crash.
const departedFile = "departed"

// depart logs that a message is about to leave.
func (j *Journal) depart(message int, recipients []string) error {
	return j.departAll(record{Message: message, Recipients: recipients})
}

// departAll logs that messages are about to leave together.
func (j *Journal) departAll(records ...record) error {
	for i := range records {
		records[i].State = InFlight
	}
	lines, err := j.write(records...)
	if err != nil {
		return err
	}
	_, err = j.departed.Write(lines)
	return err
}

// missing returns the lines of the file that the log, which is given, does not
// have.
func (j *Journal) missing(log []byte) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(j.dir, departedFile))
	if err != nil {
		return nil, j.unreadable(theDeparted, err)
	}
	logged := map[string]bool{}
	for line := range bytes.Lines(log) {
		logged[string(line)] = true
	}
	var lines []byte
	for line := range bytes.Lines(text) {
		if _, ok := parseRecord(bytes.TrimSuffix(line, []byte("\n"))); ok && !logged[string(line)] {
			lines = append(lines, line...)
		}
	}
	return lines, nil
}

// reserve makes sure that the log can take what is left to tell: of every pair
// a reply of full length, and a record before each of a few tries.
func (j *Journal) reserve() error {
	const perRecord, perReply, tries = 256, 1024, 4
	room := int64(16 << 10)
	for i, m := range j.plan.Messages {
		open := len(j.open(i))
		if open == 0 {
			continue
		}
		line := perRecord
		for _, to := range m.Recipients {
			line += len(to) + 8
		}
		room += int64(tries*line + open*perReply)
	}
	for _, f := range []*os.File{j.log.file, j.departed} {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if err := reserve(f, info.Size()+room); err != nil {
			return err
		}
	}
	return nil
}

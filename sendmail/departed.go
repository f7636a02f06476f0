package sendmail

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// departedFile has every in-flight record of the log a second time, written
// after the log was synced and before the dot. It is there for the day on which
// the log is shorter than it was: a message that left must not look as if it had
// not. It is made before the plan is, with the first record of the log, so that
// an empty one is no file of which nothing has left. Its records are not synced,
// as the log is what counts after a crash.
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

// missing returns the lines of the file that the log does not have. A file that
// has lost its beginning is damaged: so may the log be, with nothing to tell.
func (j *Journal) missing(log logLines) (lines []byte, err error) {
	f, err := os.Open(filepath.Join(j.dir, departedFile))
	if err != nil {
		return nil, j.unreadable(theDeparted, err)
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for number := 1; ; number++ {
		text, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, j.unreadable(theDeparted, err)
		}
		line := append(bytes.TrimSuffix(text, []byte("\n")), '\n')
		if number == 1 && log.first != nil && !bytes.Equal(line, log.first) {
			return nil, j.damaged(errBeheaded)
		}
		if _, ok := parseRecord(line[:len(line)-1]); ok && !log.sums[sha256.Sum256(line)] {
			lines = append(lines, line...)
		}
		if err == io.EOF {
			return lines, nil
		}
	}
}

var errBeheaded = errors.New(theDeparted + " has lost its beginning")

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

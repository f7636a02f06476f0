package sendmail

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// load replays the log over the plan, a record at a time. Good is the length of
// its whole records, and lost are those that it should have behind them.
func load(dir string) (j *Journal, good int64, lost []byte, err error) {
	plan, sum, err := readPlan(dir)
	if err != nil {
		return nil, 0, nil, err
	}
	j = &Journal{dir: dir, plan: plan, sum: sum, coded: map[int]string{}, onWire: map[int]string{}}
	j.untried()
	has := logLines{sums: map[[sha256.Size]byte]bool{}}
	if good, err = j.replay(&has); err != nil {
		return nil, 0, nil, err
	}
	if lost, err = j.missing(has); err != nil {
		return nil, 0, nil, err
	}
	if good == 0 && len(lost) == 0 { // its first record was there before the plan
		return nil, 0, nil, j.damaged(errors.New(theLog + " is empty"))
	}
	if _, err := readRecords(bytes.NewReader(lost), func(_ []byte, r record) error { return j.apply(r) }); err != nil {
		return nil, 0, nil, j.damaged(err)
	}
	return j, good, lost, nil
}

// logLines are those that the log has.
type logLines struct {
	first []byte // where the file of what departed has to begin with it too
	sums  map[[sha256.Size]byte]bool
}

// replay applies the log, and fills in what it has.
func (j *Journal) replay(has *logLines) (good int64, err error) {
	f, err := os.Open(filepath.Join(j.dir, logFile))
	if err != nil {
		// Without its log everything would look as if it had never left.
		return 0, j.unreadable(theLog, err)
	}
	defer f.Close()
	good, err = readRecords(f, func(line []byte, r record) error {
		if len(has.sums) == 0 && r.Twice {
			has.first = bytes.Clone(line)
		}
		has.sums[sha256.Sum256(line)] = true
		return j.apply(r)
	})
	switch {
	case errors.As(err, new(*os.PathError)):
		return 0, j.unreadable(theLog, err)
	case err != nil:
		return 0, j.damaged(err)
	}
	return good, nil
}

// readRecords hands over all whole records of a log, each with its line. A last
// record that is not whole was being written when something died; good is the
// length of what comes before it. Damage anywhere else is an error: a record
// behind it might be the one that says that a message has left.
func readRecords(from io.Reader, each func(line []byte, r record) error) (good int64, err error) {
	in := bufio.NewReader(from)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return good, err
		}
		r, ok := parseRecord(bytes.TrimSuffix(line, []byte("\n")))
		if err == io.EOF || !ok {
			if _, err := in.Peek(1); err == nil {
				return good, fmt.Errorf("record %d of the log does not fit its checksum", number)
			} else if err != io.EOF {
				return good, err
			}
			return good, nil
		}
		if err := each(line, r); err != nil {
			return good, err
		}
		good += int64(len(line))
	}
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
	now := &fate{state: r.State, step: r.Step, code: r.Code, reply: r.Reply, time: r.Time, via: r.Via}
	for _, to := range r.Recipients {
		at := slices.Index(j.plan.Messages[r.Message].Recipients, to)
		if at < 0 {
			return fmt.Errorf("the log speaks of a recipient that message %d does not have", r.Message)
		}
		j.pairs[r.Message][at] = now
	}
	return nil
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

package sendmail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"sync"
	"time"
)

// A record is one line of a journal's log: eight hex digits of CRC-32C over
// the rest of the line, a blank, and this as JSON. It says what became of a
// message for some recipients, or that a message has another form, or marks a
// step of the whole send.
type record struct {
	Time       time.Time `json:"time"`
	Run        string    `json:"run"`
	Message    int       `json:"message"`
	Recipients []string  `json:"recipients,omitempty"`
	State      State     `json:"state,omitempty"`
	Step       Step      `json:"step,omitempty"`
	Code       int       `json:"code,omitempty"`
	Reply      string    `json:"reply,omitempty"`
	Via        string    `json:"via,omitempty"`
	SevenBit   string    `json:"seven-bit,omitempty"`          // SHA-256 of the message's 7-bit form, used from here on
	OnWire     string    `json:"message-id-on-wire,omitempty"` // the message-id that the server gave the message
	Mark       string    `json:"mark,omitempty"`
	Plan       string    `json:"plan,omitempty"`  // SHA-256 of the plan; the first record
	Twice      bool      `json:"twice,omitempty"` // the file of what departs begins with this record too
}

var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

func (r record) line() ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(text, castagnoli()), text), nil
}

// parseRecord reads a line without its end.
func parseRecord(line []byte) (record, bool) {
	var r record
	sum, text, ok := bytes.Cut(line, []byte(" "))
	if !ok || len(sum) != 8 || string(sum) != fmt.Sprintf("%08x", crc32.Checksum(text, castagnoli())) {
		return r, false
	}
	return r, json.Unmarshal(text, &r) == nil
}

// A DamagedError reports a journal that is not as kprep left it. It must not
// be sent from.
type DamagedError struct{ Dir, Reason string }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the journal %s is damaged: %s", e.Dir, e.Reason)
}

// A logWriter appends records. After an error it writes no more: half a record
// may be there, and nothing may come behind it.
type logWriter struct {
	file *os.File
	err  error
}

// A LogError reports a record that could not be written. What it was to tell
// may be on the disk or not.
type LogError struct{ Err error }

func (e *LogError) Error() string { return fmt.Sprintf("write the log: %v", e.Err) }
func (e *LogError) Unwrap() error { return e.Err }

// append writes the records, waits for the disk, and returns their lines.
func (w *logWriter) append(records ...record) ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	var text []byte
	for _, r := range records {
		line, err := r.line()
		if err != nil {
			return nil, err // nothing was written
		}
		text = append(text, line...)
	}
	_, err := w.file.Write(text)
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		w.err = &LogError{Err: err}
	}
	return text, w.err
}

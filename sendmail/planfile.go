package sendmail

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/durable"
)

// writePlan keeps to the order that makes a crash harmless: first what the
// plan speaks of, then the plan. Neither is in memory as a whole.
func writePlan(dir string, p Plan, messages iter.Seq2[Outgoing, error]) error {
	folder := filepath.Join(dir, "msg")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	file, err := durable.Create(filepath.Join(dir, planFile), 0o600)
	if err != nil {
		return err
	}
	defer file.Discard()
	plan := newPlanWriter(file)
	if err := plan.begin(p); err != nil {
		return err
	}
	if err := writeMessages(dir, messages, plan); err != nil {
		return err
	}
	sum, err := plan.end()
	if err != nil {
		return err
	}
	first, err := record{Time: p.Created, Plan: sum, Twice: true}.line()
	if err != nil {
		return err
	}
	for _, name := range []string{logFile, departedFile} {
		if err := createFile(filepath.Join(dir, name), first); err != nil {
			return err
		}
	}
	for _, d := range []string{folder, dir} {
		if err := durable.Sync(d); err != nil {
			return err
		}
	}
	if err := file.Replace(); err != nil {
		return err
	}
	// The entry of dir itself is in its parent.
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := durable.Sync(d); err != nil {
			return err
		}
	}
	return nil
}

// writeMessages writes each message into its file, and what the plan says of
// it into that.
func writeMessages(dir string, messages iter.Seq2[Outgoing, error], plan *planWriter) error {
	names, ids := map[string]bool{}, map[string]bool{}
	for m, err := range messages {
		if err != nil {
			return err
		}
		if err := checkOutgoing(m); err != nil {
			return err
		}
		if names[m.Name] || m.ID == "" || ids[m.ID] {
			return fmt.Errorf("%s: name and message-id must be its own", m.Name)
		}
		names[m.Name], ids[m.ID] = true, true
		planned := Planned{
			File: messageFile(plan.count), Name: m.Name, SHA256: digest(m.Raw), Size: len(m.Raw), ID: m.ID,
			Subject: m.Subject, Date: m.Date, Recipients: m.Recipients, To: m.To, Bcc: m.Bcc,
		}
		if err := createFile(filepath.Join(dir, planned.File), m.Raw); err != nil {
			return err
		}
		if err := plan.add(planned); err != nil {
			return err
		}
	}
	if plan.count == 0 {
		return errors.New("there are no messages")
	}
	return nil
}

// A planWriter writes a plan, a message at a time, as json.MarshalIndent would
// write it.
type planWriter struct {
	out   *bufio.Writer
	sum   hash.Hash
	count int // messages so far
}

func newPlanWriter(to io.Writer) *planWriter {
	w := &planWriter{sum: sha256.New()}
	w.out = bufio.NewWriter(io.MultiWriter(to, w.sum))
	return w
}

// begin writes all of a plan but its messages, which are its last field.
func (w *planWriter) begin(p Plan) error {
	p.Format, p.Messages = planFormat, nil
	text, err := json.MarshalIndent(p, "", "  ")
	if err == nil {
		_, err = w.out.Write(bytes.TrimSuffix(text, []byte("null\n}")))
	}
	return err
}

// add writes one more message.
func (w *planWriter) add(m Planned) error {
	text, err := json.MarshalIndent(m, "    ", "  ")
	if err != nil {
		return err
	}
	before := ",\n    "
	if w.count == 0 {
		before = "[\n    "
	}
	w.count++
	w.out.WriteString(before)
	_, err = w.out.Write(text)
	return err
}

// end writes what stands behind the messages, and returns the SHA-256 of it all.
func (w *planWriter) end() (string, error) {
	w.out.WriteString("\n  ]\n}\n")
	err := w.out.Flush()
	return hex.EncodeToString(w.sum.Sum(nil)), err
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
	f, err := os.Open(filepath.Join(dir, planFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p, "", noPlanError{}
	case err != nil:
		return p, "", errors.New(whyUnreadable(thePlan, err))
	}
	defer f.Close()
	digest := sha256.New()
	p, err = decodePlan(io.TeeReader(f, digest))
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return p, "", errors.New(whyUnreadable(thePlan, err))
	}
	if err != nil {
		return p, "", fmt.Errorf(thePlan+" cannot be read: %w", err)
	}
	if p.Format != planFormat || len(p.Messages) == 0 {
		return p, "", fmt.Errorf(thePlan+" cannot be read: format %d with %d messages is not one that this kprep knows", p.Format, len(p.Messages))
	}
	return p, hex.EncodeToString(digest.Sum(nil)), nil
}

// decodePlan reads a plan to its end, its messages one at a time. Messages that
// have the same recipients share them.
func decodePlan(from io.Reader) (p Plan, err error) {
	in := json.NewDecoder(from)
	if err := expect(in, json.Delim('{')); err != nil {
		return p, err
	}
	var messages []Planned
	fields := map[string]json.RawMessage{} // the others
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return p, err
		}
		if name == "messages" {
			messages, err = decodeMessages(in)
		} else {
			var value json.RawMessage
			err = in.Decode(&value)
			fields[name.(string)] = value
		}
		if err != nil {
			return p, err
		}
	}
	if err := expect(in, json.Delim('}')); err != nil {
		return p, err
	}
	if _, err := in.Token(); err != io.EOF {
		return p, cmp.Or(err, errors.New("something stands behind its end"))
	}
	text, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	p.Messages = messages
	return p, err
}

func decodeMessages(in *json.Decoder) (all []Planned, err error) {
	if err := expect(in, json.Delim('[')); err != nil {
		return nil, err
	}
	same := sharing{}
	for in.More() {
		var m Planned
		if err := in.Decode(&m); err != nil {
			return nil, err
		}
		m.Recipients, m.To, m.Bcc = same.list(m.Recipients), same.list(m.To), same.list(m.Bcc)
		all = append(all, m)
	}
	return all, expect(in, json.Delim(']'))
}

func expect(in *json.Decoder, want json.Delim) error {
	got, err := in.Token()
	switch {
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	case err == nil && got != want:
		return fmt.Errorf("%v stands where %v should", got, want)
	}
	return err
}

// sharing has one of all lists that are the same, by what is in them.
type sharing map[string][]string

func (s sharing) list(all []string) []string {
	if len(all) == 0 {
		return nil
	}
	key := strings.Join(all, "\n")
	one, known := s[key]
	if !known {
		one = slices.Clip(all)
		s[key] = one
	}
	return one
}

type noPlanError struct{}

func (noPlanError) Error() string        { return thePlan + " is gone" }
func (noPlanError) Is(target error) bool { return target == fs.ErrNotExist }

// begun says that a journal without a plan had one: mail may have left by it.
// Only after the plan is there do log and file of what departs get more than
// the record of the plan.
func begun(dir string) bool {
	for _, name := range []string{departedFile, logFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true
		}
		for line := range bytes.Lines(text) {
			body, ended := bytes.CutSuffix(line, []byte("\n"))
			if r, ok := parseRecord(body); ended && (!ok || r.Plan == "") {
				return true
			}
		}
	}
	return false
}

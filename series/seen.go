package series

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// SeenPath is the file, below "<common git dir>/kprep", that names the replies
// that were shown, a line each. It is no part of a [State], which undo takes back:
// to look at something is no operation.
func SeenPath(changeID string) string { return "series/" + changeID + "/seen" }

func seenFile(commonDir, changeID string) string {
	return filepath.Join(commonDir, "kprep", filepath.FromSlash(SeenPath(changeID)))
}

// ReadSeen reads the file of SeenPath; nil is none.
func ReadSeen(commonDir, changeID string) ([]byte, error) {
	text, err := os.ReadFile(seenFile(commonDir, changeID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// seenIDs are the message-ids in the file's text.
func seenIDs(text []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range bytes.Lines(text) {
			if id := string(bytes.TrimRight(line, "\r\n")); id != "" && !yield(id) {
				return
			}
		}
	}
}

// MarkSeen notes that replies were shown.
func (s *Series) MarkSeen(ids ...string) error {
	return AddSeen(s.repo.CommonDir, s.Tracking.ChangeID, []byte(strings.Join(ids, "\n")))
}

// AddSeen adds lines to the file of SeenPath that are not in it yet. They go to its
// end, all at once, so that of several who do so nothing is lost.
func AddSeen(commonDir, changeID string, lines []byte) error {
	known, err := ReadSeen(commonDir, changeID)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for id := range seenIDs(known) {
		have[id] = true
	}
	var more []byte
	for id := range seenIDs(lines) {
		if !have[id] {
			have[id] = true
			more = append(append(more, id...), '\n')
		}
	}
	if len(more) == 0 {
		return nil
	}
	if len(known) > 0 && known[len(known)-1] != '\n' { // somebody was killed while writing
		more = append([]byte("\n"), more...)
	}
	if err := appendTo(seenFile(commonDir, changeID), more); err != nil {
		return fmt.Errorf("note which replies were shown: %w", err)
	}
	return nil
}

func appendTo(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return errors.Join(err, out.Close())
}

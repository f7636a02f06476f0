package mailtest

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
)

// A Wanted message is one that its recipients must have exactly once.
type Wanted struct {
	ID string   // message-id without angle brackets
	To []string // mailboxes; none: the message must not have arrived
}

// CheckSeries compares what arrived, in order of arrival, with a series in its
// order, the first of which is the root of the thread. Everybody must have
// every message once, in order, in the same bytes as all others, in reply to
// the root, and nothing else may have arrived. The error names every deviation.
func CheckSeries(arrived []Message, series []Wanted) error {
	var wrong []error
	deviates := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	copies := map[string]map[string]int{}
	bytesOf := map[string][]byte{}
	last := map[string]int{}
	for _, m := range arrived {
		parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
		if err != nil {
			deviates("no message: %w", err)
			continue
		}
		id := bare(parsed.Header.Get("Message-ID"))
		number := slices.IndexFunc(series, func(w Wanted) bool { return w.ID == id })
		if number < 0 {
			deviates("nobody planned %s", id)
			continue
		}
		if was, ok := bytesOf[id]; ok && !bytes.Equal(was, m.Data) {
			deviates("message %d has two forms", number)
		}
		bytesOf[id] = m.Data
		if root := series[0].ID; number > 0 &&
			(bare(parsed.Header.Get("In-Reply-To")) != root || !strings.Contains(parsed.Header.Get("References"), "<"+root+">")) {
			deviates("message %d is no reply to the first", number)
		}
		if copies[id] == nil {
			copies[id] = map[string]int{}
		}
		for _, to := range m.To {
			copies[id][to]++
			if number < last[to] {
				deviates("%s has message %d after %d", to, number, last[to])
			}
			last[to] = number
		}
	}
	for number, w := range series {
		for _, to := range w.To {
			if n := copies[w.ID][to]; n != 1 {
				deviates("%s has message %d %d times", to, number, n)
			}
			delete(copies[w.ID], to)
		}
		for to := range copies[w.ID] {
			deviates("%s has message %d, and was not to have it", to, number)
		}
	}
	return errors.Join(wrong...)
}

func bare(id string) string { return strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">") }

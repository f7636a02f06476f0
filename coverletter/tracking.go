package coverletter

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxTracking bounds tracking data, which comes from strangers too.
const maxTracking = 1 << 20

// Tracking is what a cover letter knows about its series: the JSON document of
// spec/b4-interop.md 1.4. Keys that have no field here are kept, in their
// place, in the document and in its "series".
//
// Make one with [NewTracking], [ParseTracking], [Decode] or
// [ParseHeaderValue].
type Tracking struct {
	Revision   int    // of the next submission, from 1
	ChangeID   string // names the series across revisions
	Prefixes   []string
	Presubject string
	BaseBranch string // "" with the cover-letter commit strategy
	FromThread string // message-id of the thread the series came from, or ""
	// Prerequisites are lines such as "change-id: ID:v2", in order.
	Prerequisites []string
	// History maps "v1" to the message-ids of what was sent as revision 1.
	History map[string][]string

	document value     // as read: order, and the text of unknown keys
	read     *Tracking // the fields as read
}

// A TrackingError reports tracking data that cannot be used.
type TrackingError struct {
	Offset int // in bytes, from the start of what was parsed
	Line   int // from 1
	Column int // in bytes, from 1
	Reason string
}

func (e *TrackingError) Error() string {
	return fmt.Sprintf("tracking data: line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

func trackingError(data []byte, offset int, reason string) error {
	offset = min(offset, len(data))
	return &TrackingError{Offset: offset, Line: 1 + bytes.Count(data[:offset], []byte("\n")),
		Column: offset - bytes.LastIndexByte(data[:offset], '\n'), Reason: reason}
}

// fields lists the known keys of "series", in the order in which new ones are
// added.
func fields() []string {
	return []string{"revision", "change-id", "prefixes", "presubject",
		"base-branch", "from-thread", "prerequisites", "history"}
}

// NewTracking returns the tracking data of a series not yet sent.
func NewTracking(changeID string) *Tracking {
	t := &Tracking{Revision: 1, ChangeID: changeID}
	series := value{kind: '{'}
	for _, key := range []string{"revision", "change-id", "prefixes", "presubject"} {
		series.members = append(series.members, member{quote(key), t.field(key)})
	}
	t.document = value{kind: '{', members: []member{{quote("series"), series}}}
	t.read = t.fieldsOnly()
	return t
}

// Clone returns a copy that shares nothing with t that can change.
func (t *Tracking) Clone() *Tracking {
	c := t.fieldsOnly()
	c.document, c.read = t.document, t.read
	return c
}

func (t *Tracking) fieldsOnly() *Tracking {
	c := *t
	c.document, c.read = value{}, nil
	c.Prefixes = slices.Clone(t.Prefixes)
	c.Prerequisites = slices.Clone(t.Prerequisites)
	c.History = maps.Clone(t.History)
	for key, ids := range c.History {
		c.History[key] = slices.Clone(ids)
	}
	return &c
}

// ParseTracking reads the JSON document. It is at most 1 MB long, "series" has
// an integer revision from 1 and a change-id that [CheckChangeID] takes, and no
// key of the two levels occurs twice; everything else is a *TrackingError.
func ParseTracking(json []byte) (*Tracking, error) {
	document, err := parseJSON(json)
	if err != nil {
		return nil, err
	}
	t := &Tracking{document: document}
	if err := t.load(); err != nil {
		return nil, trackingError(json, 0, err.Error())
	}
	t.read = t.fieldsOnly()
	return t, nil
}

// load sets the fields from the document.
func (t *Tracking) load() error {
	series, ok := t.document.get("series")
	if !ok || series.kind != '{' {
		return fmt.Errorf(`no object "series"`)
	}
	for _, object := range []value{t.document, series} {
		if key, found := object.repeated(); found {
			return fmt.Errorf("%s occurs twice", key)
		}
	}
	for _, key := range fields() {
		v, ok := series.get(key)
		if !ok || v.literal == "null" {
			continue
		}
		if err := t.setField(key, v); err != nil {
			return fmt.Errorf("%q %w", key, err)
		}
	}
	if t.Revision < 1 {
		return fmt.Errorf(`"revision" is missing or below 1`)
	}
	return CheckChangeID(t.ChangeID)
}

func (t *Tracking) setField(key string, v value) (err error) {
	switch key {
	case "revision":
		t.Revision, err = v.asInt()
	case "change-id":
		t.ChangeID, err = v.asString()
	case "prefixes":
		t.Prefixes, err = v.asList()
	case "presubject":
		t.Presubject, err = v.asString()
	case "base-branch":
		t.BaseBranch, err = v.asString()
	case "from-thread":
		t.FromThread, err = v.asString()
	case "prerequisites":
		t.Prerequisites, err = v.asList()
	case "history":
		if v.kind != '{' {
			return fmt.Errorf("is not an object but %s", v.compact())
		}
		t.History = map[string][]string{}
		for _, m := range v.members {
			if t.History[unquote(m.key)], err = m.asList(); err != nil {
				return fmt.Errorf("of %s %w", m.key, err)
			}
		}
	}
	return err
}

// field is the inverse of setField.
func (t *Tracking) field(key string) value {
	switch key {
	case "revision":
		return intValue(t.Revision)
	case "change-id":
		return stringValue(t.ChangeID)
	case "prefixes":
		return listValue(t.Prefixes)
	case "presubject":
		return stringValue(t.Presubject)
	case "base-branch":
		return stringValue(t.BaseBranch)
	case "from-thread":
		return stringValue(t.FromThread)
	case "prerequisites":
		return listValue(t.Prerequisites)
	}
	return t.historyValue()
}

// historyValue keeps the order in which the revisions were read; new ones
// follow by number.
func (t *Tracking) historyValue() value {
	series, _ := t.document.get("series")
	history, _ := series.get("history")
	position := map[string]int{}
	for i, m := range history.members {
		position[unquote(m.key)] = i - len(history.members)
	}
	order := func(key string) int {
		if i, ok := position[key]; ok {
			return i
		}
		n, _ := strconv.Atoi(strings.TrimPrefix(key, "v"))
		return n
	}
	keys := slices.SortedFunc(maps.Keys(t.History), func(a, b string) int {
		if d := order(a) - order(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	v := value{kind: '{'}
	for _, key := range keys {
		v.members = append(v.members, member{quote(key), listValue(t.History[key])})
	}
	return v
}

// current returns the document with the fields as they are now. What did not
// change since it was read stays as it was; a key set for the first time goes
// to the end.
func (t *Tracking) current() value {
	old, found := t.document.get("series")
	series := value{kind: '{'}
	known := fields()
	for _, m := range old.members {
		if key := unquote(m.key); slices.Contains(known, key) {
			if now := t.field(key); now.compact() != t.read.field(key).compact() {
				m.value = now
			}
		}
		series.members = append(series.members, m)
	}
	zero := &Tracking{}
	for _, key := range known {
		now := t.field(key)
		if _, ok := old.get(key); !ok && now.compact() != zero.field(key).compact() {
			series.members = append(series.members, member{quote(key), now})
		}
	}
	document := value{kind: '{', members: slices.Clone(t.document.members)}
	if !found {
		document.members = append(document.members, member{quote("series"), series})
	}
	for i, m := range document.members {
		if m.key == quote("series") {
			document.members[i].value = series
		}
	}
	return document
}

// JSON returns the document as it stands in a cover-letter commit: indented by
// 2, all ASCII, without a final newline. Keys keep their order.
func (t *Tracking) JSON() []byte { return []byte(t.current().indented()) }

// Compact returns the document on one line, as it stands in branch
// configuration and in mail.
func (t *Tracking) Compact() []byte { return []byte(t.current().compact()) }

package trailers

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// A Rejection is a trailer that the user has refused, and the message-id,
// without brackets, of the mail that gave it.
type Rejection struct {
	Trailer string `json:"trailer"` // "Name: value", without notes
	Via     string `json:"via"`
}

func (r Rejection) of(t Trailer, id string) bool {
	if r.Via != id {
		return false
	}
	key, value, ok := parseLine(r.Trailer)
	return ok && t.Same(Trailer{key, value})
}

// A Rejections is b4's file of them, b4-trailers-ignore.json (b4-interop 9.7).
// What kprep does not know in it stays.
type Rejections struct {
	All  []Rejection
	rest map[string]json.RawMessage
}

// ParseRejections reads the file; an empty text is none.
func ParseRejections(text []byte) (*Rejections, error) {
	r := &Rejections{rest: map[string]json.RawMessage{}}
	if len(bytes.TrimSpace(text)) == 0 {
		return r, nil
	}
	if err := json.Unmarshal(text, &r.rest); err != nil {
		return nil, err
	}
	if r.rest == nil {
		return nil, errors.New("it holds no object")
	}
	if ignored, ok := r.rest["ignored"]; ok {
		if err := json.Unmarshal(ignored, &r.All); err != nil {
			return nil, fmt.Errorf("ignored: %w", err)
		}
	}
	delete(r.rest, "ignored")
	return r, nil
}

// Add adds rejections, each once.
func (r *Rejections) Add(more ...Rejection) {
	for _, m := range more {
		if !slices.Contains(r.All, m) {
			r.All = append(r.All, m)
		}
	}
}

// Text is the file as b4 writes it: in order, indented by two, with a line feed
// at the end.
func (r *Rejections) Text() ([]byte, error) {
	all := slices.Clone(r.All)
	slices.SortFunc(all, func(a, b Rejection) int {
		return cmp.Or(cmp.Compare(a.Trailer, b.Trailer), cmp.Compare(a.Via, b.Via))
	})
	fields := map[string]any{"ignored": append([]Rejection{}, all...)}
	for key, value := range r.rest {
		fields[key] = value
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(fields)
	return text.Bytes(), err
}

// Has says whether a trailer was refused that a message gave.
func (r *Rejections) Has(t Trailer, id string) bool {
	return slices.ContainsFunc(r.All, func(one Rejection) bool { return one.of(t, id) })
}

package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/intake"
	"github.com/kprep/kprep/patchmail"
)

// arriving is about a body that did not arrive.
func (x *exchange) arriving(err error) error {
	switch disk := (*intake.DiskError)(nil); {
	case errors.As(err, &disk):
		return broken(err)
	case errors.Is(err, intake.ErrTooLarge):
		return x.tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "The request took too long to arrive")
	}
	return refuse(http.StatusBadRequest, "The request broke off")
}

func (s *Server) tooLarge() error {
	return refuse(http.StatusRequestEntityTooLarge, "The request is larger than %d bytes", s.Limits.Request)
}

// maxDepth is that of the JSON of a request: an object with one array in it.
const maxDepth = 4

// otherValues is how many a request may hold besides its messages.
const otherValues = 100

// decode reads a request with so many messages, or a few more. Of fields of one
// name the last counts, and those of other names do not.
func decode(data []byte, messages int) (endpoint.Request, error) {
	var r endpoint.Request
	if len(bytes.TrimSpace(data)) == 0 {
		return r, refuse(http.StatusBadRequest, "Payload required")
	}
	var object map[string]json.RawMessage
	depth, values := shape(data)
	if most := messages + otherValues; values > most && depth <= maxDepth {
		return r, refuse(http.StatusRequestEntityTooLarge, "The request has %d values, and %d messages may come in one", values, messages)
	}
	if depth > maxDepth || json.Unmarshal(data, &object) != nil || object == nil {
		return r, refuse(http.StatusBadRequest, "Failed to parse the request")
	}
	if _, given := object["action"]; !given {
		return r, refuse(http.StatusBadRequest, "Missing the action")
	}
	for name, into := range map[string]*string{
		"action": &r.Action, "identity": &r.Identity, "selector": &r.Selector, "pubkey": &r.PublicKey, "msg": &r.Msg, "proof": &r.Proof,
	} {
		if raw, given := object[name]; given && !text(raw, into) {
			return r, refuse(http.StatusBadRequest, "Invalid request: %q is no string", name)
		}
	}
	raw, given := object["messages"]
	if !given || string(raw) == "null" {
		return r, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return r, refuse(http.StatusBadRequest, "Invalid messages array")
	}
	r.Messages = make([]string, len(list))
	for i := range list {
		if !text(list[i], &r.Messages[i]) {
			return r, refuse(http.StatusBadRequest, "Invalid message payload: message %d is no string", i+1)
		}
	}
	return r, nil
}

// text reads a JSON string, and nothing else; null is none.
func text(raw json.RawMessage, into *string) bool {
	return len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, into) == nil
}

// shape says how deep arrays and objects stand in each other, as far as
// maxDepth and one more, and how many values there are. It costs nothing, where
// a parser would keep a stack, and memory for each value.
func shape(data []byte) (depth, values int) {
	level, quoted := 0, false
	values = 1
	for i := 0; i < len(data) && depth <= maxDepth; i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ',':
			values++
		case c == '{' || c == '[':
			level++
			depth = max(depth, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return depth, values
}

// shown is text of a client in an answer.
func shown(s string) string {
	const most = 200
	s = patchmail.PrintableLine(s)
	if len(s) > most {
		return string([]rune(s)[:min(most, len([]rune(s)))]) + "…"
	}
	return s
}

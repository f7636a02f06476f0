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

// decode reads a request. Of fields of one name the last counts, and those of
// other names do not.
func decode(data []byte) (endpoint.Request, error) {
	var r endpoint.Request
	if len(bytes.TrimSpace(data)) == 0 {
		return r, refuse(http.StatusBadRequest, "Payload required")
	}
	var object map[string]json.RawMessage
	if tooDeep(data) || json.Unmarshal(data, &object) != nil || object == nil {
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

// tooDeep says whether arrays and objects stand in each other deeper than any
// request has them; it costs nothing, where a parser would keep a stack.
func tooDeep(data []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
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

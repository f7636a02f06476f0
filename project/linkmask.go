package project

import (
	"fmt"
	"strings"
)

// LinkMask is the URL of a message in the archive, with one %s for its
// message-id.
func (s *Settings) LinkMask() (string, error) {
	v, ok := s.Get("linkmask")
	if !ok {
		return "https://patch.msgid.link/%s", nil
	}
	if strings.Count(v.Text, "%s") != 1 {
		return "", fmt.Errorf("configuration %s: %q needs one %%s, for the message-id", v.Key, v.Text)
	}
	return v.Text, nil
}

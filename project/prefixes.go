package project

import (
	"fmt"
	"strings"
)

// Prefixes returns what the subjects of a new series carry: the words of
// send-prefixes and the text of send-presubject, which is in brackets.
func (s *Settings) Prefixes() (prefixes []string, presubject string, err error) {
	if v, ok := s.Get("send-prefixes"); ok {
		prefixes = strings.Fields(v.Text)
	}
	v, ok := s.Get("send-presubject")
	if !ok || v.Text == "" {
		return prefixes, "", nil
	}
	if !strings.HasPrefix(v.Text, "[") || !strings.HasSuffix(v.Text, "]") {
		return nil, "", fmt.Errorf("configuration %s: %q must stand in brackets, as in \"[proj]\"", v.Key, v.Text)
	}
	return prefixes, v.Text, nil
}

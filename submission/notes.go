package submission

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// dropTrailers reads drop-trailers: the names of trailers that are never
// mailed, globs in any case, several to a value with commas between them. nil
// when nothing is dropped.
func (s *Submission) dropTrailers() (func(key string) bool, error) {
	var globs []string
	for _, v := range s.settings.All("drop-trailers") {
		for _, glob := range strings.Split(v.Text, ",") {
			if glob = strings.ToLower(strings.TrimSpace(glob)); glob == "" {
				continue
			}
			if _, err := path.Match(glob, ""); err != nil {
				return nil, fmt.Errorf("configuration %s: %q is no pattern for names of trailers", v.Key, glob)
			}
			globs = append(globs, glob)
		}
	}
	if globs == nil {
		return nil, nil
	}
	return func(key string) bool {
		for _, glob := range globs {
			if ok, _ := path.Match(glob, strings.ToLower(key)); ok {
				return true
			}
		}
		return false
	}, nil
}

// Notes says in what a message differs from the commit it is made of: trailers
// that were dropped, the author in its body, an encoding for the way.
func (m Message) Notes() []string {
	var all []string
	for _, t := range m.Draft.Dropped {
		all = append(all, fmt.Sprintf("dropped %q", patchmail.PrintableLine(t)))
	}
	if m.Draft.InBody != "" {
		all = append(all, fmt.Sprintf("the author in the body: %s", m.Draft.InBody))
	}
	if e := m.Encoding; e == "quoted-printable" || e == "base64" {
		all = append(all, fmt.Sprintf("encoded as %s, which the other side undoes", e))
	}
	return all
}

// encodingOf is the transfer encoding of a message that patchmail wrote.
func encodingOf(raw []byte) string {
	_, rest, _ := bytes.Cut(raw, []byte("\nContent-Transfer-Encoding: "))
	encoding, _, _ := bytes.Cut(rest, []byte("\n"))
	return string(encoding)
}

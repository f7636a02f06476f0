package submission

import (
	"fmt"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// read takes what a command printed: one address a line, perhaps with a role
// behind it as get_maintainer.pl prints it. Empty lines say nothing. Of lines
// that name nobody, the first few are told.
func (a *Answer) read(output string, kind Field, patch int, source string) {
	before := len(a.Warnings)
	for line := range strings.Lines(output) {
		a.readLine(line, Found{Kind: kind, Patch: patch, Source: source})
	}
	if more := len(a.Warnings) - before - maxBadLines; more > 0 {
		a.Warnings = append(a.Warnings[:before+maxBadLines], Warning{Source: source, Reason: fmt.Sprintf("%d more lines that name nobody", more)})
	}
}

// maxBadLines is how many lines of one answer are complained of.
const maxBadLines = 5

// maxBadLine is how many bytes of such a line are shown.
const maxBadLine = 200

// readLine takes one line, whose addresses become sightings like as.
func (a *Answer) readLine(line string, as Found) {
	line = strings.TrimSpace(line)
	if line == "" {
		return
	}
	list, err := readRecipients(line)
	if err != nil {
		if len(line) > maxBadLine {
			line = strings.ToValidUTF8(line[:maxBadLine], "") + "..."
		}
		a.Warnings = append(a.Warnings, Warning{Source: as.Source, Line: line, Reason: reason(err)})
	}
	for _, address := range list {
		as.Address = address
		a.Found = append(a.Found, as)
	}
}

// readRecipients reads one line. It is one address, whose name may have commas
// without quotes, or a group. QUIRK: b4 also takes several, "a@example.org, b@example.org";
// when every part between commas is an address, it is a list.
func readRecipients(line string) ([]patchmail.Address, error) {
	line = withoutRole(line)
	if list, err := patchmail.ParseAddressList(line); err == nil && len(list) > 1 {
		return list, nil
	}
	if members, ok := patchmail.ParseGroup(line); ok {
		return members, nil
	}
	one, err := patchmail.ParseTrailerAddress(line)
	if err != nil {
		return nil, err
	}
	return []patchmail.Address{one}, nil
}

// withoutRole drops the role behind an address, "a@example.org (open list:X)":
// the parser would take it for a name, as RFC 822 has it. Roles are cut at a
// certain length, so their parentheses need not match.
func withoutRole(line string) string {
	if address, rest, ok := strings.Cut(line, " "); ok && strings.Contains(address, "@") && strings.HasPrefix(strings.TrimSpace(rest), "(") {
		return address
	}
	quoted := false
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && quoted:
			i++
		case line[i] == '"':
			quoted = !quoted
		case line[i] == '>' && !quoted && strings.HasPrefix(strings.TrimSpace(line[i+1:]), "("):
			return line[:i+1]
		}
	}
	return line
}

// reason is why a text is no address, without the text.
func reason(err error) string {
	if bad, ok := err.(*patchmail.AddressError); ok {
		return bad.Reason
	}
	return err.Error()
}

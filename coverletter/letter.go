package coverletter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// noSubject stands for the title of a cover that has none.
const noSubject = "(no cover subject)"

// A Letter is a cover text as it is read for mailing.
type Letter struct {
	// Subject is the title line with its bracket chunks, or "(no cover
	// subject)" where the first line is not followed by a blank one.
	Subject string
	// Prose is the text below the title up to the trailers, without blank
	// lines at either end.
	Prose string
	// Trailers is the trailer block above the first "---" line without its To
	// and Cc, notes included, in order.
	Trailers []trailers.Trailer
	// To and Cc are the recipients in the trailer block, in order.
	To, Cc []patchmail.Address
	// Below holds the sections under "---" lines, such as the changelog, in
	// order; none is blank, and none has blank lines at either end.
	Below []string
}

// HasSubject says whether the letter has a title of its own.
func (l Letter) HasSubject() bool { return l.Subject != noSubject }

// Clean returns a cover text as it is rendered (b4-interop 3.2): comment lines
// emptied, ">#" turned into "#", runs of blank lines made one, and white space
// at both ends gone. CRLF becomes LF. A comment among trailers leaves no blank
// line: the trailers above it would not be read as such.
func Clean(text string) string {
	lines := view(settle(strings.ReplaceAll(text, "\r\n", "\n")))
	clean := strings.Join(lines, "\n")
	for strings.Contains(clean, "\n\n\n") {
		clean = strings.ReplaceAll(clean, "\n\n\n", "\n\n")
	}
	return strings.TrimSpace(clean)
}

// view returns the lines of text, without line ends, as rendering sees them:
// comments are empty and escapes are undone.
func view(text string) []string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "#"):
			lines[i] = ""
		case strings.HasPrefix(line, ">#"):
			lines[i] = line[1:]
		}
	}
	return lines
}

// NeedsEditing reports whether a placeholder is left in what would be mailed.
func NeedsEditing(text string) bool { return strings.Contains(Clean(text), "EDITME") }

// Parse reads a cover text, comments and all. It is always divided at its
// first "---" line, so that a changelog never hides the recipients. The error
// names a To or Cc trailer that is no address.
func Parse(text string) (Letter, error) {
	lines := strings.Split(Clean(text), "\n")
	o := outlineOf(lines)
	l := Letter{Subject: noSubject, Prose: paragraphs(lines[o.body:o.block])}
	if o.title >= 0 {
		l.Subject = strings.TrimSpace(lines[o.title])
	}
	for _, t := range o.trailers {
		if !t.Is("To") && !t.Is("Cc") {
			l.Trailers = append(l.Trailers, t)
		}
	}
	var err error
	if l.To, l.Cc, err = listed(o.trailers); err != nil {
		return Letter{}, fmt.Errorf("cover letter: %w", err)
	}
	for _, s := range o.sections {
		if section := paragraphs(lines[s.start:s.end]); section != "" {
			l.Below = append(l.Below, section)
		}
	}
	return l, nil
}

// recipients reads a To or Cc trailer: one mailbox as in any trailer, whose
// name may hold commas, or a list of addresses as people write it in a mail,
// or a group, which may be empty.
func recipients(t trailers.Trailer) ([]patchmail.Address, error) {
	value := strings.Join(strings.Fields(t.Value), " ")
	if list, err := patchmail.ParseAddressList(value); err == nil && len(list) > 1 {
		return list, nil
	}
	if members, ok := patchmail.ParseGroup(value); ok {
		return members, nil
	}
	a, err := patchmail.ParseTrailerAddress(value)
	if err != nil {
		return nil, err
	}
	return []patchmail.Address{a}, nil
}

// Body returns prose, trailers and sections as ${cover} prints them: without
// title, To and Cc, and without a final newline.
func (l Letter) Body() string { return l.layOut(l.Trailers) }

// BodyWithRecipients is Body with a To and Cc trailer for each recipient in
// front of the other trailers, as the tag of a sent revision keeps them.
func (l Letter) BodyWithRecipients() string {
	var ts []trailers.Trailer
	for _, a := range l.To {
		ts = append(ts, trailers.Trailer{Key: "To", Value: a.String()})
	}
	for _, a := range l.Cc {
		ts = append(ts, trailers.Trailer{Key: "Cc", Value: a.String()})
	}
	return l.layOut(append(ts, l.Trailers...))
}

func (l Letter) layOut(ts []trailers.Trailer) string {
	text := withTrailers(l.Prose, ts)
	for i, section := range l.Below {
		switch {
		case text == "":
		case i == 0 && len(ts) > 0:
			text += "\n"
		default:
			text += "\n\n"
		}
		text += "---\n" + section
	}
	return text
}

func withTrailers(prose string, ts []trailers.Trailer) string {
	var lines []string
	for _, t := range ts {
		lines = append(lines, t.String())
	}
	block := strings.Join(lines, "\n")
	if prose == "" || block == "" {
		return prose + block
	}
	return prose + "\n\n" + block
}

// paragraphs joins lines without the blank ones at either end.
func paragraphs(lines []string) string {
	text := slices.Clone(lines)
	for len(text) > 0 && blank(text[0]) {
		text = text[1:]
	}
	return strings.TrimRight(strings.Join(text, "\n"), " \t\r\n")
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }

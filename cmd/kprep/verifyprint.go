package main

import (
	"bytes"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/patchmail"
)

// headerFacts reads what a header shows beside its signatures. What cannot be
// read is empty.
func headerFacts(raw []byte) (subject patchmail.Subject, list string) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return subject, ""
	}
	return patchmail.ParseSubject(m.Header.Get("Subject")), m.Header.Get("List-Id")
}

// dkimWords says what a DKIM signature is worth here.
func dkimWords(r attest.DKIMResult) string {
	switch {
	case !r.Checked:
		return "has a DKIM signature of " + r.Domain + ", which is not checked"
	case r.Reason != "":
		return "has a bad DKIM signature of " + r.Domain + ": " + r.Reason
	}
	return "came by " + r.Domain + ", by its DKIM signature"
}

func (m *checkedMail) title() string {
	if m.report != nil && m.report.Subject != "" {
		part := ""
		if m.subject.Total > 1 {
			part = fmt.Sprintf("%d/%d ", m.subject.Counter, m.subject.Total)
		}
		return part + m.report.Subject
	}
	return fmt.Sprintf("message %d in %s", m.number, m.file)
}

// printVerified prints a line for each signature, below it what to know, and
// at the end what was not signed. A key that somebody vouches for, one that was
// merely seen before, and a new one look different.
func (e *env) printVerified(checked []*checkedMail, asPatatt bool) {
	unsigned := []string{} // parts of messages whose signatures hold
	for _, m := range checked {
		title := patchmail.PrintableLine(m.title())
		if m.err != nil {
			fmt.Fprintf(e.stdout, "%-8s%s\n        %s\n", attest.Error, title, patchmail.PrintableLine(m.err.Error()))
			continue
		}
		if len(m.report.Signatures) == 0 {
			fmt.Fprintf(e.stdout, "%-8s%s\n", attest.NoSig, title)
		}
		for _, s := range m.report.Signatures {
			e.printSignature(s, title)
			if s.Fingerprint != "" {
				unsigned = append(unsigned, s.NotSigned()...)
			}
		}
		for _, note := range m.report.Notes {
			fmt.Fprintf(e.stdout, "        %s\n", patchmail.PrintableLine(note))
		}
		for _, r := range m.dkim {
			fmt.Fprintf(e.stdout, "        %s\n", patchmail.PrintableLine(dkimWords(r)))
		}
	}
	if asPatatt {
		return
	}
	e.printSeries(checkSeries(checked))
	e.warnOfChanges(checked)
	if len(unsigned) > 0 {
		e.notef("not signed: %s", strings.Join(once(unsigned), ", "))
	}
}

func (e *env) printSignature(s attest.Signature, title string) {
	fmt.Fprintf(e.stdout, "%-8s%s\n", verdictWord(s), title)
	if line := signedBy(s); line != "" {
		fmt.Fprintf(e.stdout, "        %s\n", patchmail.PrintableLine(line))
	}
	for _, reason := range s.Reasons {
		fmt.Fprintf(e.stdout, "        %s\n", patchmail.PrintableLine(reason))
	}
}

// once leaves out what was in the list before.
func once(list []string) []string {
	var kept []string
	for _, one := range list {
		if !slices.Contains(kept, one) {
			kept = append(kept, one)
		}
	}
	return kept
}

// warnOfChanges says loudly where another may be writing in somebody's name.
func (e *env) warnOfChanges(checked []*checkedMail) {
	var warnings []string
	for _, m := range checked {
		if m.report == nil {
			continue
		}
		if m.report.Downgraded {
			warnings = append(warnings, m.report.Notes...)
		}
		for _, s := range m.report.Signatures {
			if s.Changed {
				warnings = append(warnings, "the key of "+patchmail.PrintableLine(s.Identity)+" is another one: somebody else may be writing in that name")
			}
		}
	}
	for _, w := range once(warnings) {
		e.warnf("%s", w)
	}
}

func verdictWord(s attest.Signature) string {
	switch {
	case s.Trust == attest.FirstUse:
		return "FIRST"
	case s.Status == attest.Pass && s.Trust == attest.Seen:
		return "SEEN"
	}
	return s.Status.String()
}

// signedBy says who signed a message that passed, when, and why the key counts
// as theirs.
func signedBy(s attest.Signature) string {
	if s.Status != attest.Pass {
		return ""
	}
	text := "by " + s.Identity
	if !s.Made.IsZero() {
		text += " on " + s.Made.UTC().Format(time.DateOnly)
	}
	switch {
	case s.Trust == attest.Confirmed:
		text += ", with the key that you confirmed, " + s.Fingerprint
	case s.Known != nil:
		text += ", with the key that signed before, " + s.Fingerprint
	default:
		return text + ", key " + s.Key
	}
	if s.Known != nil && s.Known.Count > 0 {
		text += ", " + plural(s.Known.Count, "message", "messages") + " since " + s.Known.First.Time.Format(time.DateOnly)
	}
	return text
}

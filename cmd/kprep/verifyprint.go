package main

import (
	"bytes"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
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
func (e *env) printVerified(checked []*checkedMail, asPatatt bool) error {
	signers := []string{}
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
			signer := strings.ToLower(s.Identity) + " with the key " + s.Fingerprint
			if s.Fingerprint != "" && !slices.Contains(signers, signer) {
				signers = append(signers, signer)
			}
			fmt.Fprintf(e.stdout, "%-8s%s\n", verdictWord(s), title)
			if line := signedBy(s); line != "" {
				fmt.Fprintf(e.stdout, "        %s\n", patchmail.PrintableLine(line))
			}
			for _, reason := range s.Reasons {
				fmt.Fprintf(e.stdout, "        %s\n", patchmail.PrintableLine(reason))
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
		return nil
	}
	if missing := missingParts(checked); len(missing) > 0 {
		numbers := make([]string, len(missing))
		for i, n := range missing {
			numbers[i] = strconv.Itoa(n)
		}
		e.warnf("parts of the series are missing: %s", strings.Join(numbers, " "))
	}
	if len(signers) > 1 {
		e.warnf("the messages are not all signed alike: by %s", strings.Join(signers, "; by "))
	}
	if len(signers) > 0 {
		e.notef("not signed: To, Cc, Date, the thread, and the revision and number in the subject")
	}
	return nil
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

// signedBy says who signed a message that passed, and whose word that is.
func signedBy(s attest.Signature) string {
	if s.Status != attest.Pass {
		return ""
	}
	text := "by " + s.Identity
	if !s.Made.IsZero() {
		text += " on " + s.Made.UTC().Format(time.DateOnly)
	}
	switch {
	case s.Key != "":
	case s.Trust == attest.Confirmed:
		return text + ", with the key that you confirmed, " + s.Fingerprint
	case s.Trust == attest.Seen:
		return text + ", with the key that signed before, " + s.Fingerprint
	}
	return text + ", key " + s.Key
}

// The JSON document of a check.
type verifiedJSON struct {
	Schema   int            `json:"schema"` // 1
	Status   attest.Status  `json:"status"` // the worst
	Missing  []int          `json:"missing-parts"`
	Messages []verifiedMail `json:"messages"`
}

type verifiedMail struct {
	File       string              `json:"file"`
	Number     int                 `json:"number"` // in that file, from 1
	MessageID  string              `json:"message-id,omitempty"`
	Subject    string              `json:"subject,omitempty"`
	Author     string              `json:"author,omitempty"`
	Status     attest.Status       `json:"status"`
	Error      string              `json:"error,omitempty"`
	Notes      []string            `json:"notes,omitempty"`
	DKIM       []verifiedDKIM      `json:"dkim,omitempty"`
	Signatures []verifiedSignature `json:"signatures"`
}

type verifiedDKIM struct {
	Domain  string `json:"domain"`
	Checked bool   `json:"checked"`
	Reason  string `json:"reason,omitempty"` // why it does not hold
}

type verifiedSignature struct {
	Status      attest.Status    `json:"status"`
	Trust       attest.Trust     `json:"trust,omitempty"` // keyring, confirmed, seen or first-use
	Identity    string           `json:"identity"`
	Algorithm   attest.Algorithm `json:"algorithm,omitempty"`
	Selector    string           `json:"selector,omitempty"`
	Made        string           `json:"made,omitempty"` // RFC 3339
	Key         string           `json:"key,omitempty"`
	Fingerprint string           `json:"fingerprint,omitempty"`
	Headers     []string         `json:"headers,omitempty"` // that are signed
	Trimmed     bool             `json:"trimmed,omitempty"`
	Changed     bool             `json:"changed-key,omitempty"`
	Reasons     []string         `json:"reasons,omitempty"`
}

func verifyReport(checked []*checkedMail, worst attest.Status) verifiedJSON {
	doc := verifiedJSON{Schema: 1, Status: worst, Missing: append([]int{}, missingParts(checked)...)}
	for _, m := range checked {
		out := verifiedMail{File: m.file, Number: m.number, Status: m.status(), Signatures: []verifiedSignature{}}
		for _, r := range m.dkim {
			out.DKIM = append(out.DKIM, verifiedDKIM(r))
		}
		if m.err != nil {
			out.Error = m.err.Error()
		}
		if r := m.report; r != nil {
			out.MessageID, out.Subject, out.Notes = r.MessageID, r.Subject, r.Notes
			if r.Email != "" {
				out.Author = patchmail.Address{Name: r.Author, Mailbox: r.Email}.String()
			}
			for _, s := range r.Signatures {
				one := verifiedSignature{Status: s.Status, Trust: s.Trust, Identity: s.Identity, Algorithm: s.Algorithm, Selector: s.Selector,
					Key: s.Key, Fingerprint: s.Fingerprint, Headers: s.Headers, Trimmed: s.Trimmed, Changed: s.Changed, Reasons: s.Reasons}
				if !s.Made.IsZero() {
					one.Made = s.Made.UTC().Format(time.RFC3339)
				}
				out.Signatures = append(out.Signatures, one)
			}
		}
		doc.Messages = append(doc.Messages, out)
	}
	return doc
}

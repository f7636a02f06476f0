package main

import (
	"time"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/patchmail"
)

// The JSON document of a check.
type verifiedJSON struct {
	Schema   int            `json:"schema"` // 1
	Status   attest.Status  `json:"status"` // the worst
	Messages []verifiedMail `json:"messages"`
	// Series are those that the messages belong to, beside single patches;
	// none as patatt judges.
	Series []verifiedSeries `json:"series"`
}

type verifiedSeries struct {
	Title       string        `json:"title"`
	Revision    int           `json:"revision"`
	ChangeID    string        `json:"change-id,omitempty"`
	Patches     int           `json:"patches"` // that it should have
	Missing     []int         `json:"missing"`
	Status      attest.Status `json:"status"`                // the worst of its messages
	Identity    string        `json:"identity,omitempty"`    // that signed all of them
	Fingerprint string        `json:"fingerprint,omitempty"` // of the key that did
	Problems    []string      `json:"problems,omitempty"`
}

type verifiedMail struct {
	File       string              `json:"file"`
	Number     int                 `json:"number"` // in that file, from 1
	MessageID  string              `json:"message-id,omitempty"`
	Subject    string              `json:"subject,omitempty"`
	Author     string              `json:"author,omitempty"`
	Status     attest.Status       `json:"status"`
	Error      string              `json:"error,omitempty"`
	Downgraded bool                `json:"downgraded,omitempty"` // not signed, by somebody who signs
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
	FirstSeen   string           `json:"first-seen,omitempty"` // RFC 3339, when the key was remembered
	Messages    int              `json:"messages,omitempty"`   // that it signed before
	Headers     []string         `json:"headers,omitempty"`    // that are signed
	Stale       bool             `json:"stale,omitempty"`
	Trimmed     bool             `json:"trimmed,omitempty"`
	Changed     bool             `json:"changed-key,omitempty"`
	Reasons     []string         `json:"reasons,omitempty"`
}

func verifyReport(checked []*checkedMail, worst attest.Status, asPatatt bool) verifiedJSON {
	doc := verifiedJSON{Schema: 1, Status: worst, Series: []verifiedSeries{}}
	if !asPatatt {
		for _, s := range checkSeries(checked) {
			doc.Series = append(doc.Series, verifiedSeries{Title: s.Title, Revision: s.Revision, ChangeID: s.ChangeID, Patches: len(s.Patches), Missing: append([]int{}, s.Missing()...),
				Status: s.report.Status, Identity: s.report.Identity, Fingerprint: s.report.Fingerprint, Problems: s.report.Problems})
		}
	}
	for _, m := range checked {
		out := verifiedMail{File: m.file, Number: m.number, Status: m.status(), Signatures: []verifiedSignature{}}
		for _, r := range m.dkim {
			out.DKIM = append(out.DKIM, verifiedDKIM(r))
		}
		if m.err != nil {
			out.Error = m.err.Error()
		}
		if r := m.report; r != nil {
			out.MessageID, out.Subject, out.Downgraded, out.Notes = r.MessageID, r.Subject, r.Downgraded, r.Notes
			if r.Email != "" {
				out.Author = patchmail.Address{Name: r.Author, Mailbox: r.Email}.String()
			}
			for _, s := range r.Signatures {
				out.Signatures = append(out.Signatures, signatureFacts(s))
			}
		}
		doc.Messages = append(doc.Messages, out)
	}
	return doc
}

func signatureFacts(s attest.Signature) verifiedSignature {
	one := verifiedSignature{Status: s.Status, Trust: s.Trust, Identity: s.Identity, Algorithm: s.Algorithm, Selector: s.Selector,
		Key: s.Key, Fingerprint: s.Fingerprint, Headers: s.Headers, Stale: s.Stale, Trimmed: s.Trimmed, Changed: s.Changed, Reasons: s.Reasons}
	if !s.Made.IsZero() {
		one.Made = s.Made.UTC().Format(time.RFC3339)
	}
	if s.Known != nil {
		one.FirstSeen, one.Messages = s.Known.First.Time.UTC().Format(time.RFC3339), s.Known.Count
	}
	return one
}

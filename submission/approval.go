package submission

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"regexp"
	"strings"

	"github.com/kprep/kprep/sendmail"
)

// An approval is a digest of all that a send would do, then a short one of each
// of its parts, which tells them apart when they differ.
const (
	approvalDigits = 32
	partDigits     = 4
)

// An ApprovalError reports a submission that is not the one that was approved.
type ApprovalError struct {
	Differs []string // the parts that are others now, for people; never empty
	Now     string   // the approval of what would be sent now
}

func (e *ApprovalError) Error() string {
	return "this is not what was approved: the " + strings.Join(e.Differs, ", the ") + " differs"
}

// IsApproval says whether a text has the form of an approval.
func IsApproval(text string) bool {
	form := fmt.Sprintf(`^[0-9a-f]{%d}-([0-9a-f]{%d}){%d}$`, approvalDigits, partDigits, len(approvalParts()))
	return regexp.MustCompile(form).MatchString(text)
}

// approvalParts names the parts of an approval, in order.
func approvalParts() []string {
	return []string{"branch tip", "headers", "text", "envelope", "route", "signer"}
}

// Approval is a digest of the branch tip, of every message's headers and body,
// of the envelope, of the route and of who signs. Dates, message-ids and what refers to them
// do not count, and neither does the transfer encoding, since these are new
// with every rendering or do not change what is read. Two submissions with the
// same approval send the same.
func (s *Submission) Approval() string {
	all := sha256.New()
	var short strings.Builder
	for _, part := range s.approved() {
		sum := part.Sum(nil)
		all.Write(sum)
		short.WriteString(hex.EncodeToString(sum)[:partDigits])
	}
	return hex.EncodeToString(all.Sum(nil))[:approvalDigits] + "-" + short.String()
}

// CheckApproved returns an *ApprovalError when the submission is not the one
// that an earlier Approval was of.
func (s *Submission) CheckApproved(approval string) error {
	now := s.Approval()
	if now == approval {
		return nil
	}
	e := &ApprovalError{Now: now}
	for i, name := range approvalParts() {
		at := approvalDigits + 1 + i*partDigits
		if len(approval) < at+partDigits || approval[at:at+partDigits] != now[at:at+partDigits] {
			e.Differs = append(e.Differs, name)
		}
	}
	if e.Differs == nil { // short digests that are equal by chance
		e.Differs = approvalParts()
	}
	return e
}

// approved has taken the text of each part.
func (s *Submission) approved() []hash.Hash {
	own := map[string]string{}
	for i, m := range s.Messages {
		own[m.Draft.Message.ID] = fmt.Sprintf("message %d", i)
	}
	id := func(id string) string {
		if k, ok := own[id]; ok {
			return k
		}
		return id
	}
	tip, headers, text, envelope, route, signer := sha256.New(), sha256.New(), sha256.New(), sha256.New(), sha256.New(), sha256.New()
	io.WriteString(tip, string(s.Series.Tip))
	io.WriteString(route, s.Route())
	io.WriteString(signer, s.Signing.String())
	fmt.Fprintf(envelope, "%q %q\n", s.Kind, s.Envelope)
	for i, m := range s.Messages {
		d := m.Draft.Message
		fmt.Fprintf(headers, "%d %q %q\n%q\n%q\n%q\n", i, d.From, d.Subject, d.To, d.Cc, d.Headers)
		fmt.Fprintf(headers, "%q", id(d.InReplyTo))
		for _, r := range d.References {
			fmt.Fprintf(headers, " %q", id(r))
		}
		fmt.Fprintf(text, "%d %x\n", i, m.text)
		fmt.Fprintf(envelope, "%d %q %q\n", i, m.Recipients, m.to)
	}
	return []hash.Hash{tip, headers, text, envelope, route, signer}
}

// Route is where the mail would go first, for people; "" when there is no way,
// which is an error only when it is sent.
func (s *Submission) Route() string {
	mail := s.Mail
	mail.Insecure = mail.Unchecked()
	transport, err := sendmail.OpenTransport(mail, credentials{s.repo})
	if err != nil {
		return ""
	}
	defer transport.Close()
	return transport.String()
}

package inbox

import (
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// An Addressed is what the header of a mail says to those who answer it.
type Addressed struct {
	ID         string // without brackets
	Subject    string // decoded, on one line
	Date       string // as it stands there
	From       patchmail.Address
	ReplyTo    []patchmail.Address
	FollowUpTo []patchmail.Address // of Mail-Followup-To
	To, Cc     []patchmail.Address
	References []string // what it answers, the nearest last
	Automatic  bool     // a program has sent it, as RFC 3834 has it
}

// ReadAddressed reads the header of a mail. Addresses that cannot be read are
// passed over, and what else is broken costs only itself.
func ReadAddressed(raw []byte) (Addressed, error) {
	entity, _, err := openEntity(raw)
	if err != nil {
		return Addressed{}, err
	}
	h := &entity.Header
	subject, err := h.Text("Subject")
	if err != nil {
		subject = h.Get("Subject")
	}
	a := Addressed{
		ID: firstID(h.Get("Message-Id")), Subject: strings.Join(strings.Fields(subject), " "), Date: strings.TrimSpace(h.Get("Date")), From: sender(h.Get("From")),
		ReplyTo: addresses(entity.Header, "Reply-To"), FollowUpTo: addresses(entity.Header, "Mail-Followup-To"), To: addresses(entity.Header, "To"), Cc: addresses(entity.Header, "Cc"),
		References: messageIDs(h.Get("References")),
	}
	if len(a.References) == 0 { // RFC 5322 3.6.4
		if above := messageIDs(h.Get("In-Reply-To")); len(above) == 1 {
			a.References = above
		}
	}
	auto := strings.ToLower(strings.TrimSpace(h.Get("Auto-Submitted")))
	a.Automatic = auto != "" && !strings.HasPrefix(auto, "no")
	return a, nil
}

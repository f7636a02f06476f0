package relay

import (
	"slices"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// relayed are the fields that may leave. All others stay here: those that only
// servers write, such as Received, those that steer programs, such as List-* and
// Reply-To, and those that nobody knows. Those that steer Patchwork may leave
// when their author has signed them.
func relayed() []string {
	return append(singletons(), "user-agent", "x-mailer", "x-developer-signature", "x-developer-key", "x-b4-tracking", "x-change-id")
}

// singletons may stand once in a mail: RFC 5322, section 3.6; RFC 2045, section 3.
func singletons() []string {
	return []string{"from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
		"mime-version", "content-type", "content-transfer-encoding"}
}

// addressed are the fields that name recipients.
func addressed() []string { return []string{"to", "cc"} }

// clean leaves the fields that may leave, in a form that can.
func clean(m mail) (mail, error) {
	kept, signed := mail{body: m.body}, map[string]int{}
	for _, name := range m.signed() {
		signed[name]++
	}
	for _, f := range m.fields {
		if slices.Contains(singletons(), f.name) && kept.index(f.name) >= 0 {
			return mail{}, &FieldError{f.label(), "stands twice in the header"}
		}
		steers := strings.HasPrefix(f.name, "x-patchwork-") && signed[f.name] > 0
		if !steers && !slices.Contains(relayed(), f.name) {
			continue
		}
		if steers && len(m.values(f.name)) > signed[f.name] { // a signature is over the last ones: RFC 6376, section 5.4.2
			return mail{}, &FieldError{f.label(), "stands more often than it is signed"}
		}
		if !f.fits() {
			var err error
			if f.raw, err = rewrite(f); err != nil {
				return mail{}, err
			}
		}
		kept.fields = append(kept.fields, f)
	}
	return kept, nil
}

// rewrite writes a field again of which a line is too long or not ASCII.
func rewrite(f field) (string, error) {
	var text string
	var err error
	switch f.name {
	case "from", "to", "cc":
		var list []patchmail.Address
		if list, err = patchmail.ParseAddressList(f.value()); err == nil {
			text, err = patchmail.AddressField(f.label(), list...)
		}
	case "message-id", "in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding",
		"x-developer-signature", "x-developer-key":
		return "", &FieldError{f.label(), "has a line that is too long or not ASCII"}
	default:
		text, err = patchmail.TextField(f.label(), strings.ReplaceAll(f.value(), "\t", " "))
	}
	if err != nil {
		return "", &FieldError{f.label(), err.Error()}
	}
	return text, nil
}

// recipients are the addresses in To and Cc as SMTP wants them, each once, in
// order.
func (m mail) recipients() ([]string, error) {
	var all []patchmail.Address
	for _, name := range addressed() {
		list, err := patchmail.ParseAddressList(m.value(name))
		if err != nil {
			return nil, &FieldError{name, err.Error()}
		}
		all = append(all, list...)
	}
	return envelope(all)
}

func envelope(all []patchmail.Address) ([]string, error) {
	var list []string
	seen := map[string]bool{}
	for _, a := range all {
		mailbox, _, err := a.Envelope()
		if err != nil {
			return nil, err
		}
		if !seen[a.Key()] {
			seen[a.Key()] = true
			list = append(list, mailbox)
		}
	}
	return list, nil
}

// checkSigned refuses to let leave what would break a signature: a field that it
// covers has to be what it was. From and Subject are signed as "git am" reads
// them, so that their form is free.
func checkSigned(before, after mail) error {
	for _, name := range before.signed() {
		if name != "from" && name != "subject" && !slices.Equal(before.values(name), after.values(name)) {
			return &FieldError{name, "is signed, and does not leave this service as it is"}
		}
	}
	return nil
}

// signed are the names of the fields that signatures say to cover, in lower case.
func (m mail) signed() []string {
	var names []string
	for _, f := range m.fields {
		if f.name == "x-developer-signature" {
			names = append(names, strings.Split(strings.ToLower(tag(f.value(), "h")), ":")...)
		}
	}
	return names
}

// tag is the value of a tag of a signature, without white space: RFC 6376,
// section 3.2.
func tag(value, name string) string {
	found := ""
	for part := range strings.SplitSeq(strings.Join(strings.Fields(value), ""), ";") {
		if key, text, ok := strings.Cut(part, "="); ok && key == name {
			found = text
		}
	}
	return found
}

package submit

import (
	"bytes"
	"fmt"
	"net/mail"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/patchmail"
)

// purpose says what an envelope asks for: a message to all whom To and Cc name
// is to be received, one to its author alone to be reflected. Any other envelope
// is refused for a reason, as the service would mail to more people than it
// names, or to others. What is wrong with the header the acceptor says better.
func purpose(text []byte, envelope []patchmail.Address) (action, reason string) {
	m, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return endpoint.ActionReceive, ""
	}
	named, err := listed(m.Header, "To", "Cc")
	if err != nil {
		return endpoint.ActionReceive, ""
	}
	missing := stranger(named, envelope)
	author, err := listed(m.Header, "From")
	if (missing != "" || len(named) == 0) && err == nil && stranger(envelope, author) == "" {
		return endpoint.ActionReflect, ""
	}
	if other := stranger(envelope, named); other != "" {
		return "", fmt.Sprintf("this service mails to those whom To and Cc name, and to nobody else, such as %s", other)
	}
	if missing != "" {
		return "", fmt.Sprintf("To and Cc name %s, and the envelope does not: this service mails to all whom they name, or, as a look, to the author alone", missing)
	}
	return endpoint.ActionReceive, ""
}

// listed are the addresses in fields of these names.
func listed(header mail.Header, fields ...string) ([]patchmail.Address, error) {
	var all []patchmail.Address
	for _, field := range fields {
		for _, value := range header[field] {
			list, err := patchmail.ParseAddressList(value)
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
	}
	return all, nil
}

// stranger is the first of some addresses that is not among others, "" for none.
func stranger(some, others []patchmail.Address) string {
	known := map[string]bool{}
	for _, a := range others {
		known[a.Key()] = true
	}
	for _, a := range some {
		if !known[a.Key()] {
			return a.Mailbox
		}
	}
	return ""
}

package submission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// An EndpointError reports what a web endpoint cannot do, whatever the messages
// are.
type EndpointError struct {
	Reason   string
	Unsigned bool
	Idle     []string // keys that could sign
}

func (e *EndpointError) Error() string { return "through a web endpoint: " + e.Reason }

func unsignedError(s Signing) error {
	return &EndpointError{Reason: fmt.Sprintf("messages have to be signed, and they are %s", s), Unsigned: true, Idle: s.Idle}
}

// endpointPossible says whether this kind of mail can go through a web endpoint.
func (s *Submission) endpointPossible() error {
	switch {
	case !s.Mail.ByEndpoint():
		return nil
	case s.Kind == KindPreview:
		return &EndpointError{Reason: "--preview-to is not possible, it mails to all whom the headers name, or to you alone"}
	case s.Signing.Signer == nil && s.Signing.Err == nil:
		return unsignedError(s.Signing)
	}
	return nil
}

// endpointProblems finds what a web endpoint would refuse, or damage
// ("web-endpoint", section 8).
func (s *Submission) endpointProblems() []Problem {
	if !s.Mail.ByEndpoint() {
		return nil
	}
	var all []Problem
	refuse := func(next, format string, args ...any) {
		all = append(all, Problem{Name: "endpoint", Refusal: true, Text: fmt.Sprintf(format, args...), Next: next})
	}
	if signer := s.Signing.Signer; signer != nil && !speaksFor(signer.Identity, s.Sender.Mailbox) {
		refuse("set patatt.identity, or sendemail.from, so that they agree",
			"From is %s and the messages are signed as %s: a web endpoint takes only one's own", s.Sender.Mailbox, signer.Identity)
	}
	if name := s.Sender.Name; name == "" || strings.Contains(name, ",") {
		all = append(all, Problem{Name: "from-name", Refusal: true, Next: "set user.name, or sendemail.from",
			Text: fmt.Sprintf("From has the name %q: b4's web endpoint rewrites it wrongly when it is empty or has a comma", name)})
	}
	if s.bcc > 0 && !s.Kind.private() {
		refuse("leave out --bcc, or 'kprep -c sendemail.bcc= send'", "a web endpoint mails only to whom the headers name, and %d more are to get a blind copy", s.bcc)
	}
	for _, m := range s.Messages {
		if why := unfit(m); why != "" {
			refuse("", "%s: %s", m.Name, why)
		}
	}
	return all
}

// speaksFor says that a web endpoint takes mail from an address by the key of an
// identity: it is that, but for a part behind a "+".
func speaksFor(identity, from string) bool {
	local, domain, _ := strings.Cut(from, "@")
	local, _, _ = strings.Cut(local, "+")
	return identity == from || identity == local+"@"+domain
}

var (
	// As b4's service has it.
	patchSubject = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\[[^]]+\])*\[PATCH`) })
	hasChange    = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^---.*\n\+\+\+|^GIT binary patch|^diff --git |^ *\d+ files? changed`)
	})
)

// unfit says why a web endpoint would not take a message, or not as it is.
func unfit(m Message) string {
	if e := m.Encoding; e != "7bit" && e != "8bit" {
		return fmt.Sprintf("it needs the encoding %s on its way, which web endpoints are known to lose", e)
	}
	if !patchSubject().MatchString(m.Draft.Message.Subject) {
		return fmt.Sprintf("its subject has no [PATCH] at the beginning: %q", m.Draft.Message.Subject)
	}
	raw, err := m.Raw()
	if err != nil {
		return err.Error()
	}
	if _, body, _ := bytes.Cut(raw, []byte("\n\n")); !hasChange().Match(body) {
		return "it has neither a diff nor a diffstat"
	}
	return ""
}

// From says what readers will see as the sender, where that may be another than
// the one that is sent; "" where it will not.
func (r *Sending) From() string {
	from := r.Sender
	_, byWeb := r.transport.(*sendmail.Web)
	switch service := r.Service; {
	case !byWeb:
		return ""
	case service == nil:
		return "the service may put an address of its own into From; git am and the signatures go by the author in the body"
	case slices.ContainsFunc(service.OwnDomains, func(d string) bool { return strings.EqualFold(d, from.Domain()) }):
		return ""
	default:
		shown := patchmail.Address{Name: fmt.Sprintf("%s via %s", from.Name, service.Name), Mailbox: service.RelayFrom}
		return fmt.Sprintf("readers will see From: %s, with your address in it; git am and the signatures go by the author in the body", shown)
	}
}

// meet asks a web endpoint, before anything is confirmed, what it does with
// mail.
func (r *Sending) meet(ctx context.Context) error {
	web, ok := r.transport.(*sendmail.Web)
	if !ok {
		return nil
	}
	var err error
	if r.Service, err = web.Describe(ctx); err != nil {
		return err
	}
	if r.Service == nil {
		return nil
	}
	if err := endpoint.Takes(r.Service, string(r.Signing.Signer.Algorithm())); err != nil {
		return err
	}
	return r.fits(r.Service)
}

// fits compares the messages with what the service takes.
func (s *Submission) fits(service *endpoint.Service) error {
	total := int64(0)
	for _, m := range s.Messages {
		if total += int64(m.Size); service.MaxMessage > 0 && int64(m.Size) > service.MaxMessage {
			return &EndpointError{Reason: fmt.Sprintf("it takes messages of at most %d bytes, and %s has %d", service.MaxMessage, m.Name, m.Size)}
		}
	}
	switch n := len(s.Messages); {
	case service.MaxMessages > 0 && n > service.MaxMessages:
		return &EndpointError{Reason: fmt.Sprintf("it takes at most %d messages at a time, and these are %d", service.MaxMessages, n)}
	case service.MaxRequest > 0 && total > service.MaxRequest:
		return &EndpointError{Reason: fmt.Sprintf("it takes at most %d bytes at a time, and these are %d", service.MaxRequest, total)}
	}
	return nil
}

// EndpointKey is the key of a signer, as a web endpoint is told of it.
func EndpointKey(ctx context.Context, signer *attest.Signer) (endpoint.Key, error) {
	public, err := signer.Public(ctx)
	if err != nil {
		return endpoint.Key{}, err
	}
	k := endpoint.Key{Identity: signer.Identity, Selector: signer.Selector, Algorithm: string(public.Algorithm), Public: public.Text, Fingerprint: public.Fingerprint, Signer: signer}
	if k.Selector == "" {
		k.Selector = "default"
	}
	return k, nil
}

// EndpointClient is for a web endpoint in other matters than sending.
func EndpointClient(mail sendmail.Settings) (*endpoint.Client, error) {
	mail.UseEndpoint = true
	transport, err := sendmail.OpenTransport(mail, nil)
	if err != nil {
		return nil, err
	}
	return transport.(*sendmail.Web).Client(), nil
}

// An Inquiry is a question to the web endpoint that may have what nobody knows
// the fate of.
type Inquiry struct {
	Asked   int // messages
	Settled int
}

// Ask asks the web endpoint about messages of unknown fate that only it can
// have, if it is the one that the settings name and one that can tell. What it
// has or refused, or never got, is settled.
func (o *Open) Ask(ctx context.Context, mail sendmail.Settings, signer *attest.Signer, at endpoint.Stamp) (q Inquiry, err error) {
	var ids []string
	var those []sendmail.Doubt
	for _, d := range o.Doubts() {
		if d.Via != "" && d.Via == mail.Endpoint {
			ids, those = append(ids, d.Planned.ID), append(those, d)
		}
	}
	if len(ids) == 0 || signer == nil {
		return q, nil
	}
	client, err := EndpointClient(mail)
	if err != nil {
		return q, err
	}
	service, err := client.Describe(ctx)
	if err != nil || service == nil {
		return q, err
	}
	key, err := EndpointKey(ctx, signer)
	if err != nil {
		return q, err
	}
	q.Asked = len(ids)
	fates, err := client.Status(ctx, key, ids, at)
	if err != nil {
		return q, err
	}
	for i, f := range fates {
		state, reply := sendmail.Accepted, "the web endpoint says that it has it"
		switch f.State {
		case endpoint.Unsure:
			continue
		case endpoint.Rejected:
			state, reply = sendmail.Refused, "the web endpoint refused it: "+f.Reason
		case endpoint.Absent:
			state, reply = sendmail.Deferred, "the web endpoint never got it"
		}
		q.Settled++
		err = errors.Join(err, o.journal.Answered(those[i].Message, state, reply, f.Refused))
	}
	return q, err
}

package server

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// A Template is the mail with a challenge. In both, ${identity}, ${selector},
// ${fingerprint}, ${name}, ${url}, ${challenge} and ${others} are filled in; the
// last is a sentence about the challenges that other networks asked for, or
// nothing.
type Template struct{ Subject, Body string }

// StandardTemplate is the challenge mail of a service that has none of its own.
func StandardTemplate() Template {
	return Template{
		Subject: "${name}: confirm your key",
		Body: `Somebody, hopefully you, wants to send patches as

    ${identity}

through ${name}, <${url}>, signed by the key

    ${fingerprint} (selector ${selector})

To confirm that this is your key, sign the following text within an hour:

${challenge}

With b4:     b4 send --web-auth-verify ${challenge}
With kprep:  kprep auth verify ${challenge}

If it was not you, do nothing: without an answer nothing happens.
${others}`,
	}
}

// check makes sure that a challenge can be found in the mail.
func (t Template) check() error {
	for line := range strings.Lines(t.Body) {
		if strings.TrimSpace(line) == "${challenge}" {
			return nil
		}
	}
	return errText("the template of the challenge mail has no line that is ${challenge} and nothing else")
}

func (t Template) fill(values map[string]string) (subject, body string) {
	get := func(name string) string { return values[name] }
	return os.Expand(t.Subject, get), os.Expand(t.Body, get)
}

// notice makes a mail of the service to an identity.
func (x *exchange) notice(k store.Key, subject, body string) (*store.Submission, error) {
	id, err := x.draw()
	if err != nil {
		return nil, err
	}
	from := patchmail.Address{Name: x.Mail.Name, Mailbox: x.Mail.From.Mailbox}
	sender, _, err := from.Envelope()
	if err != nil {
		return nil, err
	}
	id += "@" + domain(sender)
	raw, err := writeNotice(from, k.Identity, subject, id, x.now(), body)
	if err != nil {
		return nil, err
	}
	return &store.Submission{
		Identity: k.Identity, Selector: k.Selector, Key: k.Fingerprint, Kind: store.Notice, Client: x.blind(x.network), Received: x.now(),
		Messages: []store.Message{{
			MessageID: id, Subject: subject, Raw: raw, Relayed: raw, EnvelopeFrom: sender, Feed: store.FeedNone,
			Deliveries: []store.Delivery{{Recipient: k.Identity, State: sendmail.Pending}},
		}},
	}, nil
}

func writeNotice(from patchmail.Address, to, subject, id string, date time.Time, body string) ([]byte, error) {
	var mail bytes.Buffer
	for _, write := range []func() (string, error){
		func() (string, error) { return patchmail.AddressField("From", from) },
		func() (string, error) { return patchmail.AddressField("To", patchmail.Address{Mailbox: to}) },
		func() (string, error) { return patchmail.TextField("Subject", subject) },
	} {
		field, err := write()
		if err != nil {
			return nil, err
		}
		mail.WriteString(field)
	}
	encoded, encoding := patchmail.EncodeBody([]byte(body))
	fmt.Fprintf(&mail, "Date: %s\nMessage-ID: <%s>\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n"+
		"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: %s\n\n", date.UTC().Format(time.RFC1123Z), id, encoding)
	mail.Write(encoded)
	return mail.Bytes(), nil
}

func (x *exchange) values(k store.Key) map[string]string {
	return map[string]string{"identity": k.Identity, "selector": k.Selector, "fingerprint": k.Fingerprint, "name": x.Mail.Name, "url": x.URL.String()}
}

func (x *exchange) challengeMail(k store.Key, challenge string, asked demand) (*store.Submission, error) {
	values := x.values(k)
	values["challenge"] = challenge
	if asked.elsewhere > 0 {
		values["others"] = fmt.Sprintf("\nIn this hour %d challenges to this address were asked for, %d of them by other\nnetworks than the one that asked for this.\n", asked.all, asked.elsewhere)
	}
	subject, body := x.Challenge.fill(values)
	return x.notice(k, subject, body)
}

// stopParameter leads to the page that stops a key.
const stopParameter = "stop"

func (x *exchange) stopLink(secret string) string {
	u := *x.URL
	u.RawQuery = url.Values{stopParameter: {secret}}.Encode()
	return u.String()
}

func (x *exchange) enrolledMail(k store.Key, stop string) (*store.Submission, error) {
	subject := x.Mail.Name + ": a key was enrolled for you"
	from := "It counts from now on."
	if k.State == store.Waiting {
		subject = x.Mail.Name + ": a further key was enrolled for you"
		from = fmt.Sprintf("Because you have another key there, it counts only from %s on.", when(k.ActiveFrom))
	}
	return x.notice(k, subject, fmt.Sprintf("The key\n\n    %s (selector %s)\n\nwas enrolled for %s with %s, <%s>. %s\n\nIf it is not your key, stop it here:\n\n%s\n",
		k.Fingerprint, k.Selector, k.Identity, x.Mail.Name, x.URL, from, x.stopLink(stop)))
}

func (x *exchange) replacedMail(old, k store.Key, stop string) (*store.Submission, error) {
	return x.notice(k, x.Mail.Name+": your key was replaced", fmt.Sprintf("The key\n\n    %s (selector %s)\n\nof %s with %s, <%s>, was replaced by\n\n    %s (selector %s)\n\nwith the consent of the old key. If it was not you, stop the new key here:\n\n%s\n",
		old.Fingerprint, old.Selector, k.Identity, x.Mail.Name, x.URL, k.Fingerprint, k.Selector, x.stopLink(stop)))
}

func (x *exchange) withdrawnMail(k store.Key) (*store.Submission, error) {
	return x.notice(k, x.Mail.Name+": your key was revoked", fmt.Sprintf("The key\n\n    %s (selector %s)\n\nof %s does not count any more with %s, <%s>.\n\nIf it was not you, somebody else has the key, or your mail: enrol another key, and tell the people who run the service.\n",
		k.Fingerprint, k.Selector, k.Identity, x.Mail.Name, x.URL))
}

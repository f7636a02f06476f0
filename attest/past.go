package attest

import (
	"bytes"
	"context"
	"net/mail"
	"strings"
	"time"
)

// A Past is the mail that the user keeps. Whoever seems to sign for the first
// time may have signed before, there, by another key.
type Past struct {
	// Walk visits that mail, with where each message is.
	Walk func(ctx context.Context, visit func(raw []byte, where string)) error

	read  bool
	found map[string][]earlierKey // by identity in lower case
}

// An earlierKey is a key in mail of the past. Its signatures are not checked:
// anybody can add mail to the past, and nobody can take it away.
type earlierKey struct {
	fingerprint string
	count       int       // messages
	first       time.Time // the earliest date of them
	where       string    // the first of them
	ids         map[string]bool
}

// keys returns the keys of OpenSSH and ed25519 in mail from an identity, in
// order of appearance, without the message id itself. It reads the mail once,
// and is not for use at the same time.
func (p *Past) keys(ctx context.Context, identity, id string) ([]earlierKey, error) {
	if p == nil {
		return nil, nil
	}
	if !p.read {
		p.found = map[string][]earlierKey{}
		if err := p.Walk(ctx, p.learn); err != nil {
			return nil, err
		}
		p.read = true
	}
	var keys []earlierKey
	for _, k := range p.found[strings.ToLower(identity)] {
		if k.ids[id] {
			k.count--
		}
		if k.count > 0 {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// learn notes what keys a message carries for who it is from.
func (p *Past) learn(raw []byte, where string) {
	if !bytes.Contains(bytes.ToLower(raw[:min(len(raw), 1<<20)]), []byte("\n"+strings.ToLower(signatureField)+":")) {
		return
	}
	m, err := parseMessage(raw)
	if err != nil {
		return
	}
	id := messageID(m)
	date, _ := mail.ParseDate(unfold(bytes.Join(m.values("date"), nil)))
	for _, from := range addresses(m, "from") {
		for _, fingerprint := range carried(m, from) {
			p.note(from, earlierKey{fingerprint: fingerprint, count: 1, first: date, where: where, ids: map[string]bool{id: true}})
		}
	}
}

func (p *Past) note(identity string, k earlierKey) {
	for i := range p.found[identity] {
		was := &p.found[identity][i]
		if was.fingerprint != k.fingerprint {
			continue
		}
		for id := range k.ids {
			if was.ids[id] {
				return
			}
			was.ids[id] = true
		}
		was.count++
		if k.first.Before(was.first) {
			was.first = k.first
		}
		return
	}
	p.found[identity] = append(p.found[identity], k)
}

// carried returns the fingerprints of the keys that come with the signatures of
// an identity.
func carried(m message, identity string) []string {
	var fingerprints []string
	raws := m.values(strings.ToLower(signatureField))
	for _, raw := range raws[:min(len(raws), maxSignatures)] {
		c, err := parseClaim(raw)
		if err != nil || !strings.EqualFold(c.tags["i"], identity) {
			continue
		}
		algorithm, known := algorithmOf(c.tags["a"], true)
		if !known {
			continue
		}
		for _, key := range offered(m, c, algorithm, identity) {
			if f, err := Fingerprint(algorithm, []byte(key)); err == nil {
				fingerprints = append(fingerprints, f)
			}
		}
	}
	return fingerprints
}

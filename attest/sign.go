package attest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// A SignError reports a signature that could not be made.
type SignError struct {
	Key  string // as configured, such as "ed25519:20250102"
	Said string // by the program that signs, one line; "" for nothing
	Err  error
}

func (e *SignError) Error() string {
	text := fmt.Sprintf("sign with the key %q", e.Key)
	if e.Said != "" {
		return text + ": " + e.Said
	}
	return fmt.Sprintf("%s: %v", text, e.Err)
}

func (e *SignError) Unwrap() error { return e.Err }

// A signingKey makes signatures over digests: base64 for b=, and the tag that
// tells people about the key, "pk=…" or "fpr=…".
type signingKey interface {
	algorithm() Algorithm
	sign(ctx context.Context, digest []byte) (value, about string, err error)
	publicKey(ctx context.Context) (text, fingerprint string, err error)
}

// A Signer signs messages with one key; see Settings.Signer.
type Signer struct {
	Identity string // for i=; "": the author's address
	Selector string // for s=; "": none, which means "default"

	key  signingKey
	name string   // of the key, as configured
	env  []string // for git
}

// Algorithm is the kind of the key.
func (s *Signer) Algorithm() Algorithm { return s.key.algorithm() }

// Key names the key as the configuration does, such as "ed25519:20250102".
func (s *Signer) Key() string { return s.name }

// Sign returns the message with a signature made at the time now: the two
// fields stand at the end of the header block, in the place of any that were
// there, and every other byte stays. It returns ErrNotMail, ErrNoAuthor, or a
// *SignError when the key does not sign.
func (s *Signer) Sign(ctx context.Context, raw []byte, now time.Time) ([]byte, error) {
	m, err := parseMessage(raw)
	if err != nil {
		return nil, err
	}
	m.fields = unsigned(m.fields)
	if !wellFormed(m.fields) {
		return nil, ErrNotMail
	}
	c, err := canonicalise(ctx, m, s.env)
	if err != nil {
		return nil, err
	}
	identity := s.Identity
	if identity == "" {
		identity = c.info.Email
	}
	names := []string{"from", "subject"}
	if len(c.fields["message-id"]) > 0 {
		names = append(names, "message-id")
	}
	tags := []string{"v=1", "a=" + string(s.key.algorithm()) + hashSuffix}
	if s.key.algorithm() != OpenPGP { // those signatures hold the time
		tags = append(tags, fmt.Sprintf("t=%d", now.Unix()))
	}
	tags = append(tags, fmt.Sprintf("l=%d", len(c.body)), "i="+identity)
	if s.Selector != "" {
		tags = append(tags, "s="+s.Selector)
	}
	tags = append(tags, "h="+strings.Join(names, ":"), "bh="+bodyHash(c.body), "b=")
	for _, tag := range tags {
		if strings.ContainsAny(tag, "; \t\r\n") {
			return nil, &SignError{Key: s.name, Err: fmt.Errorf("%q cannot be written into a signature", tag)}
		}
	}
	claim := strings.Join(tags, "; ")
	value, about, err := s.key.sign(ctx, c.digest(names, []byte(claim)))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, f := range m.fields {
		out.Write(f.raw)
	}
	end := string(m.separator[len(bytes.TrimRight(m.separator, "\r\n")):])
	out.WriteString(foldField(signatureField+": "+claim+cutValue(value)) + end)
	out.WriteString(foldField(fmt.Sprintf("%s: i=%s; a=%s; %s", keyField, identity, s.key.algorithm(), about)) + end)
	out.Write(m.separator)
	out.Write(m.body)
	return out.Bytes(), nil
}

// SignAll signs finished messages, in order: all of them, or none when one
// cannot be signed. A sender calls it once every header is final, Date and
// Message-ID too, and before it plans or records anything: the bytes that come
// back are those that have to leave.
func (s *Signer) SignAll(ctx context.Context, raws [][]byte, now time.Time) ([][]byte, error) {
	signed := make([][]byte, len(raws))
	for i, raw := range raws {
		var err error
		if signed[i], err = s.Sign(ctx, raw, now); err != nil {
			return nil, fmt.Errorf("message %d of %d: %w", i+1, len(raws), err)
		}
	}
	return signed, nil
}

// unsigned leaves out earlier signatures: a message has one by us.
func unsigned(fields []field) []field {
	var kept []field
	for _, f := range fields {
		if name := f.name(); name != strings.ToLower(signatureField) && name != strings.ToLower(keyField) {
			kept = append(kept, f)
		}
	}
	return kept
}

// wellFormed is true where every line of the header is a field, but for a
// "From " line of a mailbox. Git takes any other for the end of the header, and
// what stands behind it, our fields too, for the body.
func wellFormed(fields []field) bool {
	for i, f := range fields {
		name, _, colon := bytes.Cut(f.raw, []byte(":"))
		if (!colon || !fieldName().Match(name)) && !(i == 0 && mboxLine().Match(f.raw)) {
			return false
		}
	}
	return len(fields) > 0
}

func bodyHash(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// digest is what the key signs: 32 bytes over the named headers and the
// signature field up to its value.
func (c *canonical) digest(names []string, claim []byte) []byte {
	h := sha256.New()
	h.Write(c.headerInput(names))
	h.Write([]byte(strings.ToLower(signatureField) + ":"))
	h.Write(claim)
	return h.Sum(nil)
}

package attest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// statusPrefix begins a line that gpg prints for programs; doc/DETAILS of
// GnuPG describes them.
const statusPrefix = "[GNUPG:] "

// An openpgpKey signs by gpg, with its agent and cards.
type openpgpKey struct {
	programs Programs
	name     string // as configured
	id       string // for gpg
}

func (*openpgpKey) algorithm() Algorithm { return OpenPGP }

// sign makes an inline-signed message of the digest.
func (k *openpgpKey) sign(ctx context.Context, digest []byte) (value, about string, err error) {
	ran := k.programs.run(ctx, k.programs.GPG, digest, "--batch", "--no-auto-key-retrieve", "--no-auto-check-trustdb", "--status-fd=2", "--output", "-", "-s", "-u", k.id)
	if ctx.Err() != nil {
		return "", "", ctx.Err()
	}
	created := status(ran.stderr, "SIG_CREATED")
	if ran.err == nil && (len(created) < 6 || len(ran.stdout) == 0) {
		ran.err = errors.New("it made no signature")
	}
	if ran.err != nil {
		return "", "", &SignError{Key: k.name, Said: ran.said(), Err: ran.err}
	}
	return base64.StdEncoding.EncodeToString(ran.stdout), "fpr=" + created[5], nil
}

// status returns the words of a status line behind its keyword, nil when gpg
// did not print it.
func status(stderr, keyword string) []string {
	for line := range strings.Lines(stderr) {
		if rest, ok := strings.CutPrefix(line, statusPrefix); ok {
			if words := strings.Fields(rest); len(words) > 0 && words[0] == keyword {
				return words[1:]
			}
		}
	}
	return nil
}

// What gpg finds of a signature that is not good.
var (
	errNoPublicKey  = errors.New("the signature is by another key")
	errOtherMessage = errors.New("the signature is over another message")
)

// A pgpSignature is a good one.
type pgpSignature struct {
	fingerprint string // of the primary key
	made        time.Time
	// users are the addresses in its user ids, in lower case: true of one that
	// gpg knows to be that person's.
	users map[string]bool
}

// verifyOpenPGP has gpg check the value of b= with the keys of one file and
// nothing else, or with the user's own keyring when key is nil.
func verifyOpenPGP(ctx context.Context, p Programs, key []byte, value string, digest []byte) (*pgpSignature, error) {
	signature, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, errors.New("the signature is not base64")
	}
	common := []string{"--batch", "--no-autostart", "--no-auto-key-retrieve", "--no-auto-check-trustdb", "--status-fd=2"} // checking needs no agent
	if key != nil {
		home, err := p.scratch()
		if err != nil {
			return nil, &ProgramError{p.GPG, err}
		}
		defer os.RemoveAll(home)
		common = append(common, "--homedir", home, "--no-default-keyring", "--keyring", filepath.Join(home, "keys"))
		ran := p.run(ctx, p.GPG, key, append(common, "--import")...)
		if errors.As(ran.err, new(*ProgramError)) {
			return nil, ran.err
		}
		if status(ran.stderr, "IMPORT_OK") == nil {
			return nil, fmt.Errorf("gpg cannot read the key: %s", ran.said())
		}
	}
	ran := p.run(ctx, p.GPG, signature, append(common, "--output", "-", "--verify")...)
	if errors.As(ran.err, new(*ProgramError)) {
		return nil, ran.err
	}
	if err := pgpVerdict(ran); err != nil {
		return nil, err
	}
	if !bytes.Equal(ran.stdout, digest) {
		return nil, errOtherMessage
	}
	valid := status(ran.stderr, "VALIDSIG")
	seconds, err := strconv.ParseInt(valid[2], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("gpg gives %q for the time of the signature", patchmail.PrintableLine(valid[2]))
	}
	s := &pgpSignature{fingerprint: valid[len(valid)-1], made: time.Unix(seconds, 0).UTC()}
	listed := p.run(ctx, p.GPG, nil, append(common, "--with-colons", "--list-keys", s.fingerprint)...)
	s.users = pgpUsers(listed.stdout)
	return s, nil
}

// pgpVerdict tells why gpg does not call a signature good.
func pgpVerdict(r ran) error {
	switch valid := status(r.stderr, "VALIDSIG"); {
	case status(r.stderr, "REVKEYSIG") != nil:
		return errors.New("the key is revoked")
	case status(r.stderr, "EXPKEYSIG") != nil:
		return errors.New("the key has expired")
	case status(r.stderr, "EXPSIG") != nil:
		return errors.New("the signature has expired")
	case status(r.stderr, "BADSIG") != nil:
		return errBadSignature
	case status(r.stderr, "NO_PUBKEY") != nil:
		return errNoPublicKey
	case r.err != nil || status(r.stderr, "GOODSIG") == nil || len(valid) < 3:
		return fmt.Errorf("gpg does not accept the signature: %s", r.said())
	}
	return nil
}

// pgpUsers reads the addresses of the user ids in a listing of gpg, without
// those that are revoked or expired. That a key is somebody's does not make it
// everybody's whom another of its user ids names.
func pgpUsers(listing []byte) map[string]bool {
	users := map[string]bool{}
	for line := range strings.Lines(string(listing)) {
		fields := strings.Split(line, ":")
		if len(fields) < 10 || fields[0] != "uid" || strings.ContainsAny(fields[1], "rei") {
			continue
		}
		text := strings.ReplaceAll(fields[9], `\x3a`, ":")
		if _, inside, ok := strings.Cut(text, "<"); ok {
			text, _, _ = strings.Cut(inside, ">")
		}
		address := strings.ToLower(text)
		users[address] = users[address] || fields[1] == "f" || fields[1] == "u"
	}
	return users
}

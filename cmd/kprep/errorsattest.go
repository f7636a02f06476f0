package main

import (
	"errors"
	"fmt"

	"github.com/kprep/kprep/attest"
)

// attestHint helps with signing and with keys.
func attestHint(err error) string {
	exists, pin := (*attest.KeyExistsError)(nil), (*attest.PinError)(nil)
	switch {
	case errors.Is(err, attest.ErrNoSigningKey):
		return "'kprep key new' makes a key; or name one with 'git config patatt.signingkey', or with user.signingkey"
	case errors.Is(err, attest.ErrNoAuthor):
		return "nothing was signed; give it one From, such as 'Jane Doe <jane@example.org>'"
	case errors.Is(err, errMailbox):
		return "nothing was signed; 'git mailsplit' makes a file of each message"
	case errors.As(err, new(*attest.KeyError)):
		return "patatt.signingkey is ed25519:NAME, openssh:FILE or openpgp:KEYID; 'kprep key list' shows your keys"
	case errors.As(err, new(*attest.SignError)):
		return "nothing was signed; see that the key is there and its agent or card answers"
	case errors.As(err, new(*ownKeyError)):
		return "'kprep key list' shows your keys; gpg and ssh-keygen export those of theirs"
	case errors.As(err, &exists):
		return "choose another name, or write over it with --force: nobody can sign with the old key then"
	case errors.As(err, &pin) && pin.Fingerprint == "":
		return "'kprep key list' shows whose keys are known"
	case errors.As(err, &pin):
		return fmt.Sprintf("'kprep key trust %s FINGERPRINT --from FILE' takes the key from a message that it signed", pin.Identity)
	}
	return ""
}

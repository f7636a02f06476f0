package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/inbox"
)

// attestHint helps with signing and with keys.
func attestHint(err error) string {
	exists, pin, revoked := (*attest.KeyExistsError)(nil), (*attest.PinError)(nil), (*attest.RevokedError)(nil)
	sign, idle := (*attest.SignError)(nil), (*attest.IdleKeysError)(nil)
	switch {
	case errors.As(err, new(*noSourceError)):
		return "save the message into a file and name that; or say where mail is, with 'git config --add kprep.archive PATH' or 'git config b4.midmask https://HOST/INBOX/%s'"
	case errors.As(err, new(*inbox.NotFoundError)):
		return "is the message-id complete, and has the archive received it yet?"
	case errors.As(err, &revoked):
		return "if you revoked it by mistake, take its entry out of " + revoked.File + " by hand"

	case errors.As(err, &idle):
		return useKeyHint(idle.Names)
	case errors.Is(err, attest.ErrNoSigningKey):
		return "'kprep key new' makes a key; or name one with 'git config patatt.signingkey', or with user.signingkey"
	case errors.Is(err, attest.ErrNoAuthor):
		return "nothing was signed; give it one From, such as 'Jane Doe <jane@example.org>'"
	case errors.Is(err, errMailbox):
		return "nothing was signed; 'git mailsplit' makes a file of each message"
	case errors.As(err, new(*attest.KeyError)):
		return "patatt.signingkey is ed25519:NAME, openssh:FILE or openpgp:KEYID; 'kprep key list' shows your keys"
	case errors.As(err, &sign) && strings.HasPrefix(sign.Key, string(attest.OpenPGP)):
		return "nothing was signed; see that gpg has the key and its agent or card answers: it asks for a passphrase on the terminal that GPG_TTY names, 'export GPG_TTY=$(tty)'"
	case errors.As(err, &sign):
		return "nothing was signed; see that the key is there and its agent or card answers"
	case errors.As(err, new(*ownKeyError)):
		return "'kprep key list' shows your keys; gpg and ssh-keygen export those of theirs"
	case errors.As(err, &exists):
		return useKeyHint([]string{exists.Name()}) + "; 'kprep key new NAME' makes another one"
	case errors.As(err, &pin) && pin.Fingerprint == "":
		return "'kprep key list' shows whose keys are known"
	case errors.As(err, &pin):
		return fmt.Sprintf("'kprep key trust %s FINGERPRINT --from FILE' takes the key from a message that it signed", pin.Identity)
	}
	return ""
}

// useKeyHint says how to sign with one of one's own keys.
func useKeyHint(names []string) string {
	name := names[len(names)-1]
	text := fmt.Sprintf("you have the key %s: 'git config --global patatt.signingkey ed25519:%s' and 'git config --global patatt.selector %s' sign with it in all your repositories", name, name, name)
	if len(names) > 1 {
		text += "; 'kprep key list' shows your others"
	}
	return text
}

package attest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

// A PublicKey is the half of a key that others check with.
type PublicKey struct {
	Algorithm   Algorithm
	Text        string // as keyrings have it
	Fingerprint string // as that of [Fingerprint]; for OpenPGP in hexadecimal digits
}

// Public is the public half of the key that signs. It returns a *SignError
// when it cannot be had.
func (s *Signer) Public(ctx context.Context) (PublicKey, error) {
	text, fingerprint, err := s.key.publicKey(ctx)
	if err != nil {
		return PublicKey{}, &SignError{Key: s.name, Err: fmt.Errorf("its public half: %w", err)}
	}
	return PublicKey{Algorithm: s.Algorithm(), Text: text, Fingerprint: fingerprint}, nil
}

func (k ed25519Key) publicKey(context.Context) (text, fingerprint string, err error) {
	fingerprint, err = Fingerprint(Ed25519, []byte(k.public()))
	return k.public(), fingerprint, err
}

// publicKey reads the file that OpenSSH keeps beside a private key; what is
// configured may be that file itself.
func (k *opensshKey) publicKey(context.Context) (text, fingerprint string, err error) {
	text = k.literal
	if text == "" {
		for _, file := range []string{k.file + ".pub", k.file} {
			var data []byte
			if data, err = os.ReadFile(file); err != nil {
				continue
			}
			if _, _, _, _, err = ssh.ParseAuthorizedKey(data); err == nil {
				text = string(data)
				break
			}
		}
		if err != nil {
			return "", "", err
		}
	}
	text = strings.TrimSpace(text)
	fingerprint, err = Fingerprint(OpenSSH, []byte(text))
	return text, fingerprint, err
}

// publicKey has gpg export the key that it would sign with.
func (k *openpgpKey) publicKey(ctx context.Context) (text, fingerprint string, err error) {
	listed := k.programs.run(ctx, k.programs.GPG, nil, "--batch", "--no-auto-check-trustdb", "--with-colons", "--list-secret-keys", k.id)
	for line := range strings.Lines(string(listed.stdout)) {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" && len(fields) > 9 && fingerprint == "" {
			fingerprint = fields[9] // the first is that of the primary key
		}
	}
	if fingerprint == "" {
		return "", "", errors.Join(listed.err, fmt.Errorf("gpg has no secret key %q", k.id))
	}
	exported := k.programs.run(ctx, k.programs.GPG, nil, "--batch", "--no-auto-check-trustdb", "--armor", "--export-options", "export-minimal", "--export", fingerprint)
	if exported.err != nil || len(exported.stdout) == 0 {
		return "", "", fmt.Errorf("gpg cannot export the key: %s", exported.said())
	}
	return string(exported.stdout), fingerprint, nil
}

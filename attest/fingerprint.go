package attest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// Fingerprint names a public key of a keyring by its SHA-256, in the form of
// ssh-keygen: of the 32 bytes of ed25519, of the key blob of OpenSSH.
func Fingerprint(a Algorithm, key []byte) (string, error) {
	switch a {
	case Ed25519:
		public, err := publicEd25519(key)
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256(public)
		return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), nil
	case OpenSSH:
		public, _, _, _, err := ssh.ParseAuthorizedKey(key)
		if err != nil {
			return "", fmt.Errorf("the key is none of OpenSSH's: %w", err)
		}
		return ssh.FingerprintSHA256(public), nil
	}
	return "", fmt.Errorf("gpg has to tell the fingerprint of a key of kind %q", a)
}

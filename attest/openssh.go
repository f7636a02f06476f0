package attest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
)

// sshNamespace keeps signatures of mail apart from others by the same key.
const sshNamespace = "patatt"

// An opensshKey signs by ssh-keygen, with a private key file or with the agent.
type opensshKey struct {
	programs Programs
	name     string // as configured
	file     string // of the key, private or public; or
	literal  string // the public key itself, its other half with the agent
}

func (*opensshKey) algorithm() Algorithm { return OpenSSH }

func (k *opensshKey) sign(ctx context.Context, digest []byte) (value, about string, err error) {
	args := []string{"-Y", "sign", "-n", sshNamespace, "-f", k.file}
	if k.literal != "" {
		dir, err := k.programs.scratch()
		if err != nil {
			return "", "", err
		}
		defer os.RemoveAll(dir)
		file := filepath.Join(dir, "key.pub")
		if err := os.WriteFile(file, []byte(k.literal+"\n"), 0o600); err != nil {
			return "", "", err
		}
		args = []string{"-Y", "sign", "-n", sshNamespace, "-f", file, "-U"}
	}
	ran := k.programs.run(ctx, k.programs.SSHKeygen, digest, args...)
	switch {
	case ctx.Err() != nil:
		return "", "", ctx.Err()
	case ran.err != nil:
		return "", "", &SignError{Key: k.name, Said: ran.said(), Err: ran.err}
	}
	var body strings.Builder
	for line := range strings.Lines(string(ran.stdout)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "----") {
			body.WriteString(line)
		}
	}
	signature, err := parseSSHSignature(body.String())
	if err != nil {
		return "", "", &SignError{Key: k.name, Said: ran.said(), Err: fmt.Errorf("%s: %w", k.programs.SSHKeygen, err)}
	}
	return body.String(), "fpr=" + ssh.FingerprintSHA256(signature.key), nil
}

// An sshSignature is what PROTOCOL.sshsig of OpenSSH describes.
type sshSignature struct {
	key       ssh.PublicKey
	namespace string
	reserved  string
	hash      string
	signature *ssh.Signature
}

const sshMagic = "SSHSIG"

// parseSSHSignature reads the value of b=: base64 without armour.
func parseSSHSignature(value string) (*sshSignature, error) {
	blob, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, errors.New("the signature is not base64")
	}
	rest, ok := bytes.CutPrefix(blob, []byte(sshMagic))
	var outer struct {
		Version                   uint32
		Key                       []byte
		Namespace, Reserved, Hash string
		Signature                 []byte
	}
	if !ok || ssh.Unmarshal(rest, &outer) != nil || outer.Version != 1 {
		return nil, errors.New("the signature is none of OpenSSH's, version 1")
	}
	s := &sshSignature{namespace: outer.Namespace, reserved: outer.Reserved, hash: outer.Hash, signature: new(ssh.Signature)}
	if s.key, err = ssh.ParsePublicKey(outer.Key); err != nil {
		return nil, fmt.Errorf("the key in the signature: %w", err)
	}
	if err := ssh.Unmarshal(outer.Signature, s.signature); err != nil {
		return nil, fmt.Errorf("the signature: %w", err)
	}
	return s, nil
}

// verifyOpenSSH checks the value of b= by a key as keyrings have it.
func verifyOpenSSH(key []byte, value string, digest []byte) error {
	public, _, _, _, err := ssh.ParseAuthorizedKey(key)
	if err != nil {
		return fmt.Errorf("the key is none of OpenSSH's: %w", err)
	}
	s, err := parseSSHSignature(value)
	if err != nil {
		return err
	}
	if !bytes.Equal(public.Marshal(), s.key.Marshal()) {
		return errBadSignature
	}
	if s.namespace != sshNamespace {
		return fmt.Errorf("the signature is for %q, not for mail", s.namespace)
	}
	// SHA-1, which x/crypto would still accept, is broken.
	if f := s.signature.Format; f == ssh.KeyAlgoRSA || f == "ssh-dss" {
		return fmt.Errorf("the signature uses SHA-1 (%s)", f)
	}
	var sum []byte
	switch s.hash {
	case "sha256":
		h := sha256.Sum256(digest)
		sum = h[:]
	case "sha512":
		h := sha512.Sum512(digest)
		sum = h[:]
	default:
		return fmt.Errorf("the signature uses the unknown hash %q", s.hash)
	}
	signed := append([]byte(sshMagic), ssh.Marshal(struct {
		Namespace, Reserved, Hash string
		Sum                       []byte
	}{s.namespace, s.reserved, s.hash, sum})...)
	if public.Verify(signed, s.signature) != nil {
		return errBadSignature
	}
	return nil
}

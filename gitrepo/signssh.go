package gitrepo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// findSSHKey finds the key as git does: user.signingKey is a file, or a
// public key whose other half the agent holds; without it
// gpg.ssh.defaultKeyCommand prints such a public key.
func (r *Repo) findSSHKey(ctx context.Context, config *Config, s *signer) (err error) {
	if s.key == "" {
		if s.key, err = s.defaultSSHKey(ctx, config); err != nil {
			return err
		}
	}
	if literal, ok := literalSSHKey(s.key); ok {
		s.key, s.inAgent = literal, true
		return nil
	}
	s.key, err = r.expandPath(ctx, s.key)
	return err
}

// literalSSHKey recognises a public key written out: "key::ecdsa-…", or the
// older "ssh-…".
func literalSSHKey(value string) (string, bool) {
	if key, ok := strings.CutPrefix(value, "key::"); ok {
		return key, true
	}
	return value, strings.HasPrefix(value, "ssh-")
}

func (s *signer) defaultSSHKey(ctx context.Context, config *Config) (string, error) {
	command, _ := config.Get("gpg.ssh.defaultKeyCommand")
	if command == "" {
		return "", &SignError{Program: s.program, Said: "neither user.signingKey nor gpg.ssh.defaultKeyCommand names a key"}
	}
	out, stderr, err := s.run(ctx, nil, "sh", "-c", command)
	if err != nil {
		return "", s.failure(ctx, "gpg.ssh.defaultKeyCommand failed\n"+stderr, err)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	first = strings.TrimSpace(first)
	if _, ok := literalSSHKey(first); !ok {
		return "", &SignError{Program: s.program, Said: "gpg.ssh.defaultKeyCommand printed no public key"}
	}
	return first, nil
}

// signSSH has ssh-keygen sign a file, in the form of git's own call: other
// programs that stand in for it know no other.
func (s *signer) signSSH(ctx context.Context, data []byte) (signature []byte, err error) {
	parent := filepath.Join(s.scratch, "kprep", "sign")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, "")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	args := []string{"-Y", "sign", "-n", "git", "-f", s.key}
	if s.inAgent {
		keyFile := filepath.Join(dir, "key.pub")
		if err := os.WriteFile(keyFile, []byte(s.key+"\n"), 0o600); err != nil {
			return nil, err
		}
		args = []string{"-Y", "sign", "-n", "git", "-f", keyFile, "-U"}
	}
	file := filepath.Join(dir, "object")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return nil, err
	}
	_, stderr, err := s.run(ctx, nil, s.program, append(args, file)...)
	if err != nil {
		return nil, s.failure(ctx, stderr, err)
	}
	signature, err = os.ReadFile(file + ".sig")
	if err != nil || len(signature) == 0 {
		return nil, s.failure(ctx, stderr, nil)
	}
	return signature, nil
}

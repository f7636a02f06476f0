package attest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// An ed25519Key is a private key that kprep holds itself.
type ed25519Key struct{ private ed25519.PrivateKey }

// parseEd25519 reads a key file: base64 of the 32 bytes of the seed.
func parseEd25519(text []byte) (ed25519Key, error) {
	seed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return ed25519Key{}, fmt.Errorf("not the %d bytes of an ed25519 key in base64", ed25519.SeedSize)
	}
	return ed25519Key{ed25519.NewKeyFromSeed(seed)}, nil
}

func (ed25519Key) algorithm() Algorithm { return Ed25519 }

// public is the key as keyrings have it.
func (k ed25519Key) public() string {
	return base64.StdEncoding.EncodeToString(k.private.Public().(ed25519.PublicKey))
}

// sign makes the combined form of NaCl: the signature, then what it signs.
func (k ed25519Key) sign(_ context.Context, digest []byte) (value, about string, err error) {
	signed := append(ed25519.Sign(k.private, digest), digest...)
	return base64.StdEncoding.EncodeToString(signed), "pk=" + k.public(), nil
}

var errBadSignature = errors.New("the signature is not by this key, or not over this message")

// verifyEd25519 checks the value of b= by a key as keyrings have it.
func verifyEd25519(key []byte, value string, digest []byte) error {
	public, err := publicEd25519(key)
	if err != nil {
		return err
	}
	signed, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(signed) != ed25519.SignatureSize+len(digest) {
		return fmt.Errorf("the signature is not %d bytes in base64", ed25519.SignatureSize+len(digest))
	}
	signature, over := signed[:ed25519.SignatureSize], signed[ed25519.SignatureSize:]
	if !bytes.Equal(over, digest) || !ed25519.Verify(public, digest, signature) {
		return errBadSignature
	}
	return nil
}

func publicEd25519(key []byte) (ed25519.PublicKey, error) {
	public, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(key)))
	if err != nil || len(public) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("the key is not %d bytes in base64", ed25519.PublicKeySize)
	}
	return public, nil
}

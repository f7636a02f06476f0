package attest

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/durable"
)

// A NewKey is a pair of keys as "patatt genkey" leaves it.
type NewKey struct {
	Name        string // and selector
	Private     string // file with the seed, which has no passphrase
	Public      string // file with the public key
	Fingerprint string
}

// A KeyExistsError reports a key that would be written over.
type KeyExistsError struct{ File string }

func (e *KeyExistsError) Error() string { return fmt.Sprintf("there is a key already: %s", e.File) }

// Name is the key's.
func (e *KeyExistsError) Name() string {
	name := filepath.Base(e.File)
	for _, end := range []string{".key", ".pub"} {
		name = strings.TrimSuffix(name, end)
	}
	return name
}

// NewKey makes an ed25519 key for an identity in the user's own directory: the
// private file, the public one, and a copy where the user's own keyring has
// it, which becomes the default key when there is none. It returns a
// *KeyExistsError rather than write over a key, unless force says so.
func (s Settings) NewKey(random io.Reader, name, identity string, force bool) (*NewKey, error) {
	if name == "" || !filepath.IsLocal(name) || strings.ContainsAny(name, "/\\;: \t\r\n") {
		return nil, fmt.Errorf("%q is no name for a key", name)
	}
	kept, err := KeyPath(Ed25519, identity, name)
	if err != nil {
		return nil, err
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("read random bytes: %w", err)
	}
	key := ed25519Key{ed25519.NewKeyFromSeed(seed)}
	public := filepath.Join(s.DataDir, "public")
	made := &NewKey{Name: name, Private: filepath.Join(s.DataDir, "private", name+".key"), Public: filepath.Join(public, name+".pub")}
	if made.Fingerprint, err = Fingerprint(Ed25519, []byte(key.public())); err != nil {
		return nil, err
	}
	files := []struct {
		file, text string
	}{
		{made.Private, base64.StdEncoding.EncodeToString(seed)},
		{made.Public, key.public()},
		{filepath.Join(public, filepath.FromSlash(kept)), key.public()},
	}
	for _, f := range files {
		if _, err := os.Lstat(f.file); err == nil && !force {
			return nil, &KeyExistsError{f.file}
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("make a key: %w", err)
		}
	}
	for _, f := range files {
		err := writeKey(f.file, f.text, force)
		if errors.Is(err, fs.ErrExist) { // another process was first
			return nil, &KeyExistsError{f.file}
		}
		if err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
	}
	byDefault := filepath.Join(public, filepath.FromSlash(path.Dir(kept)), defaultSelector)
	if err := alias(path.Base(kept), byDefault); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return made, nil
}

// writeKey writes a file whole, and with force over another.
func writeKey(file, text string, force bool) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	pending, err := durable.Create(file, 0o600)
	if err != nil {
		return err
	}
	defer pending.Discard()
	if _, err := pending.WriteString(text); err != nil {
		return err
	}
	if force {
		err = pending.Replace()
	} else if err = pending.Sync(); err == nil {
		err = os.Link(pending.Name(), file)
	}
	return errors.Join(err, durable.Sync(dir))
}

// An OwnKey is a key of the user's own directory.
type OwnKey struct {
	Name        string
	Public      string // as keyrings have it
	Fingerprint string
	File        string   // of the public key
	Kept        []string // where the user's own keyring has it: ed25519/DOMAIN/LOCAL/SELECTOR
}

// OwnKeys lists the keys that NewKey or patatt made, sorted by name. Files that
// hold no key are left out.
func (s Settings) OwnKeys() ([]OwnKey, error) {
	dir := filepath.Join(s.DataDir, "public")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var keys []OwnKey
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".pub")
		if !ok {
			continue
		}
		key, err := readKeyFile(filepath.Join(dir, e.Name()))
		if err != nil || key == nil {
			continue
		}
		public := strings.TrimSpace(string(key.Data))
		if fingerprint, err := Fingerprint(Ed25519, []byte(public)); err == nil {
			keys = append(keys, OwnKey{Name: name, Public: public, Fingerprint: fingerprint, File: key.Source, Kept: keptAs(dir, public)})
		}
	}
	return keys, nil
}

// KeysOf lists those that a keyring has as an identity's.
func (s Settings) KeysOf(identity string) ([]OwnKey, error) {
	keys, err := s.OwnKeys()
	return slices.DeleteFunc(keys, func(k OwnKey) bool {
		kept, err := KeyPath(Ed25519, identity, k.Name)
		return err != nil || !slices.Contains(k.Kept, kept)
	}), err
}

// keptAs lists where a keyring has a key of ed25519, without links such as that
// of the default key.
func keptAs(root, public string) []string {
	files, _ := filepath.Glob(filepath.Join(root, string(Ed25519), "*", "*", "*"))
	var names []string
	for _, file := range files {
		info, err := os.Lstat(file)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		key, err := readKeyFile(file)
		if name, below := strings.CutPrefix(file, root+string(filepath.Separator)); err == nil && key != nil && below && strings.TrimSpace(string(key.Data)) == public {
			names = append(names, filepath.ToSlash(name))
		}
	}
	return names
}

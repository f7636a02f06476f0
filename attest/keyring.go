package attest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A KeyFile is a public key as a keyring holds it: base64 for ed25519, one line
// for OpenSSH, an export for OpenPGP.
type KeyFile struct {
	Data   []byte
	Source string // where it was found, for people
}

// maxKey bounds a key file; OpenPGP keys with many signatures are large.
const maxKey = 4 << 20

// A Keyring is a collection of public keys that somebody keeps.
type Keyring interface {
	// find returns the key at a path below the root of the keyring, nil when
	// there is none.
	find(ctx context.Context, name string) (*KeyFile, error)
	// holds says whether there is a folder at a path.
	holds(ctx context.Context, name string) (bool, error)
	// identities lists whose keys are in it, as far as it names them.
	identities(ctx context.Context) ([]string, error)
	// String names the keyring as the configuration does.
	String() string
}

// An IdentityError reports an identity that no key can be looked up for.
type IdentityError struct{ Identity, Selector string }

func (e *IdentityError) Error() string {
	return fmt.Sprintf("identity %q with the selector %q names no key", e.Identity, e.Selector)
}

const defaultSelector = "default"

// KeyPath is where a keyring has a key: algorithm, domain, local part and
// selector. An empty selector means "default". It returns an *IdentityError.
func KeyPath(algorithm Algorithm, identity, selector string) (string, error) {
	if selector == "" {
		selector = defaultSelector
	}
	local, domain, ok := strings.Cut(identity, "@")
	parts := []string{string(algorithm), escapePart(domain), escapePart(local), escapePart(selector)}
	for _, p := range parts {
		// Dots pass through the escaping and would lead out of the keyring.
		ok = ok && p != "" && p != "." && p != ".." && len(p) <= 255
	}
	if !ok {
		return "", &IdentityError{Identity: identity, Selector: selector}
	}
	return strings.Join(parts, "/"), nil
}

// escapePart writes a component in lower case and form-urlencoded.
func escapePart(text string) string {
	var b strings.Builder
	for _, c := range []byte(strings.ToLower(text)) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("_.-~", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// hashedPath is where a keyring has a key whose owner it does not name.
func hashedPath(name string) string {
	sum := sha256.Sum256([]byte(name))
	digits := hex.EncodeToString(sum[:])
	return "by-hash/" + digits[:2] + "/" + digits[2:]
}

// findKey asks the keyrings in order.
func findKey(ctx context.Context, keyrings []Keyring, name string) (*KeyFile, error) {
	for _, ring := range keyrings {
		for _, candidate := range []string{name, hashedPath(name)} {
			key, err := ring.find(ctx, candidate)
			if key != nil || err != nil {
				return key, err
			}
		}
	}
	return nil, nil
}

// Knows says whether any keyring has a key of an identity.
func Knows(ctx context.Context, keyrings []Keyring, identity string) (bool, error) {
	return knows(ctx, keyrings, identity, "")
}

// knows says whether any keyring has a key of an identity, whatever kind and
// selector: both are the sender's choice. By hash only the default selector and
// the one given can be looked for.
func knows(ctx context.Context, keyrings []Keyring, identity, selector string) (bool, error) {
	for _, a := range algorithms() {
		for _, s := range []string{defaultSelector, selector} {
			name, err := KeyPath(a, identity, s)
			if err != nil { // nobody has a key under it
				continue
			}
			for _, ring := range keyrings {
				if found, err := ring.holds(ctx, path.Dir(name)); found || err != nil {
					return found, err
				}
				if key, err := ring.find(ctx, hashedPath(name)); key != nil || err != nil {
					return key != nil, err
				}
			}
		}
	}
	return false, nil
}

// unescapePart reads what escapePart wrote.
func unescapePart(part string) string {
	if text, err := url.QueryUnescape(part); err == nil {
		return text
	}
	return part
}

// A dirKeyring is a keyring in a directory.
type dirKeyring struct{ root string }

// DirKeyring is the keyring below a directory, which need not be there.
func DirKeyring(root string) Keyring { return dirKeyring{root} }

func (d dirKeyring) String() string { return d.root }

func (d dirKeyring) find(_ context.Context, name string) (*KeyFile, error) {
	return readKeyFile(filepath.Join(d.root, filepath.FromSlash(name)))
}

func (d dirKeyring) holds(_ context.Context, name string) (bool, error) {
	return isFolder(filepath.Join(d.root, filepath.FromSlash(name))), nil
}

func (d dirKeyring) identities(context.Context) ([]string, error) {
	return identitiesBelow(func(name string) ([]string, error) {
		entries, err := os.ReadDir(filepath.Join(d.root, filepath.FromSlash(name)))
		if err != nil && (errors.Is(err, os.ErrNotExist) || isNotDirectory(err)) {
			return nil, nil
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names, err
	})
}

// identitiesBelow puts the names of the folders below a keyring together.
func identitiesBelow(list func(name string) ([]string, error)) ([]string, error) {
	var identities []string
	for _, a := range algorithms() {
		domains, err := list(string(a))
		if err != nil {
			return nil, fmt.Errorf("read a keyring: %w", err)
		}
		for _, domain := range domains {
			locals, err := list(path.Join(string(a), domain))
			if err != nil {
				return nil, fmt.Errorf("read a keyring: %w", err)
			}
			for _, local := range locals {
				identities = append(identities, unescapePart(local)+"@"+unescapePart(domain))
			}
		}
	}
	return identities, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// readKeyFile returns nil for a file that is not there.
func readKeyFile(file string) (*KeyFile, error) {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		if err != nil && !errors.Is(err, os.ErrNotExist) && !isNotDirectory(err) {
			return nil, fmt.Errorf("read a key: %w", err)
		}
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read a key: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKey+1))
	if err != nil {
		return nil, fmt.Errorf("read a key: %w", err)
	}
	if len(data) > maxKey {
		return nil, fmt.Errorf("the key %s is larger than %d MB", file, maxKey>>20)
	}
	return &KeyFile{Data: data, Source: file}, nil
}

// A refKeyring is a keyring in a ref of git.
type refKeyring struct {
	repo *gitrepo.Repo
	ref  string // "" for what HEAD points to
	dir  string // below the top of the ref, "" for the top
	name string // as configured
}

func (r refKeyring) String() string { return r.name }

// at names a path below the root of the keyring, as git does.
func (r refKeyring) at(name string) (ref, at string) {
	ref = r.ref
	if ref == "" {
		ref = "HEAD"
	}
	return ref, path.Join(r.dir, name)
}

func (r refKeyring) holds(_ context.Context, name string) (bool, error) {
	ref, at := r.at(name)
	object, err := r.repo.Read(ref + ":" + at)
	if err == nil && object.Kind == "tree" {
		return true, nil
	}
	if err != nil && !errors.As(err, new(*gitrepo.MissingError)) {
		return false, fmt.Errorf("read a keyring: %w", err)
	}
	return r.inWorkTree() && isFolder(filepath.Join(r.repo.TopLevel, filepath.FromSlash(at))), nil
}

// inWorkTree is true where files that are not committed count too. Patatt would
// look for those of any ref there: a patch that adds the folder "ed25519" would
// be taken for a change of refs/meta/keyring.
func (r refKeyring) inWorkTree() bool { return r.ref == "" && r.repo.TopLevel != "" }

func (r refKeyring) identities(context.Context) ([]string, error) {
	return identitiesBelow(func(name string) ([]string, error) {
		ref, at := r.at(name)
		object, err := r.repo.Read(ref + ":" + at)
		if errors.As(err, new(*gitrepo.MissingError)) || err == nil && object.Kind != "tree" {
			return nil, nil
		}
		return treeNames(object), err
	})
}

// treeNames reads the names in a tree object: "mode name NUL id", again and
// again.
func treeNames(tree gitrepo.Object) []string {
	var names []string
	size := len(tree.ID) / 2
	for data := tree.Data; len(data) > 0; {
		head, rest, _ := bytes.Cut(data, []byte{0})
		_, name, ok := bytes.Cut(head, []byte(" "))
		if !ok || len(rest) < size {
			break
		}
		names, data = append(names, string(name)), rest[size:]
	}
	return names
}

func (r refKeyring) find(_ context.Context, name string) (*KeyFile, error) {
	ref, at := r.at(name)
	key, err := r.blob(ref, at)
	if err != nil {
		return nil, err
	}
	if key != nil {
		// A symbolic link is a blob that holds its target.
		if target := string(key.Data); len(target) < 4096 && !strings.Contains(target, "\n") {
			if linked, err := r.blob(ref, path.Join(path.Dir(at), target)); linked != nil || err != nil {
				return linked, err
			}
		}
		return key, nil
	}
	if !r.inWorkTree() {
		return nil, nil
	}
	// .local-keys is never committed.
	key, err = readKeyFile(filepath.Join(r.repo.TopLevel, filepath.FromSlash(at)))
	if key != nil {
		key.Source += " (not committed)"
	}
	return key, err
}

// blob returns nil when there is none.
func (r refKeyring) blob(ref, at string) (*KeyFile, error) {
	if at == ".." || strings.HasPrefix(at, "../") || path.IsAbs(at) {
		return nil, nil
	}
	source := ref + ":" + at
	object, err := r.repo.Read(source)
	if errors.As(err, new(*gitrepo.MissingError)) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a key: %w", err)
	}
	if object.Kind != "blob" || len(object.Data) > maxKey {
		return nil, nil
	}
	return &KeyFile{Data: object.Data, Source: source}, nil
}

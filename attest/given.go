package attest

import (
	"context"
	"strings"
)

// A Claim says who signed a message, as a signature of it has it; nothing of it
// is checked.
type Claim struct {
	Algorithm          Algorithm // "" when it is unknown
	Identity, Selector string    // Selector is "" when there is none
}

// Claims lists who is said to have signed a message, in order, so that their
// keys can be looked up before anything is checked. It returns ErrNotMail for
// what is no mail.
func Claims(raw []byte) ([]Claim, error) {
	m, err := parseMessage(raw)
	if err != nil {
		return nil, err
	}
	var list []Claim
	for _, value := range m.values(strings.ToLower(signatureField)) {
		c, err := parseClaim(value)
		if err != nil {
			return nil, err
		}
		identity, given := c.tags["i"]
		if !given {
			identity = lastFrom(m)
		}
		a, _ := algorithmOf(c.tags["a"], true)
		list = append(list, Claim{Algorithm: a, Identity: identity, Selector: c.tags["s"]})
	}
	return list, nil
}

// A givenKeyring has one key.
type givenKeyring struct {
	path string
	key  KeyFile
}

// GivenKey is a keyring with the one key that fits a claim. It returns an
// *IdentityError.
func GivenKey(c Claim, key KeyFile) (Keyring, error) {
	path, err := KeyPath(c.Algorithm, c.Identity, c.Selector)
	return givenKeyring{path, key}, err
}

func (g givenKeyring) String() string { return g.key.Source }

func (g givenKeyring) find(_ context.Context, name string) (*KeyFile, error) {
	if name != g.path {
		return nil, nil
	}
	return &g.key, nil
}

func (g givenKeyring) holds(_ context.Context, name string) (bool, error) {
	return strings.HasPrefix(g.path, name+"/"), nil
}

func (g givenKeyring) identities(context.Context) ([]string, error) { return nil, nil }

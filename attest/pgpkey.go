package attest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A PGPKey is an OpenPGP key of somebody else, as gpg reads it.
type PGPKey struct {
	Data        []byte // armoured, without what others certified
	Fingerprint string // of the primary key
	Users       []string
	Addresses   []string // in Users, in lower case
}

// ReadPGPKey has gpg read an export of exactly one key, which must be neither
// revoked nor expired.
func ReadPGPKey(ctx context.Context, p Programs, data []byte) (*PGPKey, error) {
	p = p.withDefaults()
	home, err := p.scratch()
	if err != nil {
		return nil, &ProgramError{p.GPG, err}
	}
	defer os.RemoveAll(home)
	gpg := func(stdin []byte, args ...string) ran {
		return p.run(ctx, p.GPG, stdin, append([]string{"--batch", "--no-autostart", "--no-auto-check-trustdb", "--status-fd=2",
			"--homedir", home, "--no-default-keyring", "--keyring", filepath.Join(home, "keys")}, args...)...)
	}
	imported := gpg(data, "--import-options", "import-minimal", "--import")
	if errors.As(imported.err, new(*ProgramError)) || ctx.Err() != nil {
		return nil, imported.err
	}
	listed := gpg(nil, "--with-colons", "--list-keys")
	key, err := parsePGPListing(string(listed.stdout))
	if err != nil {
		return nil, err
	}
	if strings.Contains(string(data), "PRIVATE KEY BLOCK") {
		return nil, errors.New("this is a private key, which nobody else may have")
	}
	exported := gpg(nil, "--armor", "--export-options", "export-minimal", "--export", key.Fingerprint)
	if exported.err != nil || len(exported.stdout) == 0 {
		return nil, fmt.Errorf("gpg cannot export the key: %s", exported.said())
	}
	key.Data, key.Addresses = exported.stdout, slices.Sorted(maps.Keys(pgpUsers(listed.stdout)))
	return key, nil
}

// parsePGPListing reads a listing of one key with colons; doc/DETAILS of GnuPG
// describes it.
func parsePGPListing(listing string) (*PGPKey, error) {
	key := &PGPKey{}
	primaries := 0
	for line := range strings.Lines(listing) {
		fields := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(fields) < 10 {
			continue
		}
		switch fields[0] {
		case "pub":
			primaries++
			switch fields[1] {
			case "r":
				return nil, errors.New("the key is revoked")
			case "e":
				return nil, errors.New("the key has expired")
			case "i", "d", "n":
				return nil, errors.New("the key is not valid")
			}
		case "fpr":
			if key.Fingerprint == "" { // the first is that of the primary key
				key.Fingerprint = fields[9]
			}
		case "uid":
			key.Users = append(key.Users, patchmail.PrintableLine(strings.ReplaceAll(fields[9], `\x3a`, ":")))
		}
	}
	if primaries != 1 || key.Fingerprint == "" {
		return nil, fmt.Errorf("gpg finds %d OpenPGP keys, and exactly one is wanted", primaries)
	}
	return key, nil
}

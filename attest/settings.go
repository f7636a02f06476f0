package attest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/gitrepo"
)

// Settings are what the user has configured for signing and checking, read
// from patatt.*, b4.*, gpg.* and user.* of git: "attestation", section 6.
type Settings struct {
	Key      string   // such as "ed25519:20250102"; "" when nothing signs
	Identity string   // "" means the author's address
	Selector string   // "" means none
	Keyrings []string // in order, as configured: directories and "ref:REPO:REF:DIR"
	TrimBody bool
	// Staleness is how long after its date a message may be signed, zero for
	// any time.
	Staleness time.Duration
	// NoSign is true when series go out unsigned although there is a key.
	NoSign bool
	// DataDir is where patatt keeps the user's own keys.
	DataDir  string
	Home     string // of the user, for "~"
	Dir      string // where relative names of keyrings begin
	Programs Programs
}

// The keyrings that are asked when none are configured, and behind those that
// are.
func commonKeyrings() []string {
	return []string{"ref:::.keys", "ref:::.local-keys", "ref::refs/meta/keyring:"}
}

// ReadSettings reads the configuration. With a section, [patatt "SECTION"]
// counts in the place of [patatt]. getenv is the user's environment.
func ReadSettings(config *gitrepo.Config, section string, getenv func(string) string) (Settings, error) {
	prefix := "patatt."
	if section != "" {
		prefix += section + "."
	}
	get := func(keys ...string) string {
		for _, key := range keys {
			if value, _ := config.Get(key); value != "" {
				return value
			}
		}
		return ""
	}
	data, err := dataHome(getenv)
	if err != nil {
		return Settings{}, err
	}
	s := Settings{
		Key:      get(prefix + "signingkey"),
		Identity: get(prefix+"identity", "user.email"),
		Selector: get(prefix + "selector"),
		DataDir:  filepath.Join(data, "patatt"),
		Home:     getenv("HOME"),
		Programs: Programs{GPG: get(prefix+"gpg-bin", "gpg.program", "gpg.openpgp.program"), SSHKeygen: get(prefix+"ssh-keygen-bin", "gpg.ssh.program")},
	}
	if s.Key == "" {
		s.Key = fallbackKey(get("user.signingkey"), get("gpg.format"))
	}
	if s.TrimBody, err = config.Bool(prefix+"trimbody", false); err != nil {
		return Settings{}, err
	}
	if s.NoSign, err = config.Bool("b4.send-no-patatt-sign", false); err != nil {
		return Settings{}, err
	}
	if s.Staleness, err = readStaleness(get("kprep.attestation-staleness-days", "b4.attestation-staleness-days")); err != nil {
		return Settings{}, err
	}
	for _, key := range []string{"b4.keyringsrc", prefix + "keyringsrc"} {
		s.Keyrings = append(s.Keyrings, config.All(key)...)
	}
	s.Keyrings = append(s.Keyrings, commonKeyrings()...)
	s.Keyrings = append(s.Keyrings, filepath.Join(data, "b4", "keyring"), filepath.Join(s.DataDir, "public"))
	return s, nil
}

// readStaleness reads a number of days; without one they are b4's 30, and 0
// bounds nothing.
func readStaleness(text string) (time.Duration, error) {
	if text == "" {
		return 30 * day, nil
	}
	const most = 36500
	days, err := strconv.Atoi(text)
	if err != nil || days < 0 || days > most {
		return 0, fmt.Errorf("configuration b4.attestation-staleness-days: %q is no number of days", text)
	}
	return time.Duration(days) * day, nil
}

// fallbackKey is git's own key; those of x509 cannot sign mail.
func fallbackKey(key, format string) string {
	switch {
	case key == "" || format == "x509":
		return ""
	case format == "ssh":
		return "openssh:" + key
	}
	return "openpgp:" + key
}

// ErrNoSigningKey means that no key is configured that could sign.
var ErrNoSigningKey = errors.New("no key to sign with is configured")

// An IdleKeysError is an ErrNoSigningKey where there are keys that could sign.
type IdleKeysError struct{ Names []string } // as patatt.signingkey has them, less their kind

func (e *IdleKeysError) Error() string { return ErrNoSigningKey.Error() }
func (e *IdleKeysError) Unwrap() error { return ErrNoSigningKey }

// A KeyError reports a configured key that cannot be used.
type KeyError struct {
	Key string // as configured
	Err error
}

func (e *KeyError) Error() string { return fmt.Sprintf("the signing key %q: %v", e.Key, e.Err) }
func (e *KeyError) Unwrap() error { return e.Err }

// noKey says which of the user's own keys could sign. That none of them can be
// read is no other case for who has configured none.
func (s Settings) noKey() error {
	own, err := s.OwnKeys()
	if err != nil || len(own) == 0 {
		return ErrNoSigningKey
	}
	idle := &IdleKeysError{}
	for _, k := range own {
		idle.Names = append(idle.Names, k.Name)
	}
	return idle
}

// Signer opens the configured key. gitDir is where patatt looks for keys of a
// project, "" for none. It returns ErrNoSigningKey, which may be an
// *IdleKeysError, or a *KeyError; a key that is with gpg or an agent is tried by the first signature only.
func (s Settings) Signer(gitDir string) (*Signer, error) {
	if s.Key == "" {
		return nil, s.noKey()
	}
	kind, id, ok := strings.Cut(s.Key, ":")
	if !ok || id == "" {
		return nil, &KeyError{s.Key, errors.New("its kind, such as ed25519:, has to stand in front")}
	}
	signer := &Signer{Identity: s.Identity, Selector: s.Selector, name: s.Key, env: s.Programs.Env}
	programs := s.Programs.withDefaults()
	programs.GPG, programs.SSHKeygen = s.expand(programs.GPG), s.expand(programs.SSHKeygen)
	switch Algorithm(kind) {
	case Ed25519:
		key, err := s.readEd25519(id, gitDir)
		if err != nil {
			return nil, &KeyError{s.Key, err}
		}
		signer.key = key
	case OpenSSH:
		key := &opensshKey{programs: programs, name: s.Key}
		if literal, marked := strings.CutPrefix(id, "key::"); marked || strings.HasPrefix(id, "ssh-") {
			key.literal = literal
		} else {
			key.file = s.expand(id)
		}
		signer.key = key
	case OpenPGP:
		signer.key = &openpgpKey{programs: programs, name: s.Key, id: id}
	default:
		return nil, &KeyError{s.Key, fmt.Errorf("%q is none of ed25519, openssh and openpgp", kind)}
	}
	return signer, nil
}

// expand replaces "~/" by the user's home.
func (s Settings) expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && s.Home != "" {
		return filepath.Join(s.Home, rest)
	}
	return path
}

// readEd25519 finds a key by its name, or reads the file of an absolute path.
func (s Settings) readEd25519(name, gitDir string) (ed25519Key, error) {
	files := []string{filepath.Join(s.DataDir, "private", name+".key")}
	if gitDir != "" {
		files = append(files, filepath.Join(gitDir, name+".key"))
	}
	switch {
	case filepath.IsAbs(s.expand(name)):
		files = []string{s.expand(name)}
	case !filepath.IsLocal(name):
		return ed25519Key{}, errors.New("it is neither a name nor an absolute path")
	}
	var err error
	for _, file := range files {
		var text []byte
		if text, err = os.ReadFile(file); err == nil {
			return parseEd25519(text)
		}
		if !errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	return ed25519Key{}, fmt.Errorf("no file %s can be read: %w", strings.Join(files, " or "), err)
}

// OpenKeyrings opens the keyrings in order. repo is where "ref:" without a
// repository looks, nil for nowhere. A keyring of another repository that is
// not there is left out, as a directory that is not there is. close ends what
// was opened.
func (s Settings) OpenKeyrings(ctx context.Context, repo *gitrepo.Repo) (rings []Keyring, close func(), err error) {
	var opened []*gitrepo.Repo
	close = func() {
		for _, r := range opened {
			r.Close()
		}
	}
	for _, name := range s.Keyrings {
		ref, isRef := strings.CutPrefix(name, "ref:")
		if !isRef {
			rings = append(rings, DirKeyring(s.place(name)))
			continue
		}
		parts := strings.SplitN(ref, ":", 3)
		if len(parts) != 3 {
			close()
			return nil, nil, fmt.Errorf("keyring %q: want ref:REPO:REF:DIR", name)
		}
		from := repo
		if parts[0] != "" {
			if from, err = gitrepo.Open(ctx, s.place(parts[0]), gitrepo.Options{Env: s.Programs.Env}); errors.Is(err, gitrepo.ErrNotRepository) || errors.Is(err, os.ErrNotExist) {
				continue
			} else if err != nil {
				close()
				return nil, nil, fmt.Errorf("keyring %q: %w", name, err)
			}
			opened = append(opened, from)
		}
		if from != nil {
			rings = append(rings, refKeyring{repo: from, ref: parts[1], dir: strings.Trim(parts[2], "/"), name: name})
		}
	}
	return rings, close, nil
}

// place expands the name of a keyring or a repository.
func (s Settings) place(name string) string {
	name = os.Expand(s.expand(name), s.variable)
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.Dir, name)
}

// variable looks up "$NAME" in the environment of the programs.
func (s Settings) variable(name string) string {
	for i := len(s.Programs.Env) - 1; i >= 0; i-- {
		if key, value, _ := strings.Cut(s.Programs.Env[i], "="); key == name {
			return value
		}
	}
	return ""
}

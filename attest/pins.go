package attest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"

	"github.com/kprep/kprep/patchmail"
)

// Pins are the keys that were remembered when they first signed for somebody:
// "attestation", section 10. A keyring that knows the identity goes first. The
// folder holds one file for each identity and is made when it is needed.
type Pins struct{ Dir string }

// UserPins finds the user's pins by the rules of XDG: $XDG_DATA_HOME/kprep/keys.
func UserPins(getenv func(string) string) (*Pins, error) {
	data, err := dataHome(getenv)
	if err != nil {
		return nil, err
	}
	return &Pins{filepath.Join(data, "kprep", "keys")}, nil
}

// dataHome is where programs keep what belongs to the user.
func dataHome(getenv func(string) string) (string, error) {
	if data := getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return data, nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", errors.New("neither XDG_DATA_HOME nor HOME says where keys are kept")
	}
	return filepath.Join(home, ".local", "share"), nil
}

// A PinState says what the user thinks of a remembered key.
type PinState string

// The states of a pin. There is no way back from revoked but to confirm.
const (
	PinSeen      PinState = "seen"
	PinConfirmed PinState = "confirmed"
	PinRevoked   PinState = "revoked"
)

// A Pin is one remembered key of an identity.
type Pin struct {
	Algorithm   Algorithm `json:"algorithm"`
	Fingerprint string    `json:"fingerprint"`
	Key         string    `json:"key"` // as keyrings have it
	State       PinState  `json:"state"`
	First       Sighting  `json:"first"`
	Last        Sighting  `json:"last"`
	Count       int       `json:"count"` // messages it signed
}

// A Sighting is a message that a key signed.
type Sighting struct {
	Time      time.Time `json:"time"` // when it was seen here
	MessageID string    `json:"message-id,omitempty"`
	Where     string    `json:"where,omitempty"` // the file or list it came from
}

// pinFile is the form of a file.
type pinFile struct {
	Version  int    `json:"version"` // 1
	Identity string `json:"identity"`
	Pins     []Pin  `json:"pins"`
}

// Of returns the pins of an identity, oldest first; none is no error.
func (p *Pins) Of(identity string) ([]Pin, error) {
	f, err := p.read(identity)
	return f.Pins, err
}

// Identities lists those that have pins, sorted.
func (p *Pins) Identities() ([]string, error) {
	entries, err := os.ReadDir(p.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read known keys: %w", err)
	}
	var list []string
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		f, err := readPins(filepath.Join(p.Dir, e.Name()))
		if err != nil {
			return nil, err
		}
		list = append(list, f.Identity)
	}
	slices.Sort(list)
	return list, nil
}

// A PinError reports a key that is not on record.
type PinError struct{ Identity, Fingerprint string }

func (e *PinError) Error() string {
	if e.Fingerprint == "" {
		return fmt.Sprintf("no key of %s is on record", patchmail.PrintableLine(e.Identity))
	}
	return fmt.Sprintf("%s has no key %s on record", patchmail.PrintableLine(e.Identity), patchmail.PrintableLine(e.Fingerprint))
}

// Set changes the state of a pin. It returns a *PinError when there is none.
func (p *Pins) Set(identity, fingerprint string, state PinState) error {
	return p.change(identity, func(f *pinFile) error {
		i := slices.IndexFunc(f.Pins, func(pin Pin) bool { return pin.Fingerprint == fingerprint })
		if i < 0 {
			return &PinError{identity, fingerprint}
		}
		f.Pins[i].State = state
		return nil
	})
}

// Add puts a key on record that the user confirms before it has signed anything
// here, or that signed as another key was expected.
func (p *Pins) Add(identity string, pin Pin) error {
	fingerprint, err := Fingerprint(pin.Algorithm, []byte(pin.Key))
	if err != nil {
		return err
	}
	pin.Fingerprint = fingerprint
	return p.change(identity, func(f *pinFile) error {
		if i := f.index(fingerprint); i >= 0 {
			f.Pins[i].State = pin.State
			return nil
		}
		f.Pins = append(f.Pins, pin)
		return nil
	})
}

// Note records a signature that Check found good by a key that is remembered,
// or is to be: one of the trust Seen, Confirmed or FirstUse. It does nothing
// for others, and nothing for a message that was noted last.
func (p *Pins) Note(s Signature, at Sighting) error {
	good := s.Status == Pass && (s.Trust == Seen || s.Trust == Confirmed) || s.Trust == FirstUse
	if len(s.offered) == 0 || !good {
		return nil
	}
	return p.change(s.Identity, func(f *pinFile) error {
		i := f.index(s.Fingerprint)
		switch {
		case i >= 0 && at.MessageID != "" && (f.Pins[i].Last.MessageID == at.MessageID || f.Pins[i].First.MessageID == at.MessageID):
			return nil
		case i >= 0:
			f.Pins[i].Last = at
			f.Pins[i].Count++
			return nil
		case len(f.Pins) > 0: // another key came first, from another process
			return &ChangedError{Identity: s.Identity, Fingerprint: s.Fingerprint, Known: f.Pins}
		}
		f.Pins = append(f.Pins, Pin{Algorithm: s.Algorithm, Fingerprint: s.Fingerprint, Key: string(s.offered), State: PinSeen, First: at, Last: at, Count: 1})
		return nil
	})
}

// A ChangedError reports a signature by a key that is none of those remembered
// for its identity.
type ChangedError struct {
	Identity, Fingerprint string
	Known                 []Pin
}

func (e *ChangedError) Error() string {
	var known []string
	for _, pin := range e.Known {
		known = append(known, fmt.Sprintf("%s (%s, %d messages since %s)", pin.Fingerprint, pin.State, pin.Count, pin.First.Time.Format(time.DateOnly)))
	}
	return fmt.Sprintf("%s signed with another key than before: %s instead of %s", patchmail.PrintableLine(e.Identity), e.Fingerprint, strings.Join(known, ", "))
}

func (f *pinFile) index(fingerprint string) int {
	return slices.IndexFunc(f.Pins, func(pin Pin) bool { return pin.Fingerprint == fingerprint })
}

// file is where the pins of an identity are. Escaping makes one component of
// it, and the extension keeps that from being "..".
func (p *Pins) file(identity string) (string, error) {
	name := escapePart(strings.ToLower(identity)) + ".json"
	if !strings.Contains(identity, "@") || len(name) > 200 {
		return "", &IdentityError{Identity: identity}
	}
	return filepath.Join(p.Dir, name), nil
}

func (p *Pins) read(identity string) (pinFile, error) {
	file, err := p.file(identity)
	if err != nil {
		return pinFile{}, err
	}
	f, err := readPins(file)
	if errors.Is(err, fs.ErrNotExist) {
		return pinFile{Version: 1, Identity: strings.ToLower(identity)}, nil
	}
	return f, err
}

// A lost pin would be taken for a first use: a file that cannot be read is an
// error, never an empty one.
func readPins(file string) (pinFile, error) {
	var f pinFile
	data, err := os.ReadFile(file)
	if err != nil {
		return f, fmt.Errorf("read known keys: %w", err)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return pinFile{}, fmt.Errorf("read known keys: %s: %w", file, err)
	}
	if f.Version != 1 {
		return pinFile{}, fmt.Errorf("read known keys: %s has form %d, and this kprep knows only 1", file, f.Version)
	}
	return f, nil
}

// change edits the file of an identity under a lock, and writes it whole.
func (p *Pins) change(identity string, edit func(*pinFile) error) error {
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return fmt.Errorf("keep keys: %w", err)
	}
	lock := flock.New(filepath.Join(p.Dir, ".lock"), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("keep keys: %w", err)
	}
	defer lock.Close()
	f, err := p.read(identity)
	if err != nil {
		return err
	}
	before, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if err := edit(&f); err != nil {
		return err
	}
	if after, err := json.Marshal(f); err != nil || string(after) == string(before) {
		return err
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	file, err := p.file(identity)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(file, append(text, '\n'), 0o600, renameio.WithTempDir(p.Dir), renameio.WithStaticPermissions(0o600)); err != nil {
		return fmt.Errorf("keep keys: %w", err)
	}
	return nil
}

package attest

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// Pins are the keys that were remembered when they first signed for somebody:
// "attestation", section 10. A keyring that knows the identity goes first. The
// folder is made when it is needed. It holds one file for each identity, and
// "log", to which every change of what is trusted is added.
type Pins struct {
	Dir string
	// Now is the time for the log.
	Now func() time.Time

	mu  sync.Mutex
	all []person // everybody, once they were asked for; nil again when there is somebody new
}

// UserPins finds the user's pins by the rules of XDG: $XDG_DATA_HOME/kprep/keys.
func UserPins(getenv func(string) string, now func() time.Time) (*Pins, error) {
	data, err := dataHome(getenv)
	if err != nil {
		return nil, err
	}
	return &Pins{Dir: filepath.Join(data, "kprep", "keys"), Now: now}, nil
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

// The states of a pin. There is no way back from revoked.
const (
	PinSeen      PinState = "seen"
	PinConfirmed PinState = "confirmed"
	PinRevoked   PinState = "revoked"
)

// A Pin is one remembered key of an identity.
type Pin struct {
	Algorithm   Algorithm `json:"algorithm"`
	Fingerprint string    `json:"fingerprint"`
	Selector    string    `json:"selector,omitempty"` // when it was first seen: a label, which tells nothing apart
	Key         string    `json:"key,omitempty"`      // as keyrings have it; not of OpenPGP, whose keys gpg keeps
	State       PinState  `json:"state"`
	First       Sighting  `json:"first"`
	Last        Sighting  `json:"last"`
	Count       int       `json:"count"` // messages it signed
	// Recent are the ids of the last of them, so that a message that is checked
	// again counts once.
	Recent []string `json:"recent,omitempty"`
}

// maxRecent bounds Recent; it is above the patches of a usual series.
const maxRecent = 250

// A Sighting is a message that a key signed.
type Sighting struct {
	Time      time.Time `json:"time"` // when it was seen here
	MessageID string    `json:"message-id,omitempty"`
	Where     string    `json:"where,omitempty"` // the file or list it came from
}

// Of returns the pins of an identity, oldest first; none is no error.
func (p *Pins) Of(identity string) ([]Pin, error) {
	f, err := p.read(identity)
	return f.Pins, err
}

// Identities lists those that have pins, sorted.
func (p *Pins) Identities() ([]string, error) {
	files, err := p.files()
	var list []string
	for _, f := range files {
		list = append(list, f.Identity)
	}
	slices.Sort(list)
	return list, err
}

// A PinError reports a key that is not on record.
type PinError struct{ Identity, Fingerprint string }

func (e *PinError) Error() string {
	if e.Fingerprint == "" {
		return fmt.Sprintf("no key of %s is on record", patchmail.PrintableLine(e.Identity))
	}
	return fmt.Sprintf("%s has no key %s on record", patchmail.PrintableLine(e.Identity), patchmail.PrintableLine(e.Fingerprint))
}

// A RevokedError reports a revoked key that was to be trusted again.
type RevokedError struct {
	Identity, Fingerprint string
	File                  string // where that is on record
}

func (e *RevokedError) Error() string {
	return fmt.Sprintf("the key %s of %s is revoked, and stays so", patchmail.PrintableLine(e.Fingerprint), patchmail.PrintableLine(e.Identity))
}

// Set confirms or revokes a key on record. It returns a *PinError when there is
// none, and a *RevokedError for one to be confirmed that is revoked.
func (p *Pins) Set(identity, fingerprint string, state PinState) error {
	return p.change(identity, func(f *pinFile) error {
		i := f.index(fingerprint)
		if i < 0 {
			return &PinError{identity, fingerprint}
		}
		return p.settle(f, i, state)
	})
}

func (p *Pins) settle(f *pinFile, i int, state PinState) error {
	if f.Pins[i].State == PinRevoked && state != PinRevoked {
		file, _ := p.file(f.Identity) // it was read from there
		return &RevokedError{Identity: f.Identity, Fingerprint: f.Pins[i].Fingerprint, File: file}
	}
	f.Pins[i].State = state
	return nil
}

// Add puts a key on record that the user confirms or revokes before it has
// signed anything here, or that signed as another key was expected. It returns a
// *RevokedError as Set does.
func (p *Pins) Add(identity string, pin Pin) error {
	return p.change(identity, func(f *pinFile) error {
		if i := f.index(pin.Fingerprint); i >= 0 {
			return p.settle(f, i, pin.State)
		}
		f.Pins = append(f.Pins, pin)
		return nil
	})
}

// A Meeting is a signature that Check found in a message.
type Meeting struct {
	Signature
	At Sighting
}

// Note records signatures of one identity that Check found good by a key that is
// remembered, or is to be: those of the trust Seen, Confirmed or FirstUse. It
// passes over others, and counts a message once. It returns those whose key is
// another one than was first meanwhile.
func (p *Pins) Note(identity string, met []Meeting) (changed map[int]*ChangedError, err error) {
	good := func(m Meeting) bool {
		return m.fits && (m.Status == Pass && (m.Trust == Seen || m.Trust == Confirmed) || m.Trust == FirstUse)
	}
	if !slices.ContainsFunc(met, good) {
		return nil, nil
	}
	changed = map[int]*ChangedError{}
	return changed, p.change(identity, func(f *pinFile) error {
		for at, m := range met {
			if !good(m) {
				continue
			}
			i := f.index(m.Fingerprint)
			if i < 0 && len(f.Pins) > 0 { // another key came first, from another process or just now
				changed[at] = &ChangedError{Identity: m.Identity, Fingerprint: m.Fingerprint, Known: slices.Clone(f.Pins)}
				continue
			}
			if i < 0 {
				pin, _ := m.Pin(PinSeen, m.At)
				f.Pins, i = []Pin{pin}, 0
				p.forgetPeople()
			}
			if m.name != "" && len(m.name) <= maxID {
				f.Name = m.name
			}
			f.Pins[i].saw(m.At)
		}
		return nil
	})
}

// saw counts a message.
func (p *Pin) saw(at Sighting) {
	if at.MessageID != "" {
		if slices.Contains(p.Recent, at.MessageID) || p.Count > 0 && p.First.MessageID == at.MessageID {
			return
		}
		p.Recent = append(p.Recent, at.MessageID)
		p.Recent = p.Recent[max(0, len(p.Recent)-maxRecent):]
	}
	p.Last = at
	p.Count++
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

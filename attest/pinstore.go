package attest

import (
	"bytes"
	"context"
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

	"github.com/kprep/kprep/durable"
)

// pinFile is the form of a file.
type pinFile struct {
	Version  int    `json:"version"` // 1
	Identity string `json:"identity"`
	Name     string `json:"name,omitempty"` // of the author of the last message
	Pins     []Pin  `json:"pins"`
}

func (f *pinFile) index(fingerprint string) int {
	return slices.IndexFunc(f.Pins, func(pin Pin) bool { return pin.Fingerprint == fingerprint })
}

// people are those who have pins.
func (p *Pins) people() ([]person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		files, err := p.files()
		if err != nil {
			return nil, err
		}
		p.all = []person{}
		for _, f := range files {
			p.all = append(p.all, person{f.Identity, f.Name})
		}
	}
	return slices.Clone(p.all), nil
}

func (p *Pins) forgetPeople() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = nil
}

func (p *Pins) files() ([]pinFile, error) {
	entries, err := os.ReadDir(p.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read known keys: %w", err)
	}
	var files []pinFile
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		f, err := readPins(filepath.Join(p.Dir, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
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

// lockTime is far above what any change takes.
const lockTime = 20 * time.Second

// change edits the file of an identity under a lock, and writes it whole. What
// it changes of the states is in the log before it counts.
func (p *Pins) change(identity string, edit func(*pinFile) error) error {
	file, err := p.file(identity)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return fmt.Errorf("keep keys: %w", err)
	}
	lock := flock.New(filepath.Join(p.Dir, ".lock"), flock.SetPermissions(0o600))
	limited, cancel := context.WithTimeout(context.Background(), lockTime)
	defer cancel()
	if _, err := lock.TryLockContext(limited, lockTime/1000); err != nil {
		return fmt.Errorf("keep keys: another kprep is at it: %w", err)
	}
	defer lock.Close()
	f, err := p.read(identity)
	if err != nil {
		return err
	}
	before, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	was := slices.Clone(f.Pins)
	if err := edit(&f); err != nil {
		return err
	}
	after, err := json.MarshalIndent(f, "", "  ")
	if err != nil || bytes.Equal(after, before) {
		return err
	}
	if err := p.log(f.Identity, was, f.Pins); err != nil {
		return fmt.Errorf("keep keys: %w", err)
	}
	if err := durable.WriteExactly(file, append(after, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep keys: %w", err)
	}
	// A key that is lost with the power would be a first use again.
	if err := durable.Sync(p.Dir); err != nil {
		return fmt.Errorf("keep keys: %w", err)
	}
	return nil
}

// A logLine says how a key came to its state.
type logLine struct {
	Time        time.Time `json:"time"`
	Identity    string    `json:"identity"`
	Fingerprint string    `json:"fingerprint"`
	State       PinState  `json:"state"`
	MessageID   string    `json:"message-id,omitempty"`
	Where       string    `json:"where,omitempty"`
}

// log adds a line for each key whose state is another than it was.
func (p *Pins) log(identity string, was, now []Pin) error {
	var lines bytes.Buffer
	for i, pin := range now {
		if i < len(was) && was[i].State == pin.State {
			continue
		}
		line := logLine{Identity: identity, Fingerprint: pin.Fingerprint, State: pin.State, MessageID: pin.Last.MessageID, Where: pin.Last.Where}
		if p.Now != nil {
			line.Time = p.Now().UTC().Truncate(time.Second)
		}
		if err := json.NewEncoder(&lines).Encode(line); err != nil {
			return err
		}
	}
	if lines.Len() == 0 {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(p.Dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(lines.Bytes())
	return errors.Join(err, f.Sync(), f.Close())
}

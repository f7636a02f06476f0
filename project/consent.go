package project

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"unicode/utf8"

	"github.com/kprep/kprep/durable"
	"github.com/kprep/kprep/gitrepo"
)

// A ConsentError reports a command that came with the tree and that the user
// has not agreed to.
type ConsentError struct{ Command Command }

func (e *ConsentError) Error() string {
	c := e.Command
	switch {
	case c.unasked:
		return fmt.Sprintf("%s of the work tree is not the base commit's, and does not run without consent", c.Key)
	case c.Changed != "":
		return fmt.Sprintf("%s %s wants to run %q, whose script is not the base commit's, and does not without consent", c.Key, c.Where, c.Line)
	}
	return fmt.Sprintf("%s %s wants to run %q, and does not without consent", c.Key, c.Where, c.Line)
}

// Consents is the file that keeps which commands of which repositories the
// user has agreed to. The zero value holds none and takes none.
type Consents struct{ File string }

// UserConsents finds the user's file by the rules of XDG:
// $XDG_DATA_HOME/kprep/consent.json. It need not exist yet.
func UserConsents(getenv func(string) string) (Consents, error) {
	data := getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(data) { // "" too
		home := getenv("HOME")
		if home == "" {
			return Consents{}, errors.New("neither XDG_DATA_HOME nor HOME says where consent is kept")
		}
		data = filepath.Join(home, ".local", "share")
	}
	return Consents{filepath.Join(data, "kprep", "consent.json")}, nil
}

// consentFile is the form of the file.
type consentFile struct {
	Version  int       `json:"version"` // 1
	Consents []consent `json:"consents"`
}

// A consent holds for one command of one repository, as long as nothing in it
// differs.
type consent struct {
	Repository string `json:"repository"` // the git common directory
	Key        string `json:"key"`
	Command    string `json:"command"`          // Command.Line
	Script     string `json:"script,omitempty"` // Command.Changed
}

func consentTo(repo *gitrepo.Repo, c Command) consent {
	return consent{Repository: repo.CommonDir, Key: c.Key, Command: c.Line, Script: c.Changed}
}

// Check returns a *ConsentError when the command must not run in this
// repository.
func (c Consents) Check(repo *gitrepo.Repo, cmd Command) error {
	given, err := c.Given(repo, cmd)
	if err == nil && !given {
		err = &ConsentError{cmd}
	}
	return err
}

// Given says whether the command may run: it needs no consent or has it. A
// file that cannot be read or trusted is an error.
func (c Consents) Given(repo *gitrepo.Repo, cmd Command) (bool, error) {
	if !cmd.NeedsConsent() {
		return true, nil
	}
	f, err := c.read()
	if err != nil {
		return false, err
	}
	return slices.Contains(f.Consents, consentTo(repo, cmd)), nil
}

// Give keeps the user's consent to exactly this command in this repository.
// Of two processes that give at the same moment one may lose: its user is
// asked again.
func (c Consents) Give(repo *gitrepo.Repo, cmd Command) error {
	given, err := c.Given(repo, cmd)
	if err != nil || given {
		return err
	}
	if c.File == "" {
		return errors.New("there is no place to keep consent in")
	}
	record := consentTo(repo, cmd)
	for _, text := range []string{record.Repository, record.Command} {
		if !utf8.ValidString(text) { // JSON would keep another text
			return fmt.Errorf("consent cannot be kept for %q, which is not UTF-8", text)
		}
	}
	f, err := c.read()
	if err != nil {
		return err
	}
	f.Version, f.Consents = 1, append(f.Consents, record)
	if err := c.write(f); err != nil {
		return fmt.Errorf("keep consent: %w", err)
	}
	return nil
}

func (c Consents) read() (consentFile, error) {
	var f consentFile
	if c.File == "" {
		return f, nil
	}
	info, err := os.Stat(c.File)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("read consent: %w", err)
	}
	if info.Mode()&0o022 != 0 && runtime.GOOS != "windows" { // which knows access lists, and no such bits
		return f, fmt.Errorf("%s can be written by others than you, who could consent in your name", c.File)
	}
	data, err := os.ReadFile(c.File)
	if err != nil {
		return f, fmt.Errorf("read consent: %w", err)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return consentFile{}, fmt.Errorf("read consent: %s: %w", c.File, err)
	}
	if f.Version != 1 {
		return consentFile{}, fmt.Errorf("read consent: %s has form %d, and this kprep knows only 1", c.File, f.Version)
	}
	return f, nil
}

func (c Consents) write(f consentFile) error {
	dir := filepath.Dir(c.File)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // people read it
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		return err
	}
	return durable.WriteExactly(c.File, text.Bytes(), 0o600)
}

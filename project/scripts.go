package project

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kprep/kprep/durable"
)

// A Verdict says whether kprep's own query answers like a project's script.
// The zero value is that of one that it was not compared with.
type Verdict string

const (
	Equal   Verdict = "equal"
	Differs Verdict = "differs"
)

// Scripts is the file that keeps the verdicts on scripts, by their content: a
// project may have changed its copy in ways that only its answers show. The
// zero value holds none and takes none.
type Scripts struct{ File string }

// UserScripts finds the user's file by the rules of XDG:
// $XDG_DATA_HOME/kprep/scripts.json. It need not exist yet.
func UserScripts(getenv func(string) string) (Scripts, error) {
	consents, err := UserConsents(getenv)
	if err != nil {
		return Scripts{}, err
	}
	return Scripts{filepath.Join(filepath.Dir(consents.File), "scripts.json")}, nil
}

type scriptsFile struct {
	Version  int                `json:"version"`  // 1
	Verdicts map[string]Verdict `json:"verdicts"` // by the SHA-256 of the script
}

// Verdict returns what a comparison with the script has shown.
func (s Scripts) Verdict(script []byte) (Verdict, error) {
	f, err := s.read()
	return f.Verdicts[digest(script)], err
}

// Learn keeps what a comparison with the script has shown.
func (s Scripts) Learn(script []byte, v Verdict) error {
	if s.File == "" {
		return nil
	}
	f, err := s.read()
	if err != nil {
		return err
	}
	f.Version, f.Verdicts[digest(script)] = 1, v
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	dir := filepath.Dir(s.File)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return durable.WriteExactly(s.File, append(data, '\n'), 0o600)
}

func digest(script []byte) string {
	sum := sha256.Sum256(script)
	return hex.EncodeToString(sum[:])
}

func (s Scripts) read() (scriptsFile, error) {
	f := scriptsFile{Verdicts: map[string]Verdict{}}
	if s.File == "" {
		return f, nil
	}
	data, err := os.ReadFile(s.File)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err != nil {
		return scriptsFile{}, fmt.Errorf("read what is known of scripts: %s: %w", s.File, err)
	}
	if f.Version != 1 || f.Verdicts == nil {
		return scriptsFile{}, fmt.Errorf("read what is known of scripts: %s has form %d, and this kprep knows only 1", s.File, f.Version)
	}
	return f, nil
}

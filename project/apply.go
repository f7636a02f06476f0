package project

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/kprep/kprep/gitrepo"
)

// Apply writes the steps and what remembers them into the repository's
// configuration, all of it or nothing.
func (a *Adoption) Apply(ctx context.Context) error {
	var edits []edit
	var record []string
	for _, step := range a.edits() {
		if step.Action == ActionUnset {
			edits = append(edits, edit{key: step.Key})
			continue
		}
		edits = append(edits, edit{step.Key, step.Values})
	}
	for _, step := range a.Steps {
		if !step.remembered() {
			continue
		}
		for _, value := range step.Values {
			record = append(record, step.Key+"="+value)
		}
	}
	edits = append(edits, edit{presetKey, some(a.presetName())}, edit{presetProfileKey, some(a.Choice.Profile)}, edit{recipientsKey, a.Choice.To}, edit{adoptedKey, record})
	return editConfig(ctx, a.settings.repo, edits)
}

func some(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// Removable are the keys that [Settings.Abandon] takes out, and those that an
// earlier init set and that stay, as the user has changed them.
func (s *Settings) Removable() (removed, kept []string) {
	for _, key := range s.adopted.keys {
		switch {
		case s.adopted.has(key):
			removed = append(removed, key)
		case len(s.user.All(key)) > 0:
			kept = append(kept, key)
		}
	}
	return removed, kept
}

// Abandon takes back what 'kprep init' has put into the repository's
// configuration, but for what the user has changed since then.
func (s *Settings) Abandon(ctx context.Context) error {
	edits := []edit{{key: presetKey}, {key: presetProfileKey}, {key: recipientsKey}, {key: adoptedKey}}
	removed, _ := s.Removable()
	for _, key := range removed {
		edits = append(edits, edit{key: key})
	}
	return editConfig(ctx, s.repo, edits)
}

// Adopted says which preset 'kprep init' has set the repository up for: its
// name, "" where it was none, and whether it did so at all.
func (s *Settings) Adopted() (preset string, ok bool) {
	return s.adopted.preset, s.adopted.preset != "" || len(s.adopted.keys) > 0
}

// Again is the choice that an earlier 'kprep init' has made for the preset of
// a match, and for the project's own profiles.
func (s *Settings) Again(m Match) Choice {
	c := Choice{Match: m, Profile: m.Profile}
	c.SendTo(s.adopted.to)
	if m.Preset != nil && m.Preset.Name == s.adopted.preset {
		c.Profile = s.adopted.profile
	}
	if key := "kprep.profile"; s.adopted.has(key) {
		c.Publish = s.adopted.values[key][0]
	}
	return c
}

// An edit gives a key exactly these values; none take it out.
type edit struct {
	key    string
	values []string
}

// ErrConfigBusy means that another kprep is writing the configuration.
var ErrConfigBusy = errors.New("another kprep is writing the configuration")

// patience is how long that is waited for.
const patience = 2 * time.Second

// editConfig makes all edits at once.
func editConfig(ctx context.Context, repo *gitrepo.Repo, edits []edit) error {
	dir := filepath.Join(repo.CommonDir, "kprep")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(dir, "init.lock"), flock.SetPermissions(0o600))
	defer lock.Close()
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if ok, err := lock.TryLockContext(waiting, 20*time.Millisecond); !ok {
		if waiting.Err() != nil && ctx.Err() == nil {
			return ErrConfigBusy
		}
		return err
	}
	defer repo.ForgetConfig()
	before, err := repo.ConfigFile()
	if err != nil {
		return err
	}
	after := before
	for _, e := range edits {
		if after, err = repo.Set(ctx, after, dir, e.key, e.values...); err != nil {
			return err
		}
	}
	return repo.WriteConfigFile(ctx, before, after, filepath.Join(dir, "init-config"))
}

package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/gitrepo"
)

// An attestation is what signing and checking need of the user's world.
type attestation struct {
	repo     *gitrepo.Repo // nil outside of a repository
	config   *gitrepo.Config
	settings attest.Settings
	offline  bool // no server is asked for mail
}

// gitDir is where keys of the project may be, "" for none.
func (a *attestation) gitDir() string {
	if a.repo == nil {
		return ""
	}
	return a.repo.CommonDir
}

// attestation reads the configuration, of the repository that we are in or of
// the user alone. Mail can be signed and checked anywhere.
func (e *env) attestation(ctx context.Context, section string) (*attestation, error) {
	a := &attestation{repo: e.repo}
	options := gitrepo.Options{Env: e.environ, Config: e.config, Asks: e.gitAsking()}
	repo, err := e.repo, error(nil)
	if repo == nil {
		repo, err = gitrepo.Open(ctx, e.dir, options)
	}
	switch {
	case err == nil:
		a.repo, e.repo = repo, repo
	case errors.Is(err, gitrepo.ErrNotRepository):
		e.debugf("no repository: %v", err)
		if repo, err = gitrepo.Attach(ctx, e.dir, options); err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	if a.config, err = repo.Config(); err != nil {
		return nil, err
	}
	if a.settings, err = attest.ReadSettings(a.config, section, e.getenv); err != nil {
		return nil, err
	}
	a.settings.Dir, a.settings.Programs.Env = e.dir, e.environ
	cache := e.getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(cache) {
		cache = filepath.Join(e.getenv("HOME"), ".cache")
	}
	a.settings.Programs.Asks = e.asking
	a.settings.Programs.Scratch = filepath.Join(cache, "kprep")
	return a, nil
}

// verifier checks signatures with the keyrings that are configured, and with the
// keys that were seen before. Closing it ends what it holds open.
func (e *env) verifier(ctx context.Context, a *attestation) (v *attest.Verifier, closeIt func(), err error) {
	rings, closeRings, err := a.settings.OpenKeyrings(ctx, a.repo)
	if err != nil {
		return nil, nil, err
	}
	v = &attest.Verifier{Keyrings: rings, Programs: a.settings.Programs, Now: e.now(), Staleness: a.settings.Staleness,
		OwnGPG: true, TrimBody: a.settings.TrimBody, Past: e.past(a)}
	if v.Pins, err = attest.UserPins(e.getenv, e.now); err != nil {
		closeRings()
		return nil, nil, err
	}
	return v, func() { closeRings() }, nil
}

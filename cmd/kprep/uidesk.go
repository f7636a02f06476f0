package main

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/rangediff"
	"github.com/kprep/kprep/rangediff/page"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
	"github.com/kprep/kprep/ui"
)

// A desk reads what the pages of ui show. Every request opens the repository anew:
// what was done in a terminal meanwhile is seen.
type desk struct {
	e     *env
	c     *cli.Context
	paths []string
}

// newDesk finds the clones: the one that we are in, and those of kprep.repos.
func (e *env) newDesk(c *cli.Context) (*desk, error) {
	here, paths, err := e.clonePaths(c.Context)
	if err != nil {
		return nil, err
	}
	if here != nil {
		path := here.TopLevel
		if path == "" {
			path = here.GitDir
		}
		paths = slices.Insert(paths, 0, path)
	}
	if len(paths) == 0 {
		return nil, errNoClones
	}
	return &desk{e: e, c: c, paths: paths}, nil
}

func (d *desk) Paths() []string { return d.paths }

func (d *desk) options() gitrepo.Options {
	return gitrepo.Options{Env: d.e.environ, Config: d.e.config}
}

func (d *desk) Clones(ctx context.Context) ([]dashboard.Clone, error) {
	return dashboard.ReadClones(ctx, nil, d.paths, d.options(), dashboard.Options{Home: d.e.getenv("HOME")})
}

// open opens a clone, and finds a series in it.
func (d *desk) open(ctx context.Context, r ui.Ref) (*gitrepo.Repo, *series.Listed, error) {
	repo, err := gitrepo.Open(ctx, r.Path, d.options())
	if err != nil {
		return nil, nil, err
	}
	all, err := series.ListSent(ctx, repo, nil, func(error) {}) // of the others
	if err == nil {
		for i := range all.All {
			if all.All[i].Name() == r.Branch {
				return repo, &all.All[i], nil
			}
		}
		err = &ui.UnknownError{Branch: r.Branch}
	}
	repo.Close()
	return nil, nil, err
}

func (d *desk) Series(ctx context.Context, r ui.Ref) (*ui.Series, error) {
	out := &ui.Series{}
	warn := func(err error) { out.Warnings = append(out.Warnings, withHint(err)) }
	repo, s, err := d.open(ctx, r)
	if err != nil {
		return nil, err
	}
	defer repo.Close()
	all, err := dashboard.ReadRepository(ctx, repo, dashboard.Options{Home: d.e.getenv("HOME"), Broken: func(error) {}})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(one *dashboard.Standing) bool { return one.Branch == r.Branch })
	if i < 0 {
		return nil, &ui.UnknownError{Branch: r.Branch}
	}
	out.Standing = all[i]
	out.Warnings = append(out.Warnings, out.Trouble...)
	if out.Letter, err = s.Letter(); err != nil {
		warn(err)
	}
	if err := s.CheckCovers(ctx); err != nil {
		warn(err)
	}
	if out.Diffs, err = readDiffs(ctx, repo, s.Series); err != nil && ctx.Err() == nil {
		warn(err)
		err = nil
	}
	return out, err
}

// readDiffs reads the patches of a series.
func readDiffs(ctx context.Context, repo *gitrepo.Repo, s *series.Series) ([]ui.Patch, error) {
	if err := s.CheckLinear(); err != nil || len(s.Patches) == 0 {
		return nil, err
	}
	var ids []gitrepo.ID
	for _, c := range s.Patches {
		ids = append(ids, c.ID)
	}
	texts, err := repo.Patches(ctx, ids)
	if err != nil {
		return nil, err
	}
	var patches []ui.Patch
	for i, c := range s.Patches {
		subject, message := gitrepo.SplitMessage(c.Text())
		patches = append(patches, ui.Patch{Commit: c.ID, Author: c.AuthorText(), Subject: subject, Message: message, Diff: string(texts[i].Diff)})
	}
	return patches, nil
}

// An office is what the verbs need to read about one series: the desk's env, for this
// request alone. What they tell the user is kept.
type office struct {
	*env
	c      *cli.Context
	series *series.Listed
	told   *bytes.Buffer
}

// enter opens a clone and finds a series in it. It asks no server for mail unless
// online says so. The caller closes the office.
func (d *desk) enter(ctx context.Context, r ui.Ref, online bool) (*office, error) {
	own, told, request := *d.e, &bytes.Buffer{}, *d.c
	own.dir, own.repo, own.stderr, own.quiet = r.Path, nil, told, false
	own.terminal, own.progress = terminals{}, nil // nobody is there to be asked, or told
	own.random = zeros{}                          // what a page shows is never sent
	if !online {
		own.config = append(slices.Clone(own.config), "kprep.offline=true")
	}
	request.Context = ctx
	repo, s, err := (&desk{e: &own}).open(ctx, r)
	if err != nil {
		return nil, err
	}
	own.repo = repo
	return &office{env: &own, c: &request, series: s, told: told}, nil
}

// Zeros are no random bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// said is what was told so far, line by line.
func (o *office) said() (warnings, notes []string) {
	for line := range strings.Lines(o.told.String()) {
		line = strings.TrimRight(line, "\n")
		if text, ok := strings.CutPrefix(line, "warning: "); ok {
			warnings = append(warnings, text)
		} else {
			notes = append(notes, line)
		}
	}
	return warnings, notes
}

// A hintedError is one with what the user can do about it.
type hintedError struct{ error }

func (e hintedError) Error() string { return withHint(e.error) }
func (e hintedError) Unwrap() error { return e.error }

func hinted(err error) error {
	if err == nil {
		return nil
	}
	return hintedError{err}
}

func (d *desk) Compare(ctx context.Context, r ui.Ref, old, new int) (page.Comparison, error) {
	o, err := d.enter(ctx, r, false)
	if err != nil {
		return page.Comparison{}, err
	}
	defer o.close()
	c, err := compareRevisions(ctx, o.series.Series, old, new, series.CompareOptions{CreationFactor: rangediff.DefaultCreationFactor})
	if err != nil {
		return page.Comparison{}, hinted(err)
	}
	return reported(c), nil
}

func (d *desk) Sends(ctx context.Context, r ui.Ref) ([]submission.SendStatus, error) {
	o, err := d.enter(ctx, r, false)
	if err != nil {
		return nil, err
	}
	defer o.close()
	all, err := submission.Statuses(ctx, o.repo, o.series.Tracking.ChangeID, o.series.Tracking.Revision, false)
	return all, hinted(err)
}

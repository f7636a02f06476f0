package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
)

// checkArchives looks for messages of unknown fate in mail. What is there
// arrived; of what is not there nothing is known.
func (e *env) checkArchives(c *cli.Context, open *submission.Open) error {
	paths := c.StringSlice("check-archive")
	doubts := open.Doubts()
	if len(paths) == 0 || len(doubts) == 0 {
		return nil
	}
	var ids []string
	for _, d := range doubts {
		ids = append(ids, d.IDs()...)
	}
	where := map[string]string{}
	for _, path := range paths {
		messages, err := e.archived(c.Context, e.path(path), ids)
		if err != nil {
			return err
		}
		for _, m := range messages {
			where[m.ID] = m.File
		}
	}
	looked := time.Now().Format(time.DateTime)
	for _, d := range doubts {
		file := ""
		for _, id := range d.IDs() {
			file = max(file, where[id])
		}
		if file == "" {
			e.notef("%s was not in the archive at %s, which settles nothing: it may be on its way", d.Planned.Name, looked)
			continue
		}
		switch err := open.Shown(d, file); {
		case errors.Is(err, sendmail.ErrShownBefore):
			e.notef("%s is in %s, which settles nothing: %v", d.Planned.Name, file, err)
		case err != nil:
			return err
		default:
			e.notef("settled: %s arrived, it is in %s", d.Planned.Name, file)
		}
	}
	return nil
}

// archived finds messages in an mbox, a Maildir, a folder of mails or a
// public-inbox on this machine. Others may be among them.
func (e *env) archived(ctx context.Context, path string, ids []string) ([]*inbox.Message, error) {
	broken := func(err error) { e.debugf("passed over: %v", err) }
	if !inbox.IsMirror(path) {
		return inbox.Index(ctx, []string{path}, trackedID, broken)
	}
	path, err := filepath.Abs(path) // git runs elsewhere
	if err != nil {
		return nil, err
	}
	cache := e.getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(cache) {
		cache = filepath.Join(e.getenv("HOME"), ".cache")
	}
	m := &inbox.Mirror{Dir: path, CacheDir: filepath.Join(cache, "kprep", "inbox"), Tracking: trackedID, Git: gitrepo.Options{Env: e.environ}}
	defer m.Close()
	found, err := m.Find(ctx, inbox.Query{IDs: ids}, broken)
	return found.Messages, err
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/inbox"
)

// offlineFlag keeps a verb from asking servers for mail.
func offlineFlag() cli.Flag {
	return &cli.BoolFlag{Name: "offline", Usage: "ask no server for mail; what they said before, and local archives, must do"}
}

// openArchive opens the sources of mail given, else those that are configured.
// Nothing is read or asked yet.
func (e *env) openArchive(c *cli.Context, given []string) (*inbox.Archive, error) {
	config, err := e.repo.Config()
	if err != nil {
		return nil, err
	}
	settings, err := inbox.ReadSettings(config)
	if err != nil {
		return nil, err
	}
	if len(given) > 0 {
		settings.Entries = given
	}
	settings.Offline = settings.Offline || c.Bool("offline")
	return e.openSources(&settings)
}

func (e *env) openSources(settings *inbox.Settings) (*inbox.Archive, error) {
	return settings.Open(inbox.Surroundings{
		Path:     e.homePath,
		CacheDir: e.cacheDir(),
		Now:      e.now(),
		Program:  "kprep/" + programVersion(),
		Tracking: trackedID,
		Git:      gitrepo.Options{Env: e.environ, Config: e.config},
		Waiting:  func(url string) { e.notef("waiting for %s", url) },
		Progress: func(dir string, mails int) { e.progress.count("indexing mail in "+dir, mails, 0) },
	})
}

// mailPaths reads names of files and folders as the configuration has them.
func (e *env) mailPaths(given []string) []string {
	var paths []string
	for _, name := range given {
		paths = append(paths, e.homePath(name))
	}
	return paths
}

// homePath resolves a path out of the configuration, where "~/" is the user's
// home.
func (e *env) homePath(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		name = filepath.Join(e.getenv("HOME"), rest)
	}
	return e.path(name)
}

// cacheDir is what may be deleted at any time.
func (e *env) cacheDir() string {
	dir := e.getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(e.getenv("HOME"), ".cache")
	}
	return filepath.Join(dir, "kprep")
}

// maxUnread is how many broken mails are worth a warning each.
const maxUnread = 3

// findMail looks threads up in an archive, and tells what the user should know
// of how that went: mails that cannot be read, sources that did not answer, and
// how old the answers of others are.
func (e *env) findMail(ctx context.Context, archive *inbox.Archive, q inbox.Query) ([]*inbox.Message, error) {
	result, err := e.askArchive(ctx, archive, q)
	if err != nil {
		return nil, err
	}
	return result.Messages, nil
}

// askArchive is findMail, and returns also what became of asking each source.
func (e *env) askArchive(ctx context.Context, archive *inbox.Archive, q inbox.Query) (*inbox.Result, error) {
	passedOver, tell := e.unreadMail()
	e.progress.doing("looking for mail")
	result, err := archive.Find(ctx, q, passedOver)
	e.progress.doing("")
	tell()
	if err != nil {
		return nil, err
	}
	e.tellSources(result.Sources, archive.Offline)
	return result, nil
}

// unreadMail warns of mails that cannot be read, the first few by name, and of
// the others when tell is called.
func (e *env) unreadMail() (passedOver func(error), tell func()) {
	unread := 0
	passedOver = func(err error) {
		if unread++; unread <= maxUnread {
			e.warnf("passed over: %v", err)
		}
	}
	tell = func() {
		if unread > maxUnread {
			e.warnf("passed over: %s more", plural(unread-maxUnread, "mail", "mails"))
		}
	}
	return passedOver, tell
}

// tellSources says what did not answer, and then, or when nobody was to be
// asked, how old the mail on this machine is.
func (e *env) tellSources(sources []inbox.Status, offline bool) {
	upToDate := !offline
	for _, s := range sources {
		switch {
		case s.Err != nil:
			e.warnf("%s", s.Because(s.Err))
			upToDate = false
		case errors.Is(s.Stale, inbox.ErrOffline):
			e.notef("what %s said is %s", s.Name, e.age(s.AsOf))
		case s.Stale != nil:
			text := s.Because(s.Stale)
			if !s.AsOf.IsZero() {
				text += "; what it said before is " + e.age(s.AsOf)
			}
			e.warnf("%s", text)
			upToDate = false
		}
	}
	for _, s := range sources {
		if !upToDate && s.Err == nil && !s.Remote && !s.AsOf.IsZero() {
			e.notef("mail in %s is %s", s.Name, e.age(s.AsOf))
		}
	}
}

// age is "3 hours old".
func (e *env) age(since time.Time) string {
	age := e.now().Sub(since)
	switch {
	case age < time.Minute:
		return "up to date"
	case age < time.Hour:
		return plural(int(age/time.Minute), "minute", "minutes") + " old"
	case age < 48*time.Hour:
		return plural(int(age/time.Hour), "hour", "hours") + " old"
	}
	return plural(int(age/(24*time.Hour)), "day", "days") + " old"
}

// mailIn reads all mail of a file or folder, or on standard input for "-", each
// message once, with its bytes, in the order in which it is there.
func (e *env) mailIn(ctx context.Context, name string) ([]*inbox.Message, error) {
	e.progress.doing("reading mail")
	defer e.progress.doing("")
	if name == "-" {
		return e.keepMail(func(visit mailVisit, broken func(error)) error {
			return inbox.WalkReader(ctx, e.input(ctx), "standard input", visit, broken)
		})
	}
	return e.keepMail(func(visit mailVisit, broken func(error)) error {
		return inbox.Walk(ctx, e.path(name), visit, broken)
	})
}

// maxPiped is how large one message on standard input may be, in bytes.
const maxPiped = 64 << 20

// mailBetween is mailIn for standard input where a text of the user's, as mutt
// has it in pipe_sep, stands between messages.
func (e *env) mailBetween(ctx context.Context, separator string) ([]*inbox.Message, error) {
	if plain, err := strconv.Unquote(`"` + separator + `"`); err == nil {
		separator = plain
	}
	parts := bufio.NewScanner(e.input(ctx))
	parts.Buffer(nil, maxPiped)
	parts.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		if before, _, found := bytes.Cut(data, []byte(separator)); found {
			return len(before) + len(separator), before, nil
		}
		if atEOF && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	return e.keepMail(func(visit mailVisit, broken func(error)) error {
		for parts.Scan() {
			if part := bytes.TrimLeft(parts.Bytes(), "\r\n"); len(part) > 0 {
				if err := inbox.WalkReader(ctx, bytes.NewReader(part), "standard input", visit, broken); err != nil {
					return err
				}
			}
		}
		if err := parts.Err(); err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
		return nil
	})
}

type mailVisit = func(inbox.Mail) error

// keepMail keeps each message that walk comes by, once.
func (e *env) keepMail(walk func(visit mailVisit, broken func(error)) error) ([]*inbox.Message, error) {
	passedOver, tell := e.unreadMail()
	defer tell()
	var all []*inbox.Message
	seen := map[string]*inbox.Message{}
	visit := func(mail inbox.Mail) error {
		m, err := inbox.Parse(mail, trackedID)
		if err != nil {
			passedOver(&inbox.MailError{File: mail.File, Number: mail.Number, Err: err})
			return nil
		}
		if first := seen[m.ID]; first != nil {
			first.Meet(m)
			return nil
		}
		seen[m.ID] = m
		m.Raw = slices.Clone(mail.Raw)
		all = append(all, m)
		return nil
	}
	err := walk(visit, passedOver)
	return all, err
}

// warnAltered tells of mails that are not what was sent by their name.
func (e *env) warnAltered(messages []*inbox.Message) {
	for _, m := range messages {
		e.warnf("<%s> in %s has another diff than the patch that was sent as that: somebody may have forged it; what answers it counts for what was sent", m.ID, m.File)
	}
}

package inbox

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/kprep/kprep/gitrepo"
)

// Surroundings are what an archive needs besides settings. The functions that are
// told something may be nil.
type Surroundings struct {
	Path     func(name string) string // where a file is that a setting names
	CacheDir string                   // $XDG_CACHE_HOME/kprep
	Now      time.Time
	Program  string // the User-Agent
	Tracking Tracking
	Git      gitrepo.Options
	Progress func(dir string, mails int) // of a [Mirror]
	Waiting  func(url string)            // of [Servers]
}

// Open makes an archive of the sources that are configured, in that order.
// Nothing is read or asked before the archive is. An entry is a URL, or several
// of servers that keep the same lists, divided by blanks; or the path of a
// public-inbox, an mbox, a Maildir or a folder of messages.
func (s *Settings) Open(with Surroundings) (*Archive, error) {
	a := &Archive{Lists: s.Lists, Offline: s.Offline, Fresh: s.Fresh, Now: with.Now}
	for _, entry := range s.Entries {
		switch {
		case entry == "":
		case isURL(entry):
			servers, err := s.servers(entry, with)
			if err != nil {
				return nil, fmt.Errorf("archive %w", err)
			}
			a.Sources = append(a.Sources, servers)
		default:
			a.Sources = append(a.Sources, local(with.Path(entry), with))
		}
	}
	return a, nil
}

func (s *Settings) servers(entry string, with Surroundings) (*Servers, error) {
	out := &Servers{Tracking: with.Tracking, Agent: strings.TrimSpace(with.Program + " " + s.Agent), Offline: s.Offline,
		CacheDir: filepath.Join(with.CacheDir, "archive"), Expire: s.Fresh, Timeouts: s.Timeouts, Now: with.Now, Probe: s.Probe, Waiting: with.Waiting}
	for word := range strings.FieldsSeq(entry) {
		inbox, err := ServerURL(word)
		if err != nil {
			return nil, err
		}
		out.URLs = append(out.URLs, inbox)
	}
	var err error
	out.URLs, err = s.withFallback(out.URLs)
	return out, err
}

func local(path string, with Surroundings) Source {
	if IsMirror(path) {
		m := &Mirror{Dir: path, CacheDir: filepath.Join(with.CacheDir, "mirror"), Tracking: with.Tracking, Git: with.Git}
		if with.Progress != nil {
			m.Progress = func(mails int) { with.Progress(path, mails) }
		}
		return m
	}
	return &Files{Path: path, Tracking: with.Tracking}
}

// Close gives up what the sources hold open.
func (a *Archive) Close() error {
	var failed []error
	for _, s := range a.Sources {
		if m, ok := s.(*Mirror); ok {
			failed = append(failed, m.Close())
		}
	}
	return errors.Join(failed...)
}

// Names are what the user calls the sources.
func (a *Archive) Names() []string {
	var names []string
	for _, s := range a.Sources {
		names = append(names, s.Name())
	}
	return names
}

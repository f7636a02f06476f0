package inbox

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is what kprep reads of git's configuration.
type Config interface {
	Get(key string) (string, bool)
	All(key string) []string
	Bool(key string, def bool) (bool, error)
}

// Settings are what the user has configured about archives. Nothing in it is a
// default that leads to a network.
type Settings struct {
	Entries  []string   // of kprep.archive, then the servers of b4's masks
	Fallback []string   // lore.fallback
	Lists    Preference // b4.listid-preference
	Fresh    time.Duration
	Offline  bool // kprep.offline
	Timeouts Timeouts
	Agent    string // lore.useragentplus
	Probe    *Probe // lore.autoprobe; nil without
}

// ReadSettings reads kprep.archive (mailboxes, Maildirs, mirrors and URLs),
// kprep.archive-fresh, kprep.offline, midmask and searchmask (kprep's or b4's),
// b4.listid-preference, b4.cache-expire, lore.fallback, lore.requesttimeout,
// kprep.archive-timeout, lore.autoprobe, lore.probetimeout, lore.probettl and
// lore.useragentplus.
func ReadSettings(config Config) (Settings, error) {
	s := Settings{Entries: slices.Clone(config.All("kprep.archive")), Fallback: config.All("lore.fallback"), Timeouts: DefaultTimeouts(), Lists: ParsePreference(DefaultPreference)}
	var err error
	if s.Offline, err = config.Bool("kprep.offline", false); err != nil {
		return s, err
	}
	for _, name := range []string{"midmask", "searchmask"} {
		for _, key := range []string{"kprep." + name, "b4." + name} {
			mask, ok := config.Get(key)
			if !ok {
				continue
			}
			if err := s.AddMask(mask); err != nil {
				return s, fmt.Errorf("configuration %s: %w", key, err)
			}
			break
		}
	}
	if globs, ok := config.Get("b4.listid-preference"); ok {
		s.Lists = ParsePreference(globs)
	}
	if s.Fresh, err = minutes(config, 10, "kprep.archive-fresh", "b4.cache-expire"); err != nil {
		return s, err
	}
	s.Agent, _ = config.Get("lore.useragentplus")
	if err := secondsPair(config, "lore.requesttimeout", "CONNECT,READ", &s.Timeouts.Connect, &s.Timeouts.Read); err != nil {
		return s, err
	}
	if err := secondsPair(config, "kprep.archive-timeout", "REQUEST,LOOK", &s.Timeouts.Request, &s.Timeouts.Look); err != nil {
		return s, err
	}
	s.Probe, err = readProbe(config)
	return s, err
}

// readProbe reads lore.autoprobe, lore.probetimeout and lore.probettl, with the values
// that b4 has for them.
func readProbe(config Config) (*Probe, error) {
	on, err := config.Bool("lore.autoprobe", false)
	if err != nil || !on {
		return nil, err
	}
	p := &Probe{Timeout: 5 * time.Second, TTL: time.Hour}
	for key, into := range map[string]*time.Duration{"lore.probetimeout": &p.Timeout, "lore.probettl": &p.TTL} {
		text, ok := config.Get(key)
		if !ok {
			continue
		}
		if *into, err = seconds(text, 1<<31); err != nil {
			return nil, fmt.Errorf("configuration %s: %w", key, err)
		}
	}
	return p, nil
}

// AddMask adds the server of a mask of b4's, see [Settings.Entries], unless it
// is among them. An empty mask adds nothing.
func (s *Settings) AddMask(mask string) error {
	if mask == "" {
		return nil
	}
	server, err := maskURL(mask)
	if err == nil && !slices.ContainsFunc(s.Entries, func(entry string) bool { return slices.Contains(urlsOf(entry), server) }) {
		s.Entries = append(s.Entries, server)
	}
	return err
}

// maskURL is the inbox of "https://host/list/%s", or of
// "https://host/list/?x=m&q=%s".
func maskURL(mask string) (string, error) {
	before, _, ok := strings.Cut(mask, "%s")
	if !ok {
		return ServerURL(mask)
	}
	before, _, _ = strings.Cut(before, "?")
	return ServerURL(before)
}

// minutes reads the first of some keys that is set.
func minutes(config Config, def int, keys ...string) (time.Duration, error) {
	for _, key := range keys {
		text, ok := config.Get(key)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 0 || n > 1<<20 {
			return 0, fmt.Errorf("configuration %s: %q is no number of minutes", key, text)
		}
		return time.Duration(n) * time.Minute, nil
	}
	return time.Duration(def) * time.Minute, nil
}

// secondsPair reads two numbers of seconds, or one for both, if the key is set.
func secondsPair(config Config, key, words string, into ...*time.Duration) error {
	text, ok := config.Get(key)
	if !ok {
		return nil
	}
	first, second, two := strings.Cut(text, ",")
	if !two {
		second = first
	}
	for i, part := range []string{first, second} {
		var err error
		if *into[i], err = seconds(part, 3600); err == nil && *into[i] == 0 {
			err = errors.New("0 is no time to wait for something")
		}
		if err != nil {
			return fmt.Errorf("configuration %s is %s: %w", key, words, err)
		}
	}
	return nil
}

func seconds(text string, most float64) (time.Duration, error) {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(n >= 0 && n <= most) {
		return 0, fmt.Errorf("%q is no number of seconds up to %.0f", text, most)
	}
	return time.Duration(n * float64(time.Second)), nil
}

// urlsOf are the servers of an entry that names servers, completed as far as
// they are right; nil for a path.
func urlsOf(entry string) []string {
	if !strings.HasPrefix(entry, "https://") && !strings.HasPrefix(entry, "http://") {
		return nil
	}
	var urls []string
	for word := range strings.FieldsSeq(entry) {
		if u, err := ServerURL(word); err == nil {
			word = u
		}
		urls = append(urls, word)
	}
	return urls
}

// isURL is true of what is meant as a URL, also of one that kprep refuses.
func isURL(entry string) bool {
	scheme, _, ok := strings.Cut(entry, "://")
	return ok && scheme != "" && !strings.ContainsAny(scheme, "/. ")
}

// withFallback adds b4's other servers to those that keep the lists of
// lore.kernel.org.
func (s *Settings) withFallback(urls []string) ([]string, error) {
	first, err := url.Parse(urls[0])
	if err != nil || first.Hostname() != "lore.kernel.org" {
		return urls, err
	}
	for _, text := range s.Fallback {
		u, err := url.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("configuration lore.fallback: %w", err)
		}
		if strings.Trim(u.Path, "/") == "" {
			u.Path = path.Clean(first.Path)
		}
		inbox, err := ServerURL(u.String())
		if err != nil {
			return nil, fmt.Errorf("configuration lore.fallback: %w", err)
		}
		urls = append(urls, inbox)
	}
	return urls, nil
}

package server

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// Settings are the whole of a service's configuration, git's keys endpoint.*
// and sendemail.*.
type Settings struct {
	Config
	Listen          string        // host:port
	SMTPListen      string        // host:port; "": mail is not taken by SMTP
	Database        string        // file of SQLite, or URL of PostgreSQL
	FeedDir         string        // "" for no feed
	TLSCert, TLSKey string        // files; "" leaves TLS to a proxy
	Takeover        time.Duration // after which others go on for an instance that died
	Sending         sendmail.Settings
}

// section is that of the service in git's configuration.
const section = "endpoint."

// An UnknownSettingError reports a key of the service's section that there is
// not.
type UnknownSettingError struct {
	Name  string   // without the section
	Known []string // names that there are
}

func (e *UnknownSettingError) Error() string {
	return section + e.Name + ": there is no such setting"
}

// ReadSettings reads and checks a configuration. The errors name the key; one is
// an *UnknownSettingError.
func ReadSettings(cfg sendmail.Config) (Settings, error) {
	r := reader{cfg: cfg}
	s := Settings{
		Listen: r.text("listen", "127.0.0.1:8000"), SMTPListen: r.text("smtpListen", ""), Database: r.database(), FeedDir: r.text("feed", ""),
		TLSCert: r.text("tlsCert", ""), TLSKey: r.text("tlsKey", ""),
	}
	s.URL = r.url("url")
	s.Mail.Name = r.text("name", "Web Endpoint")
	s.Mail.From = r.address("from")
	s.Mail.Delimiter = r.text("delimiter", "+")
	s.Mail.OwnDomains = r.all("ownDomain")
	s.Mail.AlwaysBcc = r.addresses("alwaysBcc")
	s.Mail.ListID = r.text("listId", "")
	s.Feed = s.FeedDir != ""
	s.DryRun = r.flag("dryRun")
	for _, name := range r.all("demandSigned") {
		s.Demanded = append(s.Demanded, strings.ToLower(name))
	}
	for _, pattern := range r.all("destination") {
		d, err := Destination(pattern)
		r.keep("destination", err)
		s.Destinations = append(s.Destinations, d)
	}
	s.MaxAge, s.KeyWait = r.duration("maxAge", StandardMaxAge), r.duration("keyWait", StandardKeyWait)
	s.Takeover = r.duration("takeover", 2*time.Minute)
	s.Proxies = r.prefixes("trustedProxy", nil)
	s.Monitors = r.prefixes("monitor", []string{"127.0.0.0/8", "::1/128"})
	s.Scratch = r.text("scratch", "")
	s.Challenge = r.template("challengeTemplate")
	s.Limits = r.limits(StandardLimits())
	r.others()
	if r.err == nil {
		r.err = s.check()
	}
	if r.err != nil {
		return Settings{}, r.err
	}
	var err error
	s.Sending, err = sendmail.ReadSettings(cfg, "", false)
	return s, err
}

// Database is where a service of this configuration keeps everything.
func Database(cfg sendmail.Config) string {
	return (&reader{cfg: cfg}).database()
}

// check finds what cannot go together, or is missing.
func (s Settings) check() error {
	switch {
	case len(s.Destinations) == 0:
		return errors.New("endpoint.destination is not set: the service would mail to anybody")
	case s.Feed && s.Mail.ListID == "":
		return errors.New("endpoint.feed is set without endpoint.listId")
	case (s.TLSCert == "") != (s.TLSKey == ""):
		return errors.New("endpoint.tlsCert and endpoint.tlsKey go together")
	case s.Takeover < time.Second:
		return errors.New("endpoint.takeover is less than a second: instances would take work from each other")
	case s.Limits.Message > s.Limits.Request:
		return errors.New("endpoint.maxMessage is more than endpoint.maxRequest")
	}
	return nil
}

// A reader remembers the first error, so that reading stays a table.
type reader struct {
	cfg   sendmail.Config
	known []string // names that were read
	err   error
}

// key is that of a setting.
func (r *reader) key(name string) string {
	r.known = append(r.known, name)
	return section + name
}

func (r *reader) all(name string) []string { return r.cfg.All(r.key(name)) }

// others refuses settings that nobody has read: a limit with a typo in its name
// would be none.
func (r *reader) others() {
	for _, key := range r.cfg.Keys() {
		name, ours := strings.CutPrefix(key, section)
		if ours && r.err == nil && !slices.ContainsFunc(r.known, func(known string) bool { return strings.EqualFold(known, name) }) {
			r.err = &UnknownSettingError{Name: name, Known: r.known}
		}
	}
}

func (r *reader) database() string { return r.text("database", "kprep-endpoint.db") }

func (r *reader) keep(name string, err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("endpoint.%s: %w", name, err)
	}
}

func (r *reader) text(name, otherwise string) string {
	if v, given := r.cfg.Get(r.key(name)); given {
		return v
	}
	return otherwise
}

func (r *reader) flag(name string) bool {
	v, err := r.cfg.Bool(r.key(name), false)
	r.keep(name, err)
	return v
}

// url reads the public one. Without TLS it may only be this machine's: keys are
// enrolled through it.
func (r *reader) url(name string) *url.URL {
	text := r.text(name, "")
	u, err := url.Parse(text)
	switch {
	case text == "":
		err = errors.New("it is not set: clients sign statements that name it")
	case err != nil:
		err = errors.New("it is no URL")
	case u.User != nil:
		err = errors.New("it may not hold a user or a password")
	case u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		err = fmt.Errorf("%q is not of the form https://host/path", text)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		err = fmt.Errorf("%q is not https, which is needed but on this machine", text)
	}
	r.keep(name, err)
	return u
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

func (r *reader) address(name string) patchmail.Address {
	text := r.text(name, "")
	if text == "" {
		r.keep(name, errors.New("it is not set: mail of the service has to come from a mailbox"))
		return patchmail.Address{}
	}
	a, err := patchmail.ParseAddress(text)
	r.keep(name, err)
	return a
}

func (r *reader) addresses(name string) []patchmail.Address {
	var all []patchmail.Address
	for _, text := range r.all(name) {
		list, err := patchmail.ParseAddressList(text)
		r.keep(name, err)
		all = append(all, list...)
	}
	return all
}

func (r *reader) duration(name string, otherwise time.Duration) time.Duration {
	text := r.text(name, "")
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		r.keep(name, fmt.Errorf("%q is no time such as 90s, 30m or 72h", text))
	}
	return d
}

func (r *reader) number(name string, otherwise int64) int64 {
	text := r.text(name, "")
	if text == "" {
		return otherwise
	}
	digits, unit := text, int64(1)
	for suffix, times := range map[string]int64{"k": 1 << 10, "m": 1 << 20, "g": 1 << 30} { // as git has them
		if before, found := strings.CutSuffix(strings.ToLower(text), suffix); found {
			digits, unit = before, times
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > 1<<40/unit {
		r.keep(name, fmt.Errorf("%q is no number of at least 1", text))
	}
	return n * unit
}

func (r *reader) limits(l Limits) Limits {
	l.Request, l.Message = r.number("maxRequest", l.Request), r.number("maxMessage", l.Message)
	l.Messages = int(r.number("maxMessages", int64(l.Messages)))
	l.Recipients, l.Foreign = int(r.number("maxRecipients", int64(l.Recipients))), int(r.number("maxForeign", int64(l.Foreign)))
	l.Body, l.Work = r.duration("bodyTime", l.Body), r.duration("workTime", l.Work)
	l.Memory = r.number("memory", l.Memory)
	l.AtOnce = int(r.number("requestsAtOnce", int64(l.AtOnce)))
	l.Challenges = r.number("challengesPerIdentity", l.Challenges)
	l.ChallengesDomain = r.number("challengesPerDomain", l.ChallengesDomain)
	l.ChallengesNetwork = r.number("challengesPerNetwork", l.ChallengesNetwork)
	l.Requests, l.Received = r.number("requestsPerNetwork", l.Requests), r.number("messagesPerIdentity", l.Received)
	return l
}

// prefixes reads networks, or single addresses.
func (r *reader) prefixes(name string, otherwise []string) []netip.Prefix {
	texts := r.all(name)
	if len(texts) == 0 {
		texts = otherwise
	}
	var all []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if a, single := netip.ParseAddr(text); single == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			err = fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
		}
		r.keep(name, err)
		all = append(all, p)
	}
	return all
}

// template reads the challenge mail from a file: a line "Subject: …", an empty
// one, and the text.
func (r *reader) template(name string) Template {
	file := r.text(name, "")
	if file == "" {
		return StandardTemplate()
	}
	data, err := os.ReadFile(file)
	r.keep(name, err)
	head, text, parted := strings.Cut(string(data), "\n\n")
	subject, named := strings.CutPrefix(head, "Subject: ")
	t := Template{Subject: subject, Body: text}
	if err == nil && (!parted || !named || strings.Contains(subject, "\n")) {
		r.keep(name, fmt.Errorf("%s does not begin with a line Subject: and an empty line", file))
	}
	if err == nil {
		r.keep(name, t.check())
	}
	return t
}

package sendmail

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// A Config is git configuration, all scopes merged. Keys are spelled as in
// git's documentation; section and variable name count in any case. A key that
// stands alone, without "=", has no value for Get and All.
type Config interface {
	Get(key string) (string, bool)
	All(key string) []string
	Bool(key string, def bool) (bool, error)
	Keys() []string // lower-case but for the subsection
}

// An Encryption says how a connection to an SMTP server is secured.
type Encryption string

const (
	NotSet      Encryption = ""         // in the clear, to this machine only
	None        Encryption = "none"     // in the clear, asked for in so many words
	StartTLS    Encryption = "starttls" // git's "tls": STARTTLS, required
	ImplicitTLS Encryption = "tls"      // git's "ssl": TLS from the first byte
)

// Settings are the sendemail.* configuration of one identity, as
// git-send-email(1) and spec/mail.md 1.2 have it. Keys that concern the making
// of messages are only carried here.
type Settings struct {
	Trace    func(line string) // told what is said to an SMTP server, without secrets; nil: nobody. Not from the configuration
	Insecure bool              // the server's certificate is not checked, where CertPath says so too. Not from the configuration

	Identity string

	From           string
	To, Cc, Bcc    []string
	EnvelopeSender string // an address, "auto", or "" when not set

	ToCmd, CcCmd, HeaderCmd string
	SuppressCc              []string
	SuppressFrom            *bool // nil: not set
	SignedOffByCc           *bool // also signedOffCc
	CcCover, ToCover        bool
	Thread                  bool
	Confirm                 string // always, never, cc, compose, auto; "" when not set
	Validate                bool
	XMailer                 bool
	Mailmap                 bool
	MailmapFile             string
	MailmapBlob             string
	AliasesFiles            []string
	AliasFileType           string
	TransferEncoding        string
	Assume8bitEncoding      string

	Command       string   // sendmailCmd
	Server        string   // smtpServer: host, IP, or absolute path of a program
	Port          string   // number or service name; "" when not set
	ServerOptions []string // smtpServerOption, for commands and programs only
	Encryption    Encryption
	CertPath      *string // CA file or folder; nil: not set, the system's CAs
	ClientCert    string
	ClientKey     string
	User          string // "" means: never authenticate
	Password      string // smtpPass
	Auth          []string
	Domain        string // name to say in EHLO
	BatchSize     int    // messages per connection; 0: no limit
	ReloginDelay  time.Duration
	ReplyLimit    time.Duration // kprep.smtp-timeout: time for the answer to a command, which scales all others; 0: RFC 5321's
	OutlookIDFix  *bool

	Endpoint string // kprep.endpoint, else b4.send-endpoint-web: URL of a web endpoint; "" for none
	WebCA    string // http.sslCAInfo: file of the authorities to trust for it; "": the system's

	// Not from the configuration, and for the web endpoint alone.
	UseEndpoint bool   // whatever other way there is
	Reflect     bool   // to the signer alone, whom the service knows
	Agent       string // User-Agent

	// Warnings are for the user: keys that are set and have no effect.
	Warnings []string
}

// String hides the password, so that Settings can be printed.
func (s Settings) String() string {
	return fmt.Sprintf("settings of identity %q, command %q, server %q", s.Identity, s.Command, s.Server)
}

// GoString is String.
func (s Settings) GoString() string { return s.String() }

// ByEndpoint says that mail goes through the web endpoint: it was asked for, or
// is the only way there is.
func (s Settings) ByEndpoint() bool {
	return s.Endpoint != "" && (s.UseEndpoint || s.Command == "" && s.Server == "")
}

// ByCommand says that mail goes through a command: sendmailCmd, or smtpServer
// as the path of a program.
func (s Settings) ByCommand() bool {
	return !s.ByEndpoint() && (s.Command != "" || s.serverIsProgram())
}

func (s Settings) serverIsProgram() bool { return filepath.IsAbs(s.Server) }

// EnvelopeFrom is the sender for the envelope when the messages come from the
// envelope mailbox from: sendemail.envelopeSender where it is an address. When
// it is not set, SMTP takes from, and a command gets "", which leaves the
// sender to it (spec/mail.md 1.2).
func (s Settings) EnvelopeFrom(from string) (string, error) {
	switch {
	case s.ByEndpoint():
		return from, nil // the service decides
	case s.EnvelopeSender == "" && (s.Command != "" || s.serverIsProgram()):
		return "", nil
	case s.EnvelopeSender == "" || s.EnvelopeSender == "auto":
		return from, nil
	}
	a, err := patchmail.ParseAddress(s.EnvelopeSender)
	if err != nil {
		return "", fmt.Errorf("sendemail.envelopeSender: %w", err)
	}
	mailbox, _, err := a.Envelope()
	if err != nil {
		return "", fmt.Errorf("sendemail.envelopeSender: %w", err)
	}
	return mailbox, nil
}

// An UnknownIdentityError reports an identity without a single setting. Going
// on would silently send with another account.
type UnknownIdentityError struct{ Identity string }

func (e *UnknownIdentityError) Error() string {
	return fmt.Sprintf("no setting sendemail.%s.* exists for the identity %q", e.Identity, e.Identity)
}

// ReadSettings reads the settings of an identity. With identitySet the given
// one counts, "" being none; else kprep.sendemail-identity,
// b4.sendemail-identity, sendemail.identity. Values of the identity hide those
// of sendemail.* as a whole, also for lists.
//
// Errors are an [UnknownIdentityError]; an smtpEncryption that is no known
// word; any sendmail.* key (a misspelling) unless
// sendemail.forbidSendmailVariables is false; and values that are not of their
// kind.
func ReadSettings(cfg Config, identity string, identitySet bool) (Settings, error) {
	if !identitySet {
		for _, key := range []string{"kprep.sendemail-identity", "b4.sendemail-identity", "sendemail.identity"} {
			if v, ok := cfg.Get(key); ok {
				identity = v
				break
			}
		}
	}
	r := reader{cfg: cfg, identity: identity}
	if err := r.checkSections(); err != nil {
		return Settings{}, err
	}
	s := r.settings()
	if r.err == nil {
		r.err = s.check()
	}
	if r.err != nil {
		return Settings{}, r.err
	}
	s.Warnings = r.warnings(s)
	return s, nil
}

// A reader remembers the first error, so that reading stays a table.
type reader struct {
	cfg      Config
	identity string
	err      error
}

func (r *reader) checkSections() error {
	forbid, err := r.cfg.Bool("sendemail.forbidSendmailVariables", true)
	if err != nil {
		return err
	}
	known := r.identity == ""
	for _, key := range r.cfg.Keys() {
		if forbid && strings.HasPrefix(key, "sendmail.") {
			return fmt.Errorf("configuration %s: the section is spelled sendemail, with an e in the middle "+
				"(or set sendemail.forbidSendmailVariables to false)", key)
		}
		first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
		if first < last && key[:first] == "sendemail" && key[first+1:last] == r.identity {
			known = true
		}
	}
	if !known {
		return &UnknownIdentityError{Identity: r.identity}
	}
	return nil
}

// key is the full key that counts for a name: the identity's, if it is set.
func (r *reader) key(name string) string {
	if r.identity != "" {
		own := "sendemail." + r.identity + "." + name
		if len(r.cfg.All(own)) > 0 || r.isSet(own) {
			return own
		}
	}
	return "sendemail." + name
}

// first is the first of the keys that is set, or the last.
func (r *reader) first(keys ...string) string {
	for _, key := range keys {
		if r.isSet(key) {
			return key
		}
	}
	return keys[len(keys)-1]
}

// isSet finds keys without a value too, which are true as booleans.
func (r *reader) isSet(key string) bool {
	first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
	key = strings.ToLower(key[:first]) + key[first:last] + strings.ToLower(key[last:])
	return slices.Contains(r.cfg.Keys(), key)
}

func (r *reader) text(name string) string {
	v, _ := r.cfg.Get(r.key(name))
	return v
}

func (r *reader) list(name string) []string { return r.cfg.All(r.key(name)) }

func (r *reader) flag(name string, def bool) bool {
	v, err := r.cfg.Bool(r.key(name), def)
	if err != nil && r.err == nil {
		r.err = err
	}
	return v
}

func (r *reader) maybe(name string) *bool {
	if key := r.key(name); !r.isSet(key) {
		return nil
	}
	v := r.flag(name, false)
	return &v
}

func (r *reader) number(key string) int {
	v, ok := r.cfg.Get(key)
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(v)
	if (err != nil || n < 0) && r.err == nil {
		r.err = fmt.Errorf("configuration %s: %q is not a number of at least 0", key, v)
	}
	return n
}

func (r *reader) settings() Settings {
	s := Settings{
		Identity: r.identity,

		From: r.text("from"), To: r.list("to"), Cc: r.list("cc"), Bcc: r.list("bcc"),
		EnvelopeSender: r.text("envelopeSender"),

		ToCmd: r.text("toCmd"), CcCmd: r.text("ccCmd"), HeaderCmd: r.text("headerCmd"),
		SuppressCc: r.list("suppressCc"), SuppressFrom: r.maybe("suppressFrom"),
		SignedOffByCc: r.maybe("signedOffByCc"),
		CcCover:       r.flag("ccCover", false), ToCover: r.flag("toCover", false),
		Thread: r.flag("thread", true), Confirm: r.text("confirm"),
		Validate: r.flag("validate", true), XMailer: r.flag("xmailer", true),
		Mailmap: r.flag("mailmap", false), MailmapFile: r.text("mailmap.file"), MailmapBlob: r.text("mailmap.blob"),
		AliasesFiles: r.list("aliasesFile"), AliasFileType: r.text("aliasFileType"),
		TransferEncoding: r.text("transferEncoding"), Assume8bitEncoding: r.text("assume8bitEncoding"),

		Command: r.text("sendmailCmd"), Server: r.text("smtpServer"), Port: r.text("smtpServerPort"),
		ServerOptions: r.list("smtpServerOption"),
		ClientCert:    r.text("smtpSSLClientCert"), ClientKey: r.text("smtpSSLClientKey"),
		User: r.text("smtpUser"), Password: r.text("smtpPass"),
		Auth: strings.Fields(strings.ToUpper(r.text("smtpAuth"))), Domain: r.text("smtpDomain"),
		BatchSize:    r.number(r.key("smtpBatchSize")),
		ReloginDelay: time.Duration(r.number(r.key("smtpReloginDelay"))) * time.Second,
		ReplyLimit:   time.Duration(r.number(r.first("kprep.smtp-timeout", "b4.smtp-timeout"))) * time.Second,
		OutlookIDFix: r.maybe("outlookidfix"),
	}
	if s.SignedOffByCc == nil {
		s.SignedOffByCc = r.maybe("signedOffCc") // deprecated spelling
	}
	if path, ok := r.cfg.Get(r.key("smtpSSLCertPath")); ok {
		s.CertPath = &path
	}
	s.Encryption = r.encryption()
	s.Endpoint, _ = r.cfg.Get(r.first("kprep.endpoint", "b4.send-endpoint-web"))
	s.WebCA, _ = r.cfg.Get("http.sslCAInfo")
	return s
}

func (r *reader) encryption() Encryption {
	key := r.key("smtpEncryption")
	word, _ := r.cfg.Get(key)
	switch strings.ToLower(word) {
	case "ssl", "smtps":
		return ImplicitTLS
	case "tls", "starttls":
		return StartTLS
	case "none":
		return None
	case "":
		if r.flag("smtpSSL", false) { // git's old spelling of ssl
			return ImplicitTLS
		}
		return NotSet
	}
	if r.err == nil {
		// git would send in the clear.
		r.err = fmt.Errorf("configuration %s: %q is not one of ssl (smtps), tls (starttls), none", key, clean(word))
	}
	return NotSet
}

func (s Settings) check() error {
	switch s.Confirm {
	case "", "always", "never", "cc", "compose", "auto":
	default:
		return fmt.Errorf("sendemail.confirm: %q is not one of always, never, cc, compose, auto", clean(s.Confirm))
	}
	words := []string{"author", "self", "cc", "bodycc", "sob", "misc-by", "cccmd", "body", "all"}
	for _, word := range s.SuppressCc {
		if word != "" && !slices.Contains(words, word) {
			return fmt.Errorf("sendemail.suppressCc: %q is not one of %s", clean(word), strings.Join(words, ", "))
		}
	}
	if e := s.TransferEncoding; e != "" && !slices.Contains(patchmail.TransferEncodings(), e) {
		return fmt.Errorf("sendemail.transferEncoding: %q is not one of %s", clean(e), strings.Join(patchmail.TransferEncodings(), ", "))
	}
	if s.ReloginDelay > 0 && s.BatchSize == 0 {
		return fmt.Errorf("sendemail.smtpReloginDelay is set without smtpBatchSize")
	}
	if s.ClientKey != "" && s.ClientCert == "" {
		return fmt.Errorf("sendemail.smtpSSLClientKey is set without smtpSSLClientCert")
	}
	// It is a word of a command: a line end in it would begin another one.
	if strings.ContainsFunc(s.Domain, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return fmt.Errorf("sendemail.smtpDomain: %q is neither the name of a host nor an address in brackets", clean(s.Domain))
	}
	return s.checkServer()
}

func (s Settings) checkServer() error {
	switch {
	case s.Server == "" || s.serverIsProgram() || net.ParseIP(s.Server) != nil:
		return nil
	case strings.Contains(s.Server, "/"):
		return fmt.Errorf("sendemail.smtpServer: %q is neither a host nor the absolute path of a program", clean(s.Server))
	case strings.Contains(s.Server, ":"):
		return fmt.Errorf("sendemail.smtpServer: %q: the port belongs into sendemail.smtpServerPort", clean(s.Server))
	case strings.ContainsFunc(s.Server, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return fmt.Errorf("sendemail.smtpServer: %q is not a host", clean(s.Server))
	}
	return nil
}

// warnings names what is set and has no effect (spec/mail.md 1.2, "warn").
func (r *reader) warnings(s Settings) []string {
	var all []string
	for _, name := range []string{"chainReplyTo", "annotate", "multiEdit", "composeEncoding", "imapSentFolder", "useImapOnly"} {
		if key := r.key(name); r.isSet(key) {
			all = append(all, key+" has no effect")
		}
	}
	if !s.Thread {
		all = append(all, "sendemail.thread is false: the patches will not be replies to the cover letter")
	}
	if e := s.Assume8bitEncoding; e != "" && !strings.EqualFold(e, "utf-8") {
		all = append(all, "sendemail.assume8bitEncoding has no effect: messages are declared as UTF-8, and keep the bytes of the patch")
	}
	if len(s.ServerOptions) > 0 && s.Command == "" && !s.serverIsProgram() {
		all = append(all, "sendemail.smtpServerOption has no effect with an SMTP server")
	}
	if s.Command != "" && s.Server != "" {
		all = append(all, "sendemail.smtpServer has no effect because sendemail.sendmailCmd is set")
	}
	return all
}

package submission

import (
	"context"
	"fmt"
	"strings"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/sendmail"
)

// What became of a check of the set-up.
const (
	ProbeOK      = "ok"
	ProbeWarning = "warning"
	ProbeFailed  = "failed"
	ProbeSkipped = "skipped"
)

// A Probe is one check of the set-up, and what it found.
type Probe struct {
	Check string `json:"check"` // identity, signing, signature, transport, password, server, extensions, enrolment
	State string `json:"state"`
	Text  string `json:"text"`
	Err   error  `json:"-"` // why it failed; nil otherwise
}

// A Diagnosis is what was found out about the set-up, in the order of checking.
type Diagnosis struct {
	Findings []Probe  `json:"findings"`
	Provider Provider `json:"provider"`
}

// Failed says whether mail could not be sent.
func (d *Diagnosis) Failed() bool {
	for _, f := range d.Findings {
		if f.State == ProbeFailed {
			return true
		}
	}
	return false
}

func (d *Diagnosis) add(check, state, format string, args ...any) {
	d.Findings = append(d.Findings, Probe{Check: check, State: state, Text: fmt.Sprintf(format, args...)})
}

func (d *Diagnosis) fail(check string, err error) {
	d.Findings = append(d.Findings, Probe{Check: check, State: ProbeFailed, Text: err.Error(), Err: err})
}

// A Checkup says how to check the set-up.
type Checkup struct {
	Identity    string // as in [Options]
	IdentitySet bool
	UseEndpoint bool
	Offline     bool
	Signing     Signing
	Agent       string         // of HTTP
	Stamp       endpoint.Stamp // for a question to a web endpoint
	Insecure    bool           // as in [sendmail.Settings], and so is Trace
	Trace       func(string)
}

// Diagnose checks who sends, how commits and patches are signed, and the way to
// the first mail server: unless offline, by a session that ends before MAIL, or
// by asking the web endpoint what it does and whether it knows the key. Nothing
// is sent and nothing is changed; a credential helper may keep a password that
// was right, and forgets one that was refused.
func Diagnose(ctx context.Context, repo *gitrepo.Repo, c Checkup) (*Diagnosis, error) {
	identity, identitySet := c.Identity, c.IdentitySet
	config, err := repo.Config()
	if err != nil {
		return nil, err
	}
	d := &Diagnosis{}
	if !identitySet {
		settings, err := project.Load(ctx, repo, "")
		if err != nil {
			return nil, err
		}
		identity, identitySet = chosenIdentity(settings, "", false)
	}
	mail, mailErr := sendmail.ReadSettings(config, identity, identitySet)
	from := d.identity(repo, mail.From)
	d.signing(ctx, repo)
	mail.UseEndpoint, mail.Agent, mail.Trace, mail.Insecure = c.UseEndpoint, c.Agent, c.Trace, c.Insecure
	c.Signing = c.Signing.On(mail.ByEndpoint())
	d.signature(ctx, c, from, mail.ByEndpoint())
	d.Provider = providerOf(mail, from)
	if mailErr != nil {
		d.fail("transport", mailErr)
		return d, nil
	}
	for _, w := range mail.Warnings {
		d.add("transport", ProbeWarning, "%s", w)
	}
	d.transport(ctx, mail, credentials{repo}, c)
	return d, nil
}

func (d *Diagnosis) identity(repo *gitrepo.Repo, from string) string {
	committer, err := repo.Committer()
	if err != nil {
		d.fail("identity", err)
		return ""
	}
	a, err := sender(repo, from)
	if err != nil {
		d.fail("identity", err)
		return ""
	}
	d.add("identity", ProbeOK, "mail is from %s; commits are by %s <%s>", a, committer.Name, committer.Email)
	return a.Mailbox
}

func (d *Diagnosis) signing(ctx context.Context, repo *gitrepo.Repo) {
	switch program, err := repo.TrySigning(ctx); {
	case err != nil:
		d.fail("signing", fmt.Errorf("commits are to be signed (commit.gpgSign): %w", err))
	case program == "":
		d.add("signing", ProbeOK, "commits are not signed (commit.gpgSign)")
	default:
		d.add("signing", ProbeOK, "commits are signed by %s, which made a trial signature", program)
	}
}

func (d *Diagnosis) transport(ctx context.Context, mail sendmail.Settings, creds sendmail.Credentials, c Checkup) {
	t, err := sendmail.OpenTransport(mail, creds)
	if err != nil {
		d.fail("transport", err)
		return
	}
	defer t.Close() // which says QUIT
	d.add("transport", ProbeOK, "mail goes through %s", t)
	if mail.Insecure {
		d.add("transport", ProbeWarning, "%s", sendmail.InsecureWarning)
	}
	if c.Offline {
		d.add("server", ProbeSkipped, "nothing was connected to")
		return
	}
	if web, ok := t.(*sendmail.Web); ok {
		d.web(ctx, web, c)
		return
	}
	if err := t.Authorize(ctx); err != nil {
		d.fail("password", err)
		return
	}
	able, err := t.Prepare(ctx, nil)
	if err != nil {
		d.fail("server", err)
		return
	}
	if mail.Command != "" || strings.HasPrefix(mail.Server, "/") {
		d.add("server", ProbeSkipped, "that program alone knows its server; 'kprep send --reflect' mails a series to you, to see that it arrives")
		return
	}
	d.add("server", ProbeOK, "it can be reached, and lets you in")
	d.add("extensions", ProbeOK, "%s", abilities(able))
	if !able.EightBit {
		d.add("extensions", ProbeWarning, "it takes no 8-bit text: patches with letters outside of ASCII leave as quoted-printable")
	}
}

func abilities(a sendmail.Abilities) string {
	size := "any size, as far as it says"
	if a.MaxSize > 0 {
		size = fmt.Sprintf("messages of at most %d bytes", a.MaxSize)
	}
	words := []string{"it takes " + size}
	if a.MaxRecipients > 0 {
		words = append(words, fmt.Sprintf("at most %d recipients at a time", a.MaxRecipients))
	}
	if a.EightBit {
		words = append(words, "8-bit text")
	}
	if a.UTF8 {
		words = append(words, "addresses outside of ASCII")
	}
	return strings.Join(words, ", ")
}

package submission

import (
	"slices"
	"strings"

	"github.com/kprep/kprep/sendmail"
)

// A Provider is a class of mail services that are set up alike.
type Provider struct {
	Name   string `json:"name"`   // of a section of docs/providers.md
	Advice string `json:"advice"` // how to set it up, in a sentence or two
	hosts  []string
	mail   []string // domains of addresses
}

// Providers are the classes that kprep knows, see docs/providers.md.
func providers() []Provider {
	return []Provider{
		{Name: "Gmail", hosts: []string{"smtp.gmail.com"}, mail: []string{"gmail.com", "googlemail.com"},
			Advice: "smtp.gmail.com, port 465 with ssl or 587 with tls; log in with an app password or OAuth, not with the account's password; From must be the account or a verified alias"},
		{Name: "Microsoft", hosts: []string{"smtp.office365.com", "smtp-mail.outlook.com"}, mail: []string{"outlook.com", "hotmail.com", "live.com"},
			Advice: "smtp.office365.com (smtp-mail.outlook.com for private accounts), port 587 with tls; a helper that answers with an OAuth token, and sendemail.smtpAuth=XOAUTH2; it changes message-ids, which kprep follows"},
		{Name: "app password", hosts: []string{"smtp.fastmail.com", "smtp.migadu.com", "smtp.zoho.com", "smtp.zoho.eu", "smtp.mail.me.com", "smtp.mail.yahoo.com"},
			mail:   []string{"fastmail.com", "icloud.com", "me.com", "yahoo.com", "zoho.com"},
			Advice: "port 465 with ssl; make a password for this program in the account's settings"},
		{Name: "Proton bridge", mail: []string{"proton.me", "protonmail.com"},
			Advice: "run Proton's bridge on this machine and use the port and the password that it shows, with tls; name its certificate in sendemail.smtpSSLCertPath"},
		{Name: "web endpoint", Advice: "a service of the project that mails signed series on: kprep.endpoint is its URL, 'kprep auth new' enrols a key"},
		{Name: "local program", Advice: "the program queues mail and sends it on by its own settings: look into its log and queue when nothing arrives"},
		{Name: "relay", Advice: "server, port, encryption and user are as your company or provider says; limits per connection go into sendemail.smtpBatchSize and smtpReloginDelay"},
	}
}

// providerOf tells the class by where mail goes first; where no way is
// configured, by the sender's address.
func providerOf(mail sendmail.Settings, sender string) Provider {
	all := providers()
	host := strings.ToLower(mail.Server)
	_, domain, _ := strings.Cut(strings.ToLower(sender), "@")
	none := mail.Command == "" && mail.Server == "" && !mail.ByEndpoint()
	for _, p := range all {
		switch {
		case p.Name == "web endpoint" && mail.ByEndpoint(), slices.Contains(p.hosts, host), none && slices.Contains(p.mail, domain),
			p.Name == "Proton bridge" && isHere(host) && mail.Port == "1025",
			p.Name == "local program" && !none && (mail.Command != "" || strings.HasPrefix(host, "/") || isHere(host) && mail.User == ""):
			return p
		}
	}
	return all[len(all)-1]
}

func isHere(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

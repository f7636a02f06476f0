package submission

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/sendmail"
)

// Doctor tells the class of every provider that the documentation tells apart.
func TestProviders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, server, port, user, command, sender, want string }{
		{"by its server", "SMTP.gmail.com", "587", "me", "", "me@example.org", "Gmail"},
		{"by the address, with nothing set up", "", "", "", "", "me@googlemail.com", "Gmail"},
		{"the address counts only then", "mail.example.org", "", "me", "", "me@gmail.com", "relay"},
		{"a company's account", "smtp.office365.com", "587", "me", "", "me@example.org", "Microsoft"},
		{"a private account", "smtp-mail.outlook.com", "587", "me", "", "me@outlook.com", "Microsoft"},
		{"app passwords", "smtp.fastmail.com", "465", "me", "", "me@example.org", "app password"},
		{"app passwords, by the address", "", "", "", "", "me@icloud.com", "app password"},
		{"the bridge, by its port", "127.0.0.1", "1025", "me", "", "me@example.org", "Proton bridge"},
		{"the bridge, by the address", "", "", "", "", "me@proton.me", "Proton bridge"},
		{"a command", "", "", "", "msmtp", "me@gmail.com", "local program"},
		{"a program", "/usr/bin/msmtp", "", "", "", "me@gmail.com", "local program"},
		{"a server on this machine", "localhost", "", "", "", "me@gmail.com", "local program"},
		{"a relay", "mail.example.org", "587", "me", "", "me@example.org", "relay"},
	} {
		got := providerOf(sendmail.Settings{Server: c.server, Port: c.port, User: c.user, Command: c.command}, c.sender)
		if got.Name != c.want || got.Advice == "" {
			t.Errorf("%s: %q, want %q", c.name, got.Name, c.want)
		}
	}
	if got := providerOf(sendmail.Settings{Endpoint: "https://send.example.org/"}, "me@gmail.com"); got.Name != "web endpoint" {
		t.Errorf("the only way is a web endpoint: %q", got.Name)
	}
	text, err := os.ReadFile("../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	var sections []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "## ") {
			sections = append(sections, strings.ToLower(line))
		}
	}
	for _, p := range providers() {
		kind := strings.ToLower(p.Name[strings.LastIndexByte(p.Name, ' ')+1:])
		if !slices.ContainsFunc(sections, func(s string) bool { return strings.Contains(s, kind) }) {
			t.Errorf("docs/providers.md has no section on %q", p.Name)
		}
	}
	if len(sections) != len(providers()) {
		t.Errorf("docs/providers.md has %d sections, and there are %d classes", len(sections), len(providers()))
	}
}

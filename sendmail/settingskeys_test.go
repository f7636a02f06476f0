package sendmail

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Every key that git-send-email(1) has is used, or said to have no effect: none
// is passed over in silence (mail 1.2).
func TestEveryKeyHasATreatment(t *testing.T) {
	t.Parallel()
	const used, warned = "", "has no effect"
	base := testConfig{"sendemail.other.from=x@example.org", "sendemail.smtpServer=mail.example.org"}
	plain, err := ReadSettings(base, "", true)
	if err != nil || len(plain.Warnings) > 0 {
		t.Fatal(plain.Warnings, err)
	}
	touched := map[string]bool{}
	for _, c := range []struct{ line, want string }{
		{"identity=other", used},
		{"from=me@example.org", used},
		{"to=a@example.org", used}, {"cc=a@example.org", used}, {"bcc=a@example.org", used},
		{"toCmd=who", used}, {"ccCmd=who", used}, {"headerCmd=what", used},
		{"suppressCc=sob", used}, {"suppressFrom", used}, {"signedOffByCc=false", used}, {"signedOffCc=false", used},
		{"ccCover", used}, {"toCover", used},
		{"chainReplyTo=false", warned},
		{"thread=false", "will not be replies"},
		{"confirm=never", used},
		{"annotate=yes", warned}, {"multiEdit", warned}, {"composeEncoding=UTF-8", warned},
		{"assume8bitEncoding=iso-8859-1", warned},
		{"validate=false", used}, {"xmailer=false", used},
		{"mailmap", used}, {"mailmap.file=f", used}, {"mailmap.blob=HEAD:f", used},
		{"aliasesFile=f", used}, {"aliasFileType=mutt", used},
		{"transferEncoding=base64", used}, {"envelopeSender=auto", used},
		{"sendmailCmd=msmtp", "sendemail.smtpServer has no effect"},
		{"smtpServer=other.example.org", used}, {"smtpServerPort=587", used},
		{"smtpServerOption=-v", "has no effect with an SMTP server"},
		{"smtpEncryption=tls", used}, {"smtpSSL", used},
		{"smtpSSLCertPath=f", used}, {"smtpSSLClientCert=f", used},
		{"smtpUser=me", used}, {"smtpPass=secret", used}, {"smtpAuth=PLAIN", used}, {"smtpDomain=here", used},
		{"smtpBatchSize=1", used},
		{"outlookidfix=false", used},
		{"imapSentFolder=Sent", warned}, {"useImapOnly", warned},
	} {
		key, _, _ := strings.Cut(c.line, "=")
		s, err := ReadSettings(append(testConfig{"sendemail." + c.line}, base...), "", false)
		if key == "smtpServer" { // the last one counts
			s, err = ReadSettings(testConfig{"sendemail." + c.line}, "", false)
		}
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		warnings := strings.Join(s.Warnings, "\n")
		if (c.want == used) != (warnings == "") || !strings.Contains(warnings, c.want) {
			t.Errorf("%s: warnings %q, want %q", c.line, warnings, c.want)
		}
		changed := false
		for i := range reflect.TypeFor[Settings]().NumField() {
			name := reflect.TypeFor[Settings]().Field(i).Name
			if name != "Warnings" && !reflect.DeepEqual(reflect.ValueOf(s).Field(i).Interface(), reflect.ValueOf(plain).Field(i).Interface()) {
				changed, touched[name] = true, true
			}
		}
		if !changed && c.want != warned {
			t.Errorf("%s changes nothing", c.line)
		}
	}
	for name, lines := range map[string][]string{ // those that go with another one
		"ClientKey":    {"sendemail.smtpSSLClientCert=c", "sendemail.smtpSSLClientKey=k"},
		"ReloginDelay": {"sendemail.smtpBatchSize=1", "sendemail.smtpReloginDelay=1"},
		"ReplyLimit":   {"kprep.smtp-timeout=9"},
		"Endpoint":     {"kprep.endpoint=https://send.example.org/"},
		"WebCA":        {"http.sslCAInfo=f"},
	} {
		s, err := ReadSettings(testConfig(lines), "", false)
		touched[name] = err == nil && !reflect.ValueOf(s).FieldByName(name).IsZero()
	}
	for i := range reflect.TypeFor[Settings]().NumField() {
		name := reflect.TypeFor[Settings]().Field(i).Name
		if elsewhere := slices.Contains([]string{"Warnings", "Trace", "UseEndpoint", "Reflect", "Agent", "Insecure"}, name); elsewhere == touched[name] {
			t.Errorf("keys of this test set %s: %v", name, touched[name])
		}
	}
}

package sendmail

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReadSettingsOfAnIdentity(t *testing.T) {
	t.Parallel()
	cfg := testConfig{
		"sendemail.to=all@example.org", "sendemail.cc=all@example.org", "sendemail.smtpServer=general.example.org",
		"sendemail.smtpEncryption=ssl", "sendemail.thread=true", "sendemail.confirm=never",
		"sendemail.Work+1.to=a@example.org", "sendemail.Work+1.to=b@example.org", "sendemail.Work+1.smtpencryption=TLS",
		"sendemail.Work+1.signedOffByCc", "sendemail.Work+1.smtpSSLCertPath=", "sendemail.Work+1.smtpAuth=plain login",
		"sendemail.Work+1.smtpBatchSize=10", "sendemail.Work+1.smtpReloginDelay=3", "b4.smtp-timeout=120",
		"sendemail.work+1.from=other@example.org",
	}
	s, err := ReadSettings(cfg, "Work+1", true)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.To, []string{"a@example.org", "b@example.org"}) || !slices.Equal(s.Cc, []string{"all@example.org"}) ||
		s.Server != "general.example.org" || s.Encryption != StartTLS || s.From != "" || s.Confirm != "never" ||
		s.SignedOffByCc == nil || !*s.SignedOffByCc || s.SuppressFrom != nil || s.CertPath == nil || *s.CertPath != "" ||
		!slices.Equal(s.Auth, []string{"PLAIN", "LOGIN"}) || s.BatchSize != 10 || s.ReloginDelay != 3*time.Second || s.ReplyLimit != 2*time.Minute ||
		!s.Thread || !s.Validate || !s.XMailer || s.CcCover {
		t.Errorf("got %+v", reflect.ValueOf(s))
	}
	if len(s.Warnings) > 0 {
		t.Errorf("warnings %q", s.Warnings)
	}
}

func TestIdentityComesFromTheConfiguration(t *testing.T) {
	t.Parallel()
	all := testConfig{"sendemail.a.from=a", "sendemail.b.from=b", "sendemail.c.from=c", "sendemail.from=none"}
	for name, c := range map[string]struct {
		lines    []string
		identity string
		set      bool
		want     string
	}{
		"git's":                      {[]string{"sendemail.identity=a"}, "", false, "a"},
		"b4's before git's":          {[]string{"sendemail.identity=a", "b4.sendemail-identity=b"}, "", false, "b"},
		"kprep's before all":         {[]string{"sendemail.identity=a", "b4.sendemail-identity=b", "kprep.sendemail-identity=c"}, "", false, "c"},
		"the command line's":         {[]string{"sendemail.identity=a"}, "b", true, "b"},
		"none on the command line":   {[]string{"sendemail.identity=a"}, "", true, "none"},
		"none in the configuration":  {nil, "", false, "none"},
		"unknown":                    {nil, "d", true, ""},
		"unknown from configuration": {[]string{"sendemail.identity=d"}, "", false, ""},
		"subsection in another case": {nil, "A", true, ""},
		"no pattern":                 {nil, ".", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := ReadSettings(append(slices.Clone(all), c.lines...), c.identity, c.set)
			var unknown *UnknownIdentityError
			if s.From != c.want || (c.want == "") != errors.As(err, &unknown) {
				t.Errorf("from %q, error %v", s.From, err)
			}
		})
	}
}

func TestReadSettingsRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines []string
		want  string // part of the error; "" for none
	}{
		"an unknown encryption":              {[]string{"sendemail.smtpEncryption=TSL"}, "smtpEncryption"},
		"encryption starttls":                {[]string{"sendemail.smtpEncryption=STARTTLS"}, ""},
		"a misspelt section":                 {[]string{"sendmail.smtpServer=x"}, "spelled sendemail"},
		"a misspelt section with identity":   {[]string{"sendmail.work.smtpServer=x"}, "spelled sendemail"},
		"a misspelt section, allowed":        {[]string{"sendmail.smtpServer=x", "sendemail.forbidSendmailVariables=false"}, ""},
		"a relative program":                 {[]string{"sendemail.smtpServer=bin/msmtp"}, "absolute"},
		"a home folder":                      {[]string{"sendemail.smtpServer=~/bin/msmtp"}, "absolute"},
		"a port in the host":                 {[]string{"sendemail.smtpServer=mail.example.org:587"}, "smtpServerPort"},
		"a blank in the host":                {[]string{"sendemail.smtpServer=mail example"}, "not a host"},
		"an IPv6 address":                    {[]string{"sendemail.smtpServer=2001:db8::1"}, ""},
		"a word that is no boolean":          {[]string{"sendemail.validate=perhaps"}, "boolean"},
		"a batch size that is no number":     {[]string{"sendemail.smtpBatchSize=few"}, "smtpBatchSize"},
		"a negative batch size":              {[]string{"sendemail.smtpBatchSize=-1"}, "smtpBatchSize"},
		"a delay without a size":             {[]string{"sendemail.smtpReloginDelay=1"}, "smtpBatchSize"},
		"a client key without a certificate": {[]string{"sendemail.smtpSSLClientKey=k"}, "smtpSSLClientCert"},
		"an unknown way to confirm":          {[]string{"sendemail.confirm=sometimes"}, "confirm"},
		"an unknown word of suppressCc":      {[]string{"sendemail.suppressCc=sob", "sendemail.suppressCc=nobody"}, "suppressCc"},
		"an unknown transfer encoding":       {[]string{"sendemail.transferEncoding=uuencode"}, "transferEncoding"},
		"a line end in the EHLO name":        {[]string{"sendemail.smtpDomain=x\r\nMAIL FROM:<evil@x>"}, "smtpDomain"},
		"a blank in the EHLO name":           {[]string{"sendemail.smtpDomain=my host"}, "smtpDomain"},
		"an EHLO name outside of ASCII":      {[]string{"sendemail.smtpDomain=bücher.example"}, "smtpDomain"},
		"an address as EHLO name":            {[]string{"sendemail.smtpDomain=[192.0.2.1]"}, ""},
		"no word of suppressCc":              {[]string{"sendemail.suppressCc="}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadSettings(testConfig(c.lines), "", false)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if s, err := ReadSettings(testConfig{"sendemail.smtpSSL"}, "", false); err != nil || s.Encryption != ImplicitTLS {
		t.Errorf("the old smtpSSL: %q, %v", s.Encryption, err)
	}
}

func TestSettingsWarn(t *testing.T) {
	t.Parallel()
	s, err := ReadSettings(testConfig{"sendemail.chainReplyTo=true", "sendemail.thread=false", "sendemail.useImapOnly", "sendemail.smtpServer=x.example.org",
		"sendemail.smtpServerOption=-v", "sendemail.annotate=no"}, "", false)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(s.Warnings, "\n")
	for _, want := range []string{"chainReplyTo", "thread", "useImapOnly", "smtpServerOption", "annotate"} {
		if !strings.Contains(got, want) {
			t.Errorf("no warning about %s in %q", want, got)
		}
	}
}

func TestEnvelopeFrom(t *testing.T) {
	t.Parallel()
	const from = "me@example.org"
	for i, c := range []struct {
		lines testConfig
		want  string
		ok    bool
	}{
		{testConfig{"sendemail.smtpServer=x.example.org"}, from, true},
		{testConfig{"sendemail.sendmailCmd=x"}, "", true}, // left to the command
		{testConfig{"sendemail.smtpServer=/bin/x"}, "", true},
		{testConfig{"sendemail.sendmailCmd=x", "sendemail.envelopeSender=auto"}, from, true},
		{testConfig{"sendemail.envelopeSender=Bounces <b@exämple.org>"}, "b@xn--exmple-cua.org", true},
		{testConfig{"sendemail.envelopeSender=nobody"}, "", false},
	} {
		s, err := ReadSettings(c.lines, "", false)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.EnvelopeFrom(from); got != c.want || (err == nil) != c.ok {
			t.Errorf("%d: %q, %v", i, got, err)
		}
	}
}

func TestTimeoutScalesEverything(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	for name, c := range map[string]struct {
		lines          testConfig
		command, final time.Duration
		first          time.Duration // pause
	}{
		"not set":        {nil, 5 * minute, 10 * minute, time.Second},
		"b4's":           {testConfig{"b4.smtp-timeout=60"}, minute, 2 * minute, 200 * time.Millisecond},
		"kprep's wins":   {testConfig{"b4.smtp-timeout=60", "kprep.smtp-timeout=600"}, 10 * minute, 20 * minute, 2 * time.Second},
		"0 is the usual": {testConfig{"kprep.smtp-timeout=0", "b4.smtp-timeout=60"}, 5 * minute, 10 * minute, time.Second},
	} {
		s, err := ReadSettings(c.lines, "", false)
		if err != nil {
			t.Fatal(err)
		}
		if l := s.limits(); l.Command != c.command || l.Final != c.final || s.Policy().Pauses[0] != c.first {
			t.Errorf("%s: %v, %v, pauses %v", name, l.Command, l.Final, s.Policy().Pauses)
		}
	}
	if _, err := ReadSettings(testConfig{"kprep.smtp-timeout=soon"}, "", false); err == nil || !strings.Contains(err.Error(), "kprep.smtp-timeout") {
		t.Errorf("error %v", err)
	}
}

func TestPortsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, port := range []string{"0", "65536", "-1", "no-such-service"} {
		s, err := ReadSettings(testConfig{"sendemail.smtpServer=mail.example.org", "sendemail.smtpEncryption=tls", "sendemail.smtpServerPort=" + port}, "", false)
		if err == nil {
			_, err = OpenTransport(s, nil)
		}
		if err == nil || !strings.Contains(err.Error(), "sendemail.smtpServerPort") {
			t.Errorf("port %s: %v", port, err)
		}
	}
}

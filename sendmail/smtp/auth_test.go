package smtp

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"

	"github.com/kprep/kprep/internal/mailtest"
)

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// The examples of RFC 2195, section 2, and RFC 7628, section 4.1, are among
// them.
func TestAuth(t *testing.T) {
	t.Parallel()
	const secret = "tanstaaftanstaaf"
	plain := "C: AUTH PLAIN " + b64("\x00tim\x00"+secret) + "\n"
	cram := "C: AUTH CRAM-MD5\nS: 334 " + b64("<1896.697170952@postoffice.reston.mci.net>") + "\nC: " +
		b64("tim b913a602c7eda7a495b4e6e7334d3890") + "\n"
	xoauth2 := "C: AUTH XOAUTH2 " + b64("user=tim\x01auth=Bearer "+secret+"\x01\x01") + "\n"
	bearer := "C: AUTH OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB\n"
	problem := "S: 334 " + b64(`{"status":"401"}`) + "\n"
	const fine, wrong = "S: 235 in", "S: 535 5.7.8 no"
	for name, c := range map[string]struct {
		mechanism sasl.Client
		script    string
		want      string // part of the error; "" for none
		code      int
	}{
		"PLAIN":                        {Plain("tim", secret), plain + fine, "", 0},
		"PLAIN, wrong":                 {Plain("tim", secret), plain + wrong, "answered 535 5.7.8 no", 535},
		"PLAIN, not now":               {Plain("tim", secret), plain + "S: 454 later", "answered 454 later", 454},
		"PLAIN, a 250 for a yes":       {Plain("tim", secret), plain + "S: 250 fine", "never said", 0},
		"PLAIN, a question":            {Plain("tim", secret), plain + "S: 334 \nC: *\nS: 501 cancelled", "unexpected server challenge", 0},
		"PLAIN, hung up":               {Plain("tim", secret), plain + "! drop", "at AUTH: the server closed the connection", 0},
		"PLAIN, no SMTP":               {Plain("tim", secret), plain + "S: hello", "at AUTH: what the server says", 0},
		"LOGIN":                        {Login("tim", secret), "C: AUTH LOGIN\nS: 334 " + b64("Username:") + "\nC: " + b64("tim") + "\nS: 334 " + b64("Password:") + "\nC: " + b64(secret) + "\n" + fine, "", 0},
		"LOGIN, in other words":        {Login("tim", secret), "C: AUTH LOGIN\nS: 334 \nC: " + b64("tim") + "\nS: 334 " + b64("\x00") + "\nC: " + b64(secret) + "\n" + fine, "", 0},
		"LOGIN, wrong":                 {Login("tim", secret), "C: AUTH LOGIN\nS: 334 \nC: " + b64("tim") + "\nS: 334 \nC: " + b64(secret) + "\n" + wrong, "535", 535},
		"LOGIN, one question more":     {Login("tim", secret), "C: AUTH LOGIN\nS: 334 \nC: " + b64("tim") + "\nS: 334 \nC: " + b64(secret) + "\nS: 334 \nC: *\nS: 501 x", "asks more than LOGIN answers", 0},
		"LOGIN, not base64":            {Login("tim", secret), "C: AUTH LOGIN\nS: 334 !!\nC: *\nS: 501 x", "not in base64", 0},
		"CRAM-MD5":                     {CramMD5("tim", secret), cram + fine, "", 0},
		"CRAM-MD5, wrong":              {CramMD5("tim", secret), cram + wrong, "535", 535},
		"CRAM-MD5, a 250 for a yes":    {CramMD5("tim", secret), cram + "S: 250 fine", "never said", 0},
		"XOAUTH2":                      {XOAuth2("tim", secret), xoauth2 + fine, "", 0},
		"XOAUTH2, expired":             {XOAuth2("tim", secret), xoauth2 + problem + "C: \n" + wrong, "535", 535},
		"XOAUTH2, 334 is all it says":  {XOAuth2("tim", secret), xoauth2 + problem + "C: \n" + problem + "C: *\nS: 501 x", "asks more", 0},
		"XOAUTH2, a 334, and then 250": {XOAuth2("tim", secret), xoauth2 + problem + "C: \nS: 250 fine", "never said", 0},
		"OAUTHBEARER": {OAuthBearer("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", "server.example.com", "587"),
			bearer + fine, "", 0},
		"OAUTHBEARER, expired": {OAuthBearer("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", "server.example.com", "587"),
			bearer + problem + "C: AQ==\n" + wrong, "535", 535},
		"a name that would end the header": {OAuthBearer("a,b=c", "T", "h", "1"), "C: AUTH OAUTHBEARER " + b64("n,a=a=2Cb=3Dc,\x01host=h\x01port=1\x01auth=Bearer T\x01\x01") + "\n" + fine, "", 0},
		"not offered":                      {&dialogue{name: "GSSAPI"}, "! eof", "does not offer GSSAPI", 0},
		"questions without end": {&dialogue{name: "PLAIN", first: []byte{}, answers: make([]answer, 100)},
			"C: AUTH PLAIN =\n" + strings.Repeat("S: 334 \nC: \n", maxChallenges-1) + "S: 334 ", "one question after the other", 0},
	} {
		if d, ok := c.mechanism.(*dialogue); ok && len(d.answers) == 100 {
			for i := range d.answers {
				d.answers[i] = fixed("")
			}
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			end := "\nC: QUIT"
			if c.want != "" {
				end = "\n! eof"
			}
			if strings.Contains(c.script, "! ") {
				end = ""
			}
			s := mailtest.PlayScripts(t, mailtest.Good, hello("AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER")+c.script+end)
			client := dial(t, s, Loopback)
			err := client.Auth(t.Context(), "tim", c.mechanism)
			var login *LoginError
			errors.As(err, &login)
			switch {
			case (err == nil) != (c.want == "") || client.Usable() != (c.want == ""):
				t.Errorf("error %v, usable %v", err, client.Usable())
			case err != nil && !strings.Contains(err.Error(), c.want):
				t.Errorf("error %v, want %q", err, c.want)
			case login != nil && login.Code != c.code:
				t.Errorf("code %d, want %d", login.Code, c.code)
			}
			client.Quit()
			followed(t, s)
		})
	}
}

// In the clear to another machine, no mechanism may hand over the password.
func TestAuthInTheClear(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mechanism sasl.Client
		script    string
		ok        bool
	}{
		"PLAIN":       {Plain("tim", "x"), "! eof", false},
		"LOGIN":       {Login("tim", "x"), "! eof", false},
		"XOAUTH2":     {XOAuth2("tim", "x"), "! eof", false},
		"OAUTHBEARER": {OAuthBearer("tim", "x", "h", "1"), "! eof", false},
		"CRAM-MD5":    {CramMD5("tim", "x"), "C: AUTH CRAM-MD5\nS: 334 \nC: " + b64("tim 197cf37961819444d1a46c8d4e7c2fdc") + "\nS: 235 in", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.PlayScripts(t, mailtest.Good, hello("AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER")+c.script)
			client, err := Dial(t.Context(), distant(configFor(t, s, Clear)))
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			err = client.Auth(t.Context(), "tim", c.mechanism)
			var plain *PlainTextError
			if (err == nil) != c.ok || err != nil && (!errors.As(err, &plain) || !plain.Password) {
				t.Errorf("error %v", err)
			}
			followed(t, s)
		})
	}
}

package mailtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"strings"

	"github.com/emersion/go-smtp"
)

// A loginServer asks for the name, then for the password.
type loginServer struct {
	check   func(user, password string) error
	prompts [2]string
	asked   int
	user    string
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	prompts := l.prompts
	if prompts == ([2]string{}) {
		prompts = [2]string{"Username:", "Password:"}
	}
	l.asked++
	switch {
	case l.asked == 1 && response == nil:
		return []byte(prompts[0]), false, nil
	case l.asked == 1: // the name came as initial response
		l.asked++
		fallthrough
	case l.asked == 2:
		l.user = string(response)
		return []byte(prompts[1]), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

// A cramServer asks one question (RFC 2195).
type cramServer struct {
	check func(user string, fits func(password string) bool) error
	asked bool
}

const cramQuestion = "<1896.697170952@mail.example.org>"

func (c *cramServer) Next(response []byte) ([]byte, bool, error) {
	if !c.asked {
		c.asked = true
		return []byte(cramQuestion), false, nil
	}
	user, digest, _ := strings.Cut(string(response), " ")
	return nil, true, c.check(user, func(password string) bool {
		sum := hmac.New(md5.New, []byte(password))
		sum.Write([]byte(cramQuestion))
		return hex.EncodeToString(sum.Sum(nil)) == digest
	})
}

// A bearerServer wants an access token, in the form of XOAUTH2 or OAUTHBEARER.
// When it does not like it, it says why, and wants an answer to that before it
// refuses (RFC 7628, 3.2.3).
type bearerServer struct {
	check  func(user, token string) error
	failed bool
}

func (b *bearerServer) Next(response []byte) ([]byte, bool, error) {
	if b.failed {
		return nil, true, smtp.ErrAuthFailed
	}
	var user, token string
	for field := range bytes.SplitSeq(response, []byte("\x01")) {
		if name, ok := strings.CutPrefix(string(field), "user="); ok {
			user = name
		}
		if name, ok := strings.CutPrefix(string(field), "n,a="); ok {
			user = strings.TrimSuffix(name, ",")
		}
		if value, ok := strings.CutPrefix(string(field), "auth=Bearer "); ok {
			token = value
		}
	}
	if b.check(user, token) == nil {
		return nil, true, nil
	}
	b.failed = true
	return []byte(`{"status":"401"}`), false, nil
}

package smtp

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/emersion/go-sasl"
)

const cramMD5 = "CRAM-MD5"

// Plain is PLAIN (RFC 4616).
func Plain(user, password string) sasl.Client { return sasl.NewPlainClient("", user, password) }

// Login is LOGIN, which no RFC describes. Its questions are answered by their
// position: servers disagree on the wording.
func Login(user, password string) sasl.Client {
	return &dialogue{name: "LOGIN", answers: []answer{fixed(user), fixed(password)}}
}

// CramMD5 is CRAM-MD5 (RFC 2195). The password stays here.
func CramMD5(user, password string) sasl.Client {
	return &dialogue{name: cramMD5, answers: []answer{func(challenge []byte) []byte {
		sum := hmac.New(md5.New, []byte(password))
		sum.Write(challenge)
		return []byte(user + " " + hex.EncodeToString(sum.Sum(nil)))
	}}}
}

// XOAuth2 is XOAUTH2, as Google and Microsoft describe it, for an access token
// of OAuth 2.0. A question means that the server refuses; it wants an empty
// answer before it says so.
func XOAuth2(user, token string) sasl.Client {
	return &dialogue{name: "XOAUTH2", first: fmt.Appendf(nil, "user=%s\x01auth=Bearer %s\x01\x01", user, token), answers: []answer{fixed("")}}
}

// OAuthBearer is OAUTHBEARER (RFC 7628). A question means that the server
// refuses; section 3.2.3 has the answer that lets it say so.
func OAuthBearer(user, token, host, port string) sasl.Client {
	first := fmt.Appendf(nil, "n,a=%s,\x01host=%s\x01port=%s\x01auth=Bearer %s\x01\x01", saslName(user), host, port, token)
	return &dialogue{name: "OAUTHBEARER", first: first, answers: []answer{fixed("\x01")}}
}

// saslName escapes what would end a name in a GS2 header (RFC 5801, 4).
func saslName(name string) string {
	var out []byte
	for _, c := range []byte(name) {
		switch c {
		case ',':
			out = append(out, "=2C"...)
		case '=':
			out = append(out, "=3D"...)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// An answer to a server's question.
type answer func(challenge []byte) []byte

func fixed(text string) answer { return func([]byte) []byte { return []byte(text) } }

// A dialogue is a mechanism whose answers follow one another.
type dialogue struct {
	name    string
	first   []byte // initial response; nil for none
	answers []answer
}

// Start is for sasl.Client.
func (d *dialogue) Start() (name string, first []byte, err error) { return d.name, d.first, nil }

// Next is for sasl.Client.
func (d *dialogue) Next(challenge []byte) ([]byte, error) {
	if len(d.answers) == 0 {
		return nil, errors.New("the server asks more than " + d.name + " answers")
	}
	answer := d.answers[0]
	d.answers = d.answers[1:]
	return answer(challenge), nil
}

package smtp

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-sasl"
)

// maxChallenges is more than any mechanism asks.
const maxChallenges = 10

// errNeverSaidYes reports a login that ended without a 235.
var errNeverSaidYes = errors.New("the server never said that the login succeeded")

// Auth logs in as user by one mechanism (RFC 4954). Only a 235 is success.
// Mechanisms that hand the password, or a token, to the server are refused on a
// connection that is neither secured nor within this machine.
//
// Errors: [LoginError], whose Reason is in the server's own words and may
// repeat what it was told; [ConnectError]; [PlainTextError]. After an error the
// connection is closed.
func (c *Client) Auth(ctx context.Context, user string, mechanism sasl.Client) error {
	defer c.wire.guard(ctx, 0)()
	c.wire.secret = true
	err := c.auth(user, mechanism)
	c.wire.secret = false
	if err != nil {
		c.Close()
	}
	return err
}

func (c *Client) auth(user string, mechanism sasl.Client) error {
	fail := func(code int, reason string) error {
		return &LoginError{Host: c.config.Host, User: user, Code: code, Reason: reason}
	}
	name, first, err := mechanism.Start()
	switch {
	case err != nil:
		return fail(0, err.Error())
	case !c.secure && name != cramMD5:
		return &PlainTextError{Host: c.config.Host, Password: true}
	case !slices.Contains(c.extensions.Mechanisms, name):
		return fail(0, "the server does not offer "+name)
	}
	line := "AUTH " + name
	if first != nil {
		line += " " + encodeFirst(first)
	}
	for range maxChallenges {
		reply, err := c.command(line)
		switch {
		case err != nil:
			return c.expect("AUTH", 235, reply, err)
		case reply.Code == 235:
			return nil
		case reply.class() == 4 || reply.class() == 5:
			return fail(reply.Code, reply.Text)
		case reply.Code != 334:
			return fail(0, fmt.Sprintf("%v: it answered %s", errNeverSaidYes, reply))
		}
		answer, err := challenged(mechanism, reply.Text)
		if err != nil {
			c.command("*") // RFC 4954, 4: this ends it, whatever the answer
			return fail(0, err.Error())
		}
		line = base64.StdEncoding.EncodeToString(answer)
	}
	return fail(0, "the server asks one question after the other")
}

// encodeFirst writes an empty initial response as "=" (RFC 4954, 4).
func encodeFirst(response []byte) string {
	if len(response) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(response)
}

func challenged(mechanism sasl.Client, text string) ([]byte, error) {
	challenge, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("the server's question is not in base64")
	}
	return mechanism.Next(challenge)
}

package mailtest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A session is go-smtp's view of one connection.
type session struct {
	server  *Server
	tap     *tap
	user    string
	message Message
}

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	t, ok := c.Conn().(*tap)
	if !ok {
		return nil, errors.New("connection does not go through the tap")
	}
	return &session{server: s, tap: t}, nil
}

func (s *session) Reset()        { s.message = Message{} }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	s.message = Message{From: from, EightBit: o.Body == smtp.Body8BitMIME, UTF8: o.UTF8}
	if s.message.EightBit && s.server.options.No8BitMIME {
		return &smtp.SMTPError{Code: 555, EnhancedCode: smtp.EnhancedCode{5, 5, 4}, Message: "8BITMIME was not offered"}
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.message.To = append(s.message.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.server.options.No8BitMIME && bytes.ContainsFunc(data, func(r rune) bool { return r > 127 }) {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 3}, Message: "8-bit text without 8BITMIME"}
	}
	if s.tap.discard {
		return nil // the tap answers in our place
	}
	m := s.message
	m.To = slices.Clone(m.To)
	m.Data, m.Secure, m.User, m.Connection, m.Arrived = data, s.tap.secure, s.user, s.tap.connection, time.Now()
	s.server.keep(m)
	return nil
}

func (s *session) AuthMechanisms() []string {
	if len(s.server.options.Users) == 0 {
		return nil
	}
	return s.server.options.Mechanisms
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if !slices.Contains(s.AuthMechanisms(), mechanism) {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	switch mechanism {
	case "PLAIN":
		return sasl.NewPlainServer(func(_, user, password string) error { return s.login(user, password) }), nil
	case "LOGIN":
		return &loginServer{check: s.login, prompts: s.server.options.LoginPrompt}, nil
	case "CRAM-MD5":
		return &cramServer{check: s.response}, nil
	case "XOAUTH2", "OAUTHBEARER":
		return &bearerServer{check: s.login}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *session) login(user, password string) error {
	return s.response(user, func(want string) bool { return want == password })
}

// response logs in whoever answers as somebody would who knows the password.
func (s *session) response(user string, fits func(password string) bool) error {
	if want, ok := s.server.options.Users[user]; !ok || !fits(want) {
		return smtp.ErrAuthFailed
	}
	s.user = user
	return nil
}

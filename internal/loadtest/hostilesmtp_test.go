package loadtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// smtpAbuse is what a listener for mail gets to see.
func smtpAbuse(s *siege) {
	smtpChatter(s)
	smtpRecipients(s)
	smtpMessages(s)
	smtpCrowd(s)
}

// A talk is a conversation.
type talk struct {
	s    *siege
	conn net.Conn
	r    *bufio.Reader
}

func (s *siege) talk(from *net.TCPAddr) *talk {
	s.t.Helper()
	conn := s.dial(s.at(0).smtp, from)
	t := &talk{s: s, conn: conn, r: bufio.NewReader(conn)}
	t.answered("the greeting", "220")
	return t
}

func (t *talk) line() string {
	line, err := t.r.ReadString('\n')
	for err == nil && len(line) > 3 && line[3] == '-' {
		line, err = t.r.ReadString('\n')
	}
	if err != nil {
		return err.Error()
	}
	return strings.TrimRight(line, "\r\n")
}

func (t *talk) answered(what, want string) {
	t.s.t.Helper()
	if line := t.line(); !strings.HasPrefix(line, want) {
		t.s.t.Errorf("%s: %q, want %s", what, line, want)
	}
}

func (t *talk) say(line, want string) {
	t.s.t.Helper()
	io.WriteString(t.conn, line+"\r\n")
	t.answered(line[:min(len(line), 40)], want)
}

// Lines without an end, and commands that are none.
func smtpChatter(s *siege) {
	t := s.talk(s.address())
	go io.Copy(t.conn, io.LimitReader(&endless{text: strings.Repeat("a", 4096)}, 50<<20))
	if text := s.closed("a line without an end", t.conn, patience); text != "" && !strings.HasPrefix(text, "5") {
		s.t.Errorf("a line without an end: %.100q", text)
	}
	t = s.talk(s.address())
	go io.WriteString(t.conn, strings.Repeat("HELLO\r\n", 10_000))
	if text := s.closed("unknown commands", t.conn, patience); strings.Count(text, "\n") > 20 {
		s.t.Errorf("unknown commands are answered %d times", strings.Count(text, "\n"))
	}
	t = s.talk(s.address())
	t.say("EHLO evil.example", "250")
	t.say("AUTH PLAIN AGEAYQ==", "5")
	t = s.talk(s.address())
	t.say("EHLO evil.example", "250")
	t.say("STARTTLS", "5")
	t = s.talk(s.address())
	t.say("EHLO evil.example", "250")
	t.say("MAIL FROM:<a@example.com> SIZE=4000000000", "552")
}

// Recipients without an end.
func smtpRecipients(s *siege) {
	t := s.talk(s.address())
	t.say("EHLO evil.example", "250")
	t.say("MAIL FROM:<a@example.com>", "250")
	go func() {
		for i := range 5000 {
			if _, err := fmt.Fprintf(t.conn, "RCPT TO:<r%d@example.com>\r\n", i); err != nil {
				return
			}
		}
	}()
	taken := 0
	for {
		line := t.line()
		if !strings.HasPrefix(line, "250") {
			if !strings.HasPrefix(line, "452") {
				s.t.Errorf("recipient %d: %s", taken, line)
			}
			break
		}
		taken++
	}
	if taken > 200 {
		s.t.Errorf("%d recipients were taken", taken)
	}
}

// Messages that are too large, not signed, or two in one.
func smtpMessages(s *siege) {
	begin := func() *talk {
		t := s.talk(s.address())
		t.say("EHLO evil.example", "250")
		t.say("MAIL FROM:<a@example.com>", "250")
		t.say("RCPT TO:<"+list+">", "250")
		return t
	}
	t := begin()
	t.say("DATA", "354")
	go func() {
		io.Copy(t.conn, io.LimitReader(lines(), 100<<20))
		io.WriteString(t.conn, "\r\n.\r\n")
	}()
	if line := t.line(); !strings.HasPrefix(line, "552") {
		s.t.Errorf("100 MB: %q", line)
	}
	t = begin()
	t.say("BDAT 4000000000 LAST", "552")
	for what, text := range map[string]string{
		"not signed":    "From: a@example.com\r\nTo: " + list + "\r\nSubject: [PATCH] x\r\n\r\nText.\r\n",
		"nothing":       "",
		"a bare LF":     "From: a@example.com\r\nSubject: x\n.\nMAIL FROM:<b@example.com>\r\n\r\nText.\r\n",
		"a bare CR":     "From: a@example.com\r\nSubject: x\r.\r\r\nText.\r\n",
		"NUL":           "From: a@example.com\r\nSubject: \x00\r\n\r\nText.\r\n",
		"no header":     "Text.\r\n",
		"somebody else": "From: a@example.com\r\nTo: other@lists.example.org\r\n\r\nText.\r\n",
	} {
		t = begin()
		t.say("DATA", "354")
		io.WriteString(t.conn, text+".\r\n")
		t.answered(what, "550")
		t.say("QUIT", "")
	}
}

// lines are of a length that everybody takes.
func lines() io.Reader { return &endless{text: strings.Repeat("a", 70) + "\r\n"} }

// Many connections, each with a message that never ends.
func smtpCrowd(s *siege) {
	var group sync.WaitGroup
	for range sized(4, 12) {
		from := s.address()
		var let, turned int
		for range 15 {
			conn := s.dial(s.at(0).smtp, from)
			line, _ := bufio.NewReader(conn).ReadString('\n')
			switch {
			case strings.HasPrefix(line, "421"):
				turned++
				continue
			case strings.HasPrefix(line, "220"):
				let++
			default:
				s.t.Errorf("a connection is greeted with %q", line)
			}
			group.Go(func() {
				io.WriteString(conn, "EHLO evil.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<"+list+">\r\nDATA\r\n")
				io.Copy(conn, io.LimitReader(lines(), 2<<20))
			})
		}
		if let > 10 || turned < 5 {
			s.t.Errorf("of 15 connections of one network %d were let in, %d turned away", let, turned)
		}
	}
	group.Wait()
	time.Sleep(200 * time.Millisecond)
}

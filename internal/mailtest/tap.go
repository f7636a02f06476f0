package mailtest

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"time"
)

type tapListener struct {
	net.Listener
	server *Server
}

func (l *tapListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	s := l.server
	s.mu.Lock()
	s.connections++
	t := &tap{Conn: c, server: s, connection: s.connections}
	s.mu.Unlock()
	if s.options.TLS == Implicit {
		// The handshake happens at the first read or write.
		t.Conn, t.secure = tls.Server(c, s.tls), true
	}
	t.in = bufio.NewReader(t.Conn)
	return t, nil
}

// A tap stands between go-smtp and a client's connection. go-smtp reads
// commands and writes reply lines through it, one at a time and from one
// goroutine; the tap looks at each and lets it pass, changes it or answers
// itself. TLS ends here, so both sides of the tap are plain text.
type tap struct {
	net.Conn   // the socket, or TLS over it
	server     *Server
	connection int
	secure     bool
	in         *bufio.Reader
	rest       string // of the line that go-smtp is reading

	greeted  bool
	ehlo     []string // reply lines to EHLO collected so far; nil outside of one
	login    bool     // the next line answers a question of AUTH
	body     bool     // between 354 and the final dot
	first    bool     // no line of the body was seen yet
	message  int      // count of the MAIL command that is under way
	begun    int      // MAIL commands over this connection
	override *Fault   // says what to answer to the dot
	discard  bool     // the message must not be kept
}

// Read hands go-smtp one line of the client, or what is left of it.
func (t *tap) Read(p []byte) (int, error) {
	for t.rest == "" {
		line, err := t.in.ReadString('\n')
		if err != nil {
			return 0, io.EOF
		}
		if t.body {
			err = t.bodyLine(line)
		} else {
			err = t.command(line)
		}
		if err != nil {
			return 0, err
		}
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

func (t *tap) bodyLine(line string) error {
	if t.first {
		t.first = false
		if f := t.server.fault(AtBody, t.message, ""); f != nil {
			if done, err := t.perform(f); done {
				return err
			}
		}
	}
	if line == ".\r\n" {
		t.body = false
		if f := t.server.fault(AtDot, t.message, ""); f != nil {
			t.override, t.discard = f, !f.Keep && (f.Reply != "" || f.Drop || f.Hang)
		}
	}
	t.rest = line
	return nil
}

func (t *tap) command(line string) error {
	t.server.note(line)
	if t.login {
		t.login = false
		t.rest = line
		return nil
	}
	verb, argument, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	verb = strings.ToUpper(verb)
	recipient := ""
	switch verb {
	case "MAIL":
		t.message = t.server.nextMessage()
		t.begun++
	case "RCPT":
		_, recipient, _ = strings.Cut(argument, "<")
		recipient = strings.TrimSuffix(recipient, ">")
	}
	if f := t.server.fault(Stage(verb), t.message, recipient); f != nil {
		if done, err := t.perform(f); done {
			return err
		}
	}
	if most := t.server.options.MaxMessages; verb == "MAIL" && most > 0 && t.begun > most {
		t.say("421 4.7.0 too many messages over this connection")
		t.Conn.Close()
		return io.EOF
	}
	switch verb {
	case "EHLO":
		t.ehlo = []string{}
	case "STARTTLS":
		if t.server.options.TLS == StartTLS && !t.secure {
			return t.startTLS()
		}
	}
	t.rest = line
	return nil
}

// perform carries out a fault. Done means that the command goes no further.
func (t *tap) perform(f *Fault) (done bool, err error) {
	time.Sleep(f.Pause)
	switch {
	case f.Drop:
		t.Conn.Close()
		return true, io.EOF
	case f.Hang:
		<-t.server.done
		return true, io.EOF
	case f.Reply != "":
		return true, t.say(f.Reply)
	}
	return false, nil
}

func (t *tap) say(reply string) error {
	_, err := io.WriteString(t.Conn, strings.ReplaceAll(reply, "\n", "\r\n")+"\r\n")
	return err
}

func (t *tap) startTLS() error {
	answer := "220 2.0.0 go ahead"
	if inject := t.server.options.Inject; inject != "" {
		answer += "\n" + inject
	}
	if err := t.say(answer); err != nil {
		return err
	}
	secured := tls.Server(t.Conn, t.server.tls)
	if err := secured.Handshake(); err != nil {
		return io.EOF
	}
	t.Conn, t.secure = secured, true
	t.in = bufio.NewReader(secured)
	return nil
}

// Write takes one reply line from go-smtp.
func (t *tap) Write(p []byte) (int, error) {
	line := string(p)
	var err error
	switch {
	case !t.greeted:
		t.greeted = true
		if f := t.server.fault(AtGreeting, 0, ""); f != nil {
			_, err = t.perform(f)
			return len(p), err
		}
	case t.override != nil:
		f := t.override
		t.override, t.discard = nil, false
		if done, err := t.perform(f); done {
			return len(p), err
		}
	case t.ehlo != nil:
		t.ehlo = append(t.ehlo, strings.TrimRight(line, "\r\n"))
		if !strings.HasPrefix(line, "250-") {
			err = t.say(t.extensions(t.ehlo))
			t.ehlo = nil
		}
		return len(p), err
	case strings.HasPrefix(line, "354"):
		t.body, t.first = true, true
	case strings.HasPrefix(line, "334"):
		t.login = true
	}
	_, err = io.WriteString(t.Conn, line)
	return len(p), err
}

// extensions rewrites the reply to EHLO.
func (t *tap) extensions(lines []string) string {
	if !strings.HasPrefix(lines[0], "250") {
		return strings.Join(lines, "\n")
	}
	o := t.server.options
	plainPhase := o.TLS == StartTLS && !t.secure
	keep := []string{lines[0][4:]}
	for _, line := range lines[1:] {
		keyword, _, _ := strings.Cut(line[4:], " ")
		switch {
		case keyword == "8BITMIME" && o.No8BitMIME:
		case keyword == "PIPELINING" && o.NoPipelining:
		case keyword == "LIMITS": // clients have to find out
		case keyword == "AUTH" && plainPhase:
		case o.LowerCase:
			keep = append(keep, strings.ToLower(line[4:]))
		default:
			keep = append(keep, line[4:])
		}
	}
	if plainPhase {
		keyword := "STARTTLS"
		if o.LowerCase {
			keyword = "starttls"
		}
		keep = append(keep, keyword)
	}
	for i := range keep {
		separator := "-"
		if i == len(keep)-1 {
			separator = " "
		}
		keep[i] = "250" + separator + keep[i]
	}
	return strings.Join(keep, "\n")
}

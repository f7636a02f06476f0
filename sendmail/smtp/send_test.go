package smtp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// say is one recipient's outcome in a few words.
func say(o Outcome) string {
	name, _, _ := strings.Cut(o.Recipient, "@")
	switch {
	case o.Accepted():
		return name + " accepted"
	case o.Err != nil:
		return fmt.Sprintf("%s %s lost", name, o.Step)
	}
	return fmt.Sprintf("%s %s %d", name, o.Step, o.Reply.Code)
}

func sayAll(all []Outcome) string {
	var words []string
	for _, o := range all {
		words = append(words, say(o))
	}
	return strings.Join(words, ", ")
}

// Each conversation is exact to the byte. PIPELINING is offered where the
// commands come in one group.
func TestSend(t *testing.T) {
	t.Parallel()
	const (
		mail  = "C: MAIL FROM:<me@example.org>\n"
		rcptA = "C: RCPT TO:<alice@example.org>\n"
		rcptB = "C: RCPT TO:<bob@example.org>\n"
		data  = "C: DATA\n"
		all   = mail + rcptA + rcptB + data
		ok    = "S: 250 fine\n"
		start = "S: 354 go on\n"
		body  = wireLetter + "C: .\n"
		piped = "PIPELINING"
		end   = "C: QUIT\nS: 221 bye"
	)
	for name, c := range map[string]struct {
		extensions []string
		script     string
		want       string
		usable     bool
	}{
		"two round trips": {[]string{piped}, all + ok + ok + ok + start + body + ok + end, "alice accepted, bob accepted", true},
		"step by step": {nil, mail + ok + rcptA + ok + rcptB + ok + data + start + body + ok + end,
			"alice accepted, bob accepted", true},
		"251 and 252 are a yes": {[]string{piped}, all + ok + "S: 251 forwarded\nS: 252 who knows\n" + start + body + "S: 252 taken\n" + end,
			"alice accepted, bob accepted", true},
		"a bare code": {[]string{piped}, all + "S: 250\nS: 250\nS: 250\nS: 354\n" + body + "S: 250\n" + end, "alice accepted, bob accepted", true},
		"one recipient refused": {[]string{piped}, all + ok + "S: 550 who\n" + ok + start + body + ok + end,
			"alice RCPT 550, bob accepted", true},
		"one recipient refused, step by step": {nil, mail + ok + rcptA + "S: 550 who\n" + rcptB + ok + data + start + body + ok + end,
			"alice RCPT 550, bob accepted", true},
		"nobody accepted, no body asked for": {[]string{piped}, all + ok + "S: 550 who\nS: 450 later\nS: 554 no recipients\n" + end,
			"alice RCPT 550, bob RCPT 450", true},
		"nobody accepted, step by step: DATA is not said": {nil, mail + ok + rcptA + "S: 550 who\n" + rcptB + "S: 550 who\n" + end,
			"alice RCPT 550, bob RCPT 550", true},
		"nobody accepted, and yet a body asked for: never a lone dot": {[]string{piped}, all + ok + "S: 550 who\nS: 550 who\n" + start + "! eof",
			"alice RCPT 550, bob RCPT 550", false},
		"sender refused": {[]string{piped}, all + "S: 550 not you\nS: 503 order\nS: 503 order\nS: 503 order\n" + end,
			"alice MAIL 550, bob MAIL 550", true},
		"sender refused, and yet a body asked for": {[]string{piped}, all + "S: 550 not you\n" + ok + ok + start + "! eof",
			"alice MAIL 550, bob MAIL 550", false},
		"sender refused, step by step":        {nil, mail + "S: 450 later\n" + end, "alice MAIL 450, bob MAIL 450", true},
		"DATA refused":                        {[]string{piped}, all + ok + ok + ok + "S: 451 full\n" + end, "alice DATA 451, bob DATA 451", true},
		"DATA refused, and a recipient":       {[]string{piped}, all + ok + ok + "S: 550 who\nS: 451 full\n" + end, "alice DATA 451, bob RCPT 550", true},
		"a wrong yes to DATA":                 {[]string{piped}, all + ok + ok + ok + ok + "! eof", "alice DATA 250, bob DATA 250", false},
		"a 354 to MAIL":                       {nil, mail + start + "! eof", "alice MAIL 354, bob MAIL 354", false},
		"a 354 to RCPT":                       {[]string{piped}, all + ok + start + ok + start + "! eof", "alice RCPT 354, bob DATA lost", false},
		"421 to MAIL":                         {[]string{piped}, all + "S: 421 closing\n! drop", "alice MAIL 421, bob MAIL 421", false},
		"421 to RCPT":                         {[]string{piped}, all + ok + ok + "S: 421 closing\n! drop", "alice DATA lost, bob RCPT 421", false},
		"421 to RCPT, step by step":           {nil, mail + ok + rcptA + "S: 421 closing\n! eof", "alice RCPT 421, bob RCPT 421", false},
		"hung up in the middle":               {[]string{piped}, all + ok + ok + "! drop", "alice DATA lost, bob RCPT lost", false},
		"hung up after 354":                   {nil, mail + ok + rcptA + ok + rcptB + ok + data + start + wireLetter + "! wait 300ms\n! drop", "alice dot lost, bob dot lost", false},
		"hung up after the dot":               {[]string{piped}, all + ok + ok + ok + start + body + "! drop", "alice dot lost, bob dot lost", false},
		"refused after the dot":               {[]string{piped}, all + ok + ok + ok + start + body + "S: 554 spam\n" + end, "alice dot 554, bob dot 554", true},
		"421 after the dot":                   {[]string{piped}, all + ok + ok + ok + start + body + "S: 421 closing\n! eof", "alice dot 421, bob dot 421", false},
		"354 after the dot":                   {[]string{piped}, all + ok + ok + ok + start + body + start + "! eof", "alice dot 354, bob dot 354", false},
		"no SMTP":                             {[]string{piped}, all + ok + "S: hello there\n! eof", "alice RCPT lost, bob RCPT lost", false},
		"no SMTP after the dot":               {[]string{piped}, all + ok + ok + ok + start + body + "S: hello there\n! eof", "alice dot lost, bob dot lost", false},
		"codes that change within a reply":    {[]string{piped}, all + ok + "S: 250-fine\nS: 550 no\n! eof", "alice RCPT lost, bob RCPT lost", false},
		"a reply of several lines":            {[]string{piped}, all + "S: 250-so\nS: 250 fine\n" + ok + ok + start + body + "S: 250-a\nS: 250-b\nS: 250 c\n" + end, "alice accepted, bob accepted", true},
		"a reply without end":                 {[]string{piped}, all + strings.Repeat("S: 250-so\n", 129) + "! eof", "alice MAIL lost, bob MAIL lost", false},
		"a line without end":                  {[]string{piped}, all + "S: 250 " + strings.Repeat("x", 2000) + "\n! eof", "alice MAIL lost, bob MAIL lost", false},
		"a code that no SMTP reply has":       {[]string{piped}, all + "S: 199 x\n! eof", "alice MAIL lost, bob MAIL lost", false},
		"a code with something stuck to it":   {[]string{piped}, all + "S: 2500 x\n! eof", "alice MAIL lost, bob MAIL lost", false},
		"keywords in lower case, in any form": {[]string{"pipelining"}, all + ok + ok + ok + start + body + ok + end, "alice accepted, bob accepted", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.PlayScripts(t, mailtest.Good, hello(c.extensions...)+c.script)
			client := dial(t, s, Loopback)
			var asked []string
			m := letter(alice, bob)
			m.BeforeDot = func(to []string) error { asked = to; return nil }
			got, err := client.Send(t.Context(), m)
			if sayAll(got) != c.want || err != nil || client.Usable() != c.usable {
				t.Errorf("got %s, %v, usable %v\nwant %s", sayAll(got), err, client.Usable(), c.want)
			}
			var atDot []string
			for _, o := range got {
				if o.Step == AtDot {
					atDot = append(atDot, o.Recipient)
				}
			}
			if !slices.Equal(asked, atDot) {
				t.Errorf("asked before the dot for %q, which was for %q", asked, atDot)
			}
			client.Quit()
			followed(t, s)
		})
	}
}

func TestSendParameters(t *testing.T) {
	t.Parallel()
	const size = 24 + 5 // with five line ends that count twice
	for name, c := range map[string]struct {
		extensions []string
		change     func(*Message)
		mail       string
	}{
		"nothing offered":                 {nil, nil, ""},
		"size":                            {[]string{"SIZE 1000"}, nil, fmt.Sprint(" SIZE=", size)},
		"size without a limit":            {[]string{"SIZE"}, nil, fmt.Sprint(" SIZE=", size)},
		"8-bit text":                      {[]string{"8BITMIME"}, func(m *Message) { m.Data = []byte("Subject: x\n\nž\n") }, " BODY=8BITMIME"},
		"8BITMIME, but 7-bit text":        {[]string{"8BITMIME"}, nil, ""},
		"8-bit text, and no 8BITMIME":     {nil, func(m *Message) { m.Data = []byte("Subject: x\n\nž\n") }, ""},
		"SMTPUTF8, not needed":            {[]string{"SMTPUTF8"}, nil, ""},
		"SMTPUTF8 for a recipient":        {[]string{"SMTPUTF8"}, func(m *Message) { m.To = []string{zofie} }, " SMTPUTF8"},
		"SMTPUTF8 for the sender":         {[]string{"SMTPUTF8"}, func(m *Message) { m.From = zofie }, " SMTPUTF8"},
		"no SMTPUTF8 for 8-bit text only": {[]string{"SMTPUTF8"}, func(m *Message) { m.Data = []byte("Subject: x\n\nž\n") }, ""},
		"the empty sender":                {nil, func(m *Message) { m.From = "" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := letter(alice)
			if c.change != nil {
				c.change(&m)
			}
			s := mailtest.PlayScripts(t, mailtest.Good, hello(c.extensions...)+"C: MAIL FROM:<"+m.From+">"+c.mail+"\nS: 550 no\nC: QUIT")
			client := dial(t, s, Loopback)
			client.Send(t.Context(), m)
			client.Quit()
			followed(t, s)
		})
	}
}

// A transaction that came to nothing is ended, in the same round trip where
// that can be.
func TestSendAfterAnUnfinishedTransaction(t *testing.T) {
	t.Parallel()
	const (
		start   = "C: MAIL FROM:<me@example.org>\nC: RCPT TO:<alice@example.org>\nC: DATA\n"
		refused = "S: 250 ok\nS: 550 who\nS: 554 nobody\n"
	)
	for name, c := range map[string]struct {
		script string
		want   string
	}{
		"RSET goes along": {start + refused + "C: RSET\n" + start + "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n" + wireLetter + "C: .\nS: 250 ok\nC: QUIT",
			"alice accepted"},
		"not after a refused sender": {start + "S: 450 later\nS: 503 no\nS: 503 no\n" + start + "S: 250 ok\nS: 250 ok\nS: 354 go\n" + wireLetter + "C: .\nS: 250 ok\nC: QUIT",
			"alice accepted"},
		"a RSET refused is no refusal of the message": {start + refused + "C: RSET\n" + start + "S: 502 what\nS: 250 ok\nS: 250 ok\nS: 354 go\n! eof",
			"alice MAIL lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.PlayScripts(t, mailtest.Good, hello("PIPELINING")+c.script)
			client := dial(t, s, Loopback)
			if got, _ := client.Send(t.Context(), letter(alice)); got[0].Accepted() {
				t.Fatal("accepted at once")
			}
			got, err := client.Send(t.Context(), letter(alice))
			if sayAll(got) != c.want || err != nil {
				t.Errorf("got %s, %v, want %s", sayAll(got), err, c.want)
			}
			client.Quit()
			followed(t, s)
		})
	}
}

// Neither side may have to wait for the other with full hands, RFC 2920, 3.1.
func TestSendManyRecipientsInGroups(t *testing.T) {
	t.Parallel()
	var to []string
	commands, replies := []string{"C: MAIL FROM:<me@example.org>"}, []string{"S: 250 ok"}
	for i := range 150 {
		to = append(to, fmt.Sprintf("r%d@example.org", i))
		commands = append(commands, "C: RCPT TO:<"+to[i]+">")
		replies = append(replies, "S: 250 ok")
	}
	commands, replies = append(commands, "C: DATA"), append(replies, "S: 354 go")
	join := func(lines []string) string { return strings.Join(lines, "\n") + "\n" }
	script := join(commands[:100]) + join(replies[:100]) + join(commands[100:]) + join(replies[100:]) + wireLetter + "C: .\nS: 250 ok\nC: QUIT"
	s := mailtest.PlayScripts(t, mailtest.Good, hello("PIPELINING")+script)
	client := dial(t, s, Loopback)
	got, err := client.Send(t.Context(), letter(to...))
	if err != nil || len(got) != len(to) || slices.ContainsFunc(got, func(o Outcome) bool { return !o.Accepted() }) {
		t.Errorf("got %s, %v", sayAll(got), err)
	}
	client.Quit()
	followed(t, s)
}

// What the caller does not allow does not leave: the server sees the
// connection close inside of the message.
func TestSendWithoutConsent(t *testing.T) {
	t.Parallel()
	s := mailtest.PlayScripts(t, mailtest.Good, hello()+"C: MAIL FROM:<me@example.org>\nS: 250 ok\nC: RCPT TO:<alice@example.org>\nS: 250 ok\n"+
		"C: DATA\nS: 354 go\n"+wireLetter+"! eof")
	client := dial(t, s, Loopback)
	m := letter(alice)
	full := errors.New("the disk is full")
	m.BeforeDot = func([]string) error { return full }
	got, err := client.Send(t.Context(), m)
	if err != full || sayAll(got) != "alice DATA lost" || client.Usable() {
		t.Errorf("%s, %v", sayAll(got), err)
	}
	followed(t, s)
}

// A reply is to what was said before it. One that comes before the dot does not
// answer the dot, nor does one before MAIL answer that: servers and proxies that
// have come out of step lose mail whose sender believes them.
func TestSendBelievesNoReplyBeforeItsTime(t *testing.T) {
	t.Parallel()
	const (
		mail  = "C: MAIL FROM:<me@example.org>\nS: 250 ok\nC: RCPT TO:<alice@example.org>\nS: 250 ok\n"
		start = mail + "C: DATA\nS: 354 go\n"
		early = "S: 250 2.0.0 early\n"
		taken = wireLetter + "C: .\nS: 250 ok\n"
	)
	for name, c := range map[string]struct {
		script string
		want   string // of two messages
	}{
		"in step":                        {start + taken + start + taken + "C: QUIT", "alice accepted; alice accepted"},
		"a yes right behind the 354":     {start + early + wireLetter + "! eof", "alice DATA lost; "},
		"a yes behind the body":          {start + wireLetter + early + "! eof", "alice DATA lost; "},
		"a no behind the body":           {start + wireLetter + "S: 554 spam\n! eof", "alice DATA 554; "},
		"later, behind the body":         {start + wireLetter + "S: 421 bye\n! drop", "alice DATA 421; "},
		"no SMTP behind the body":        {start + wireLetter + "S: hello\n! eof", "alice DATA lost; "},
		"hung up behind the body":        {start + wireLetter + "! drop", "alice DATA lost; "},
		"two answers to the dot":         {start + taken + early + "! eof", "alice accepted; alice MAIL lost"},
		"the end announced while idle":   {start + taken + "S: 421 idle\nC: MAIL FROM:<me@example.org>\n! eof", "alice accepted; alice MAIL 421"},
		"answers that run ahead of MAIL": {start + taken + early + early + "S: 354 go\n! eof", "alice accepted; alice MAIL lost"},
	} {
		for security, of := range map[Security]string{Loopback: " in the clear", ImplicitTLS: " over TLS"} {
			t.Run(name+of, func(t *testing.T) {
				t.Parallel()
				script := hello() + c.script
				if security == ImplicitTLS {
					script = "! tls\n" + script
				}
				s := mailtest.PlayScripts(t, mailtest.Good, script)
				client := dial(t, s, security)
				m := letter(alice)
				m.BeforeDot = func([]string) error { time.Sleep(soon); return nil } // as a slow disk would
				var got []string
				for range 2 {
					time.Sleep(soon / 2)
					if !client.Usable() {
						got = append(got, "")
						continue
					}
					outcomes, err := client.Send(t.Context(), m)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, sayAll(outcomes))
				}
				if strings.Join(got, "; ") != c.want {
					t.Errorf("got %s, want %s", strings.Join(got, "; "), c.want)
				}
				client.Quit()
				followed(t, s)
			})
		}
	}
}

func TestSendKeepsToItsLimits(t *testing.T) {
	t.Parallel()
	const begin = "C: MAIL FROM:<me@example.org>\nS: 250 ok\nC: RCPT TO:<alice@example.org>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	large := letter(alice)
	large.Data = append(large.Data, strings.Repeat(strings.Repeat("x", 70)+"\n", 150_000)...)
	for name, c := range map[string]struct {
		message Message
		script  string
		limit   func(*Limits)
		want    string
	}{
		"silent at MAIL":      {letter(alice), "C: MAIL FROM:<me@example.org>\n! hang", func(l *Limits) { l.Command = soon }, "alice MAIL lost"},
		"silent after dot":    {letter(alice), begin + "! body\n! hang", func(l *Limits) { l.Final = soon }, "alice dot lost"},
		"reads no body":       {large, begin + "! hang", func(l *Limits) { l.Write = soon }, "alice DATA lost"},
		"reads slowly":        {large, begin + "! body 15ms\nS: 250 ok\nC: QUIT", func(l *Limits) { l.Write = time.Second }, "alice accepted"},
		"thinks for a while":  {letter(alice), begin + "! body\n! wait 1s\nS: 250 ok\nC: QUIT", func(l *Limits) { l.Write, l.Command = soon, soon }, "alice accepted"},
		"breaks off, and why": {large, begin + "S: 552 too large\n! wait 300ms\n! drop", func(l *Limits) {}, "alice DATA 552"},
		"dribbles its answer": {letter(alice), begin + "! body\n" + strings.Repeat("S: 250-x\n! wait 100ms\n", 20), func(l *Limits) { l.Final = soon }, "alice dot lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.PlayScripts(t, mailtest.Good, hello()+c.script)
			client := dial(t, s, Loopback)
			c.limit(&client.config.Limits)
			got, err := client.Send(t.Context(), c.message)
			if sayAll(got) != c.want || err != nil {
				t.Errorf("%s, %v, %v", sayAll(got), got[0].Err, err)
			}
			client.Quit()
		})
	}
}

// An interrupt leaves the message in flight the time of grace, and no more.
func TestSendInterrupted(t *testing.T) {
	t.Parallel()
	const begin = "C: MAIL FROM:<me@example.org>\nS: 250 ok\nC: RCPT TO:<alice@example.org>\nS: 250 ok\nC: DATA\nS: 354 go\n! body\n"
	for name, c := range map[string]struct {
		script string
		grace  time.Duration
		want   string
	}{
		"answered in time": {begin + "! wait 100ms\nS: 250 ok", 10 * time.Second, "alice accepted"},
		"not answered":     {begin + "! hang", soon, "alice dot lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.PlayScripts(t, mailtest.Good, hello()+c.script)
			client := dial(t, s, Loopback)
			client.config.Limits.Grace = c.grace
			ctx, cancel := context.WithCancel(t.Context())
			m := letter(alice)
			m.BeforeDot = func([]string) error { cancel(); return nil }
			if got, err := client.Send(ctx, m); sayAll(got) != c.want || err != nil {
				t.Errorf("%s, %v", sayAll(got), err)
			}
		})
	}
}

// What is stuffed comes back as it was from any reader of RFC 5321.
func FuzzStuffed(f *testing.F) {
	f.Add("a\n.\n..\n.x\n")
	f.Add(".\n")
	f.Fuzz(func(t *testing.T, body string) {
		body = strings.NewReplacer("\r", "", "\x00", "").Replace(body) + "\n"
		got := string(stuffed([]byte(body)))
		if !strings.HasSuffix(got, "\r\n") || strings.HasPrefix(got, ".\r\n") || strings.Contains(got, "\r\n.\r\n") ||
			strings.Contains(strings.ReplaceAll(got, "\r\n", ""), "\n") {
			t.Fatalf("%q travels as %q", body, got)
		}
		var back strings.Builder
		for line := range strings.SplitAfterSeq(got, "\r\n") {
			back.WriteString(strings.TrimPrefix(line, "."))
		}
		if want := strings.ReplaceAll(body, "\n", "\r\n"); back.String() != want {
			t.Errorf("%q came back as %q", want, back.String())
		}
	})
}

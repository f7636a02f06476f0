package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kprep/kprep/internal/mailtest"
)

// startSMTP: smtpd NAME [options]. It starts a mail server and sets NAME_ADDR,
// NAME_HOST and NAME_PORT, in capitals; $WORK/NAME/ca.pem is the certificate
// to trust when there is TLS. A fault is STAGE[:MESSAGE]=REPLY, or "drop",
// "hang" or "slow" (a second late) for the reply, "MESSAGE+" for a message and
// all later ones; "kept" drops the connection after the message was taken.
func startSMTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: smtpd NAME [options]")
	}
	name := args[0]
	options, err := smtpOptions(args[1:])
	ts.Check(err)
	if state(ts).servers[name] != nil {
		ts.Fatalf("smtpd: %s runs already", name)
	}
	server, err := mailtest.New(options)
	ts.Check(err)
	state(ts).servers[name] = server
	keepCA(ts, name, server.CA())
	prefix := strings.ToUpper(name)
	ts.Setenv(prefix+"_ADDR", server.Addr())
	ts.Setenv(prefix+"_HOST", server.Host())
	ts.Setenv(prefix+"_PORT", server.Port())
}

func smtpOptions(args []string) (mailtest.Options, error) {
	o := mailtest.Options{Users: map[string]string{}}
	fs := flag.NewFlagSet("smtpd", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.BoolVar(&o.No8BitMIME, "7bit", false, "do not offer 8BITMIME")
	fs.BoolVar(&o.SMTPUTF8, "utf8", false, "offer SMTPUTF8")
	fs.Int64Var(&o.MaxSize, "size", 0, "largest message")
	fs.Func("tls", "starttls or implicit", func(s string) error {
		return choose(&o.TLS, s, map[string]mailtest.TLS{"starttls": mailtest.StartTLS, "implicit": mailtest.Implicit})
	})
	certificateFlag(fs, &o.Certificate)
	fs.Func("mechanisms", "of AUTH, with commas", func(s string) error {
		o.Mechanisms = strings.Split(s, ",")
		return nil
	})
	fs.Func("user", "NAME:PASSWORD", func(s string) error {
		user, password, _ := strings.Cut(s, ":")
		o.Users[user] = password
		return nil
	})
	fs.Func("refuse", "a recipient's MAILBOX, or MAILBOX=REPLY", func(s string) error {
		mailbox, reply, _ := strings.Cut(s, "=")
		if reply == "" {
			reply = "550 5.1.1 no such user"
		}
		o.Faults = append(o.Faults, mailtest.Fault{At: mailtest.AtRCPT, Recipient: mailbox, Reply: reply})
		return nil
	})
	fs.Func("fault", "STAGE[:MESSAGE[+]]=REPLY|drop|hang|slow|kept", func(s string) error {
		f, err := smtpFault(s)
		o.Faults = append(o.Faults, f)
		return err
	})
	err := fs.Parse(args)
	if err == nil && fs.NArg() > 0 {
		err = fmt.Errorf("smtpd: unknown argument %q", fs.Arg(0))
	}
	return o, err
}

// certificateFlag is the option of servers for a certificate that is not in order.
func certificateFlag(fs *flag.FlagSet, c *mailtest.Certificate) {
	fs.Func("cert", "wronghost, expired or selfsigned", func(s string) error {
		return choose(c, s, map[string]mailtest.Certificate{
			"wronghost": mailtest.WrongHost, "expired": mailtest.Expired, "selfsigned": mailtest.SelfSigned})
	})
}

// keepCA makes the folder of a server, with the certificate to trust if it has
// one.
func keepCA(ts *testscript.TestScript, name string, ca []byte) {
	dir := filepath.Join(ts.Getenv("WORK"), name)
	ts.Check(os.MkdirAll(dir, 0o700))
	if len(ca) > 0 {
		ts.Check(os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600))
	}
}

func smtpFault(s string) (mailtest.Fault, error) {
	where, how, ok := strings.Cut(s, "=")
	if !ok {
		return mailtest.Fault{}, fmt.Errorf("smtpd: fault %q says not how", s)
	}
	stage, message, numbered := strings.Cut(where, ":")
	f := mailtest.Fault{At: mailtest.Stage(stage)}
	if numbered {
		n, err := strconv.Atoi(strings.TrimSuffix(message, "+"))
		if err != nil {
			return f, err
		}
		if f.Message = n; strings.HasSuffix(message, "+") {
			f.Message, f.Since = 0, n
		}
	}
	switch how {
	case "drop":
		f.Drop = true
	case "hang":
		f.Hang = true
	case "slow":
		f.Pause = time.Second
	case "kept":
		f.Drop, f.Keep = true, true
	default:
		f.Reply, f.Keep = how, how[:1] == "2"
	}
	return f, nil
}

func choose[T any](to *T, word string, choices map[string]T) error {
	value, ok := choices[word]
	if !ok {
		return fmt.Errorf("unknown word %q", word)
	}
	*to = value
	return nil
}

// checkReceived: received NAME COUNT. It fails unless the server has accepted
// exactly COUNT messages by now, and writes them as $WORK/NAME/0001.eml … with
// LF line ends, with the envelope beside it in 0001.env: a line "from MAILBOX",
// one "to MAILBOX" per recipient, "user NAME" and "tls" where they apply. The
// file "lines" has every command that the server was given.
func checkReceived(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: received NAME COUNT")
	}
	server := state(ts).servers[args[0]]
	if server == nil {
		ts.Fatalf("received: no server %s", args[0])
	}
	dir := filepath.Join(ts.Getenv("WORK"), args[0])
	messages := server.Messages()
	for i, m := range messages {
		file := filepath.Join(dir, fmt.Sprintf("%04d", i+1))
		ts.Check(os.WriteFile(file+".eml", bytes.ReplaceAll(m.Data, []byte("\r\n"), []byte("\n")), 0o600))
		ts.Check(os.WriteFile(file+".env", envelope(m), 0o600))
	}
	lines := strings.Join(append(server.Lines(), ""), "\n")
	ts.Check(os.WriteFile(filepath.Join(dir, "lines"), []byte(lines), 0o600))
	if strconv.Itoa(len(messages)) != args[1] {
		ts.Fatalf("%s received %d messages, want %s", args[0], len(messages), args[1])
	}
}

func envelope(m mailtest.Message) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "from %s\n", m.From)
	for _, to := range m.To {
		fmt.Fprintf(&b, "to %s\n", to)
	}
	if m.User != "" {
		fmt.Fprintf(&b, "user %s\n", m.User)
	}
	if m.Secure {
		b.WriteString("tls\n")
	}
	return b.Bytes()
}

// healSMTP: heal NAME. The server forgets its faults.
func healSMTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: heal NAME")
	}
	if web := state(ts).webs[args[0]]; web != nil {
		web.Heal()
	} else if server := state(ts).servers[args[0]]; server != nil {
		server.Heal()
	} else {
		ts.Fatalf("heal: no server %s", args[0])
	}
}

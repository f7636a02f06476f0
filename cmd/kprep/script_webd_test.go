package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kprep/kprep/internal/mailtest"
)

// startWeb: webd NAME [options]. It starts a web endpoint and sets NAME_URL, in
// capitals; $WORK/NAME/ca.pem is the certificate to trust when there is TLS. A
// fault is [ACTION:]HOW[,keep=N], where HOW is early, reset, drop, hang, slow,
// huge, or an answer STATUS@FILE with the body in FILE; keep=-1 takes all
// messages all the same.
func startWeb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: webd NAME [options]")
	}
	name := args[0]
	o := mailtest.WebOptions{}
	fs := flag.NewFlagSet("webd", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.BoolVar(&o.TLS, "tls", false, "https")
	certificateFlag(fs, &o.Certificate)
	fs.StringVar(&o.Describe, "describe", "", "how it describes itself, as JSON")
	fs.Func("refuse", "MAILBOX", func(s string) error {
		o.Refuse = append(o.Refuse, s)
		return nil
	})
	fs.Func("fault", "[ACTION:]HOW[,keep=N]", func(s string) error {
		f, err := webFault(ts, s)
		o.Faults = append(o.Faults, f)
		return err
	})
	ts.Check(fs.Parse(args[1:]))
	o.TLS = o.TLS || o.Certificate != mailtest.Good
	if fs.NArg() > 0 || state(ts).webs[name] != nil {
		ts.Fatalf("webd: %s", strings.Join(args, " "))
	}
	web, err := mailtest.NewWeb(o)
	ts.Check(err)
	state(ts).webs[name] = web
	keepCA(ts, name, web.CA())
	ts.Setenv(strings.ToUpper(name)+"_URL", web.URL())
}

func webFault(ts *testscript.TestScript, s string) (f mailtest.WebFault, err error) {
	if action, how, ok := strings.Cut(s, ":"); ok {
		f.Action, s = action, how
	}
	s, keep, kept := strings.Cut(s, ",keep=")
	if kept {
		if f.Keep, err = strconv.Atoi(keep); err != nil {
			return f, err
		}
	}
	switch s {
	case "early":
		f.Early, f.Status, f.Type, f.Body = true, 413, "text/html", "too large"
	case "reset":
		f.Reset = true
	case "drop":
		f.Drop = true
	case "hang":
		f.Hang = true
	case "huge":
		f.Huge, f.Status = true, 200
	default:
		status, file, ok := strings.Cut(s, "@")
		if !ok {
			return f, errors.New("a fault is a word or STATUS@FILE")
		}
		if f.Status, err = strconv.Atoi(status); err != nil {
			return f, err
		}
		f.Type, f.Body = "application/json", ts.ReadFile(file)
		if f.Status/100 == 3 {
			f.Location = strings.TrimSpace(f.Body)
		}
	}
	return f, nil
}

// checkPosted: posted NAME COUNT. It fails unless the web endpoint took exactly
// COUNT messages by now, and writes them as $WORK/NAME/0001.eml …; the file
// "requests" has the action of each request, "bodies" their text.
func checkPosted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || state(ts).webs[args[0]] == nil {
		ts.Fatalf("usage: posted NAME COUNT")
	}
	web := state(ts).webs[args[0]]
	dir := filepath.Join(ts.Getenv("WORK"), args[0])
	messages := web.Messages()
	for i, m := range messages {
		ts.Check(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d.eml", i+1)), []byte(m), 0o600))
	}
	var actions, bodies strings.Builder
	for _, r := range web.Requests() {
		actions.WriteString(r.Action + "\n")
		bodies.WriteString(r.Body + "\n")
	}
	ts.Check(os.WriteFile(filepath.Join(dir, "requests"), []byte(actions.String()), 0o600))
	ts.Check(os.WriteFile(filepath.Join(dir, "bodies"), []byte(bodies.String()), 0o600))
	if strconv.Itoa(len(messages)) != args[1] {
		ts.Fatalf("%s took %d messages, want %s", args[0], len(messages), args[1])
	}
}

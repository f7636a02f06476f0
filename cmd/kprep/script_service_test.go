package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kprep/kprep/internal/mailtest"
)

// startService: service NAME SMTPD [options]. It runs "kprep endpoint serve"
// until the script ends, which mails through the smtpd of that name, and sets
// NAME_URL, in capitals; it takes signed mail at NAME_SMTP_HOST, NAME_SMTP_PORT. The options are those of the verb. Its database is
// $WORK/NAME/service.db, its log $WORK/NAME/log.
func startService(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || state(ts).servers[args[1]] == nil {
		ts.Fatalf("usage: service NAME SMTPD [options]")
	}
	name, smtp := args[0], state(ts).servers[args[1]]
	dir := filepath.Join(ts.Getenv("WORK"), name)
	ts.Check(os.MkdirAll(dir, 0o700))
	log, err := os.Create(filepath.Join(dir, "log"))
	ts.Check(err)
	address, err := mailtest.FreeAddress()
	ts.Check(err)
	mail, err := mailtest.FreeAddress()
	ts.Check(err)
	url := "http://" + address + "/_b4_submit"
	now := time.Now
	if text := ts.Getenv("KPREP_NOW"); text != "" { // a clock that goes on from there
		start, err := time.Parse(time.RFC3339, text)
		ts.Check(err)
		begin := time.Now()
		now = func() time.Time { return start.Add(time.Since(begin)) }
	}
	e := &env{
		stdin: bytes.NewReader(nil), stdout: &output{w: io.Discard}, stderr: log, now: now, random: rand.Reader, dir: dir, colour: "never",
		environ: []string{"HOME=" + dir, "PATH=" + ts.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C"},
	}
	argv := append([]string{"kprep", "-c", "sendemail.smtpServer=" + smtp.Host(), "-c", "sendemail.smtpServerPort=" + smtp.Port(),
		"endpoint", "serve", "--listen", address, "--smtp-listen", mail, "--url", url, "--database", "service.db", "--from", "devnull@relay.example.net",
		"--destination", `[a-z-]+@lists\.example\.(org|net|com)`}, args[2:]...)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, e, commands, argv) }()
	ts.Defer(func() {
		stop()
		<-ended
		log.Close()
	})
	for waited := time.Duration(0); ; waited += 20 * time.Millisecond {
		response, err := http.Get("http://" + address + "/readyz")
		if err == nil {
			response.Body.Close()
			break
		}
		select {
		case status := <-ended:
			ended <- status
			text, _ := os.ReadFile(log.Name())
			ts.Fatalf("service: ended with %d: %s", status, text)
		case <-time.After(20 * time.Millisecond):
		}
		if waited > 30*time.Second {
			ts.Fatalf("service: it does not answer: %v", err)
		}
	}
	host, port, err := net.SplitHostPort(mail)
	ts.Check(err)
	for variable, value := range map[string]string{"_URL": url, "_SMTP_HOST": host, "_SMTP_PORT": port} {
		ts.Setenv(strings.ToUpper(name)+variable, value)
	}
}

// waitReceived: arrive NAME COUNT. It is "received", once so many messages have
// come in.
func waitReceived(ts *testscript.TestScript, neg bool, args []string) {
	if !neg && len(args) == 2 && state(ts).servers[args[0]] != nil {
		for range 30 * 50 {
			if fmt.Sprint(len(state(ts).servers[args[0]].Messages())) == args[1] {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	checkReceived(ts, neg, args)
}

// waitMetric: metric NAME LINE. It waits until /metrics of a service has the line.
func waitMetric(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: metric NAME LINE")
	}
	text := ""
	for range 30 * 50 {
		response, err := http.Get(strings.TrimSuffix(ts.Getenv(strings.ToUpper(args[0])+"_URL"), "_b4_submit") + "metrics")
		ts.Check(err)
		data, err := io.ReadAll(response.Body)
		response.Body.Close()
		ts.Check(err)
		if text = string(data); strings.Contains(text, "\n"+args[1]+"\n") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("metric: no %q in\n%s", args[1], text)
}

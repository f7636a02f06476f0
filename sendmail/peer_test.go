package sendmail

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/internal/mailtest"
)

// smtpSink is where Debian has it; it is on no user's PATH.
const smtpSink = "/usr/sbin/smtp-sink"

// startSink runs Postfix's smtp-sink and returns its port and the folder with
// one file for each message that it got to see whole or in part.
func startSink(t *testing.T, options ...string) (port, dir string) {
	t.Helper()
	if _, err := os.Stat(smtpSink); err != nil {
		gittest.NoPeer(t, "smtp-sink (package postfix) is not installed ('make peers' does it)")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(l.Addr().String())
	l.Close()
	dir = t.TempDir()
	args := append([]string{"-d", filepath.Join(dir, "mail.")}, options...)
	if os.Getuid() == 0 { // it insists on giving up root
		args = append(args, "-u", "nobody")
		for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
			if err := os.Chmod(d, 0o777); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.Command(smtpSink, append(args, "127.0.0.1:"+port, "10")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for range 200 {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			return port, dir
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("smtp-sink does not answer")
	return "", ""
}

// sunk counts the messages in a sink's folder that have this body's last line.
func sunk(t *testing.T, dir string, m Outgoing) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "mail.*"))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasSuffix(bytes.TrimRight(text, "\n"), bytes.TrimRight(m.Raw, "\n")) {
			count++
		}
	}
	return count
}

// A server that has nothing in common with kprep agrees on what was sent, and
// on what was refused.
func TestSinkAgrees(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options []string
		states  string
		status  int
	}{
		"with all extensions":   {nil, all, 0},
		"without pipelining":    {[]string{"-p"}, all, 0},
		"without ESMTP":         {[]string{"-e"}, all, 0},
		"without 8BITMIME":      {[]string{"-8"}, all, 0},
		"as a PIX mutilates it": {[]string{"-P"}, all, 0},
		"slow at the dot":       {[]string{"-w", "1", "-p"}, all, 0},
		"CONNECT refused":       {[]string{"-f", "connect"}, outOfReach, 1},
		"EHLO 421":              {[]string{"-Q", "ehlo"}, outOfReach, 1},
		"EHLO 500, then HELO":   {[]string{"-f", "ehlo"}, all, 0},
		"MAIL 5xx":              {[]string{"-f", "mail"}, "refused pending pending pending", 1},
		"MAIL 4xx":              {[]string{"-r", "mail"}, "deferred pending pending pending", 1},
		"MAIL dropped":          {[]string{"-q", "mail"}, "deferred pending pending pending", 1},
		"RCPT 5xx":              {[]string{"-f", "rcpt"}, "refused pending pending pending", 1},
		"RCPT 4xx":              {[]string{"-r", "rcpt"}, "deferred pending pending pending", 1},
		"RCPT 421":              {[]string{"-Q", "rcpt"}, "deferred pending pending pending", 1},
		"DATA 5xx":              {[]string{"-f", "data"}, "refused pending pending pending", 1},
		"DATA 4xx":              {[]string{"-r", "data"}, "deferred pending pending pending", 1},
		"DATA dropped":          {[]string{"-q", "data"}, "deferred pending pending pending", 1},
		"dot 5xx":               {[]string{"-f", "."}, "refused pending pending pending", 1},
		"dot 4xx":               {[]string{"-r", "."}, "deferred pending pending pending", 1},
		"dot 421":               {[]string{"-Q", "."}, "deferred pending pending pending", 1},
		"dot dropped":           {[]string{"-q", "."}, "unknown pending pending pending", 4},
		"QUIT dropped":          {[]string{"-q", "quit"}, all, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port, dir := startSink(t, c.options...)
			settings, err := ReadSettings(testConfig{"sendemail.smtpServer=127.0.0.1", "sendemail.smtpServerPort=" + port}, "", false)
			if err != nil {
				t.Fatal(err)
			}
			tr, err := OpenTransport(settings, nil)
			if err != nil {
				t.Fatal(err)
			}
			messages := series(3)
			j := journalOf(t, messages)
			sum, err := quickly().Run(t.Context(), j, tr, nil)
			tr.Close()
			if states(j) != c.states || sum.Status() != c.status {
				t.Errorf("%s, status %d, %v, %q, want %s", states(j), sum.Status(), err, sum.Stopped, c.states)
			}
			if c.states != all {
				return
			}
			for _, m := range messages {
				if n := sunk(t, dir, m); n != 1 {
					t.Errorf("%s arrived %d times", m.Name, n)
				}
			}
		})
	}
}

// msmtp as sendemail.sendmailCmd: what it is given is what arrives, and its
// exit status says what became of it.
func TestMsmtpAgrees(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "msmtp")
	for name, c := range map[string]struct {
		faults []mailtest.Fault
		states string
		status int
	}{
		"taken":          {nil, all, 0},
		"sender refused": {[]mailtest.Fault{{At: mailtest.AtMAIL, Since: 2, Reply: "550 5.7.1 not you"}}, "accepted refused pending pending", 3},
		// It says EX_UNAVAILABLE, not EX_TEMPFAIL, for what is only deferred.
		"sender deferred": {[]mailtest.Fault{{At: mailtest.AtMAIL, Since: 2, Reply: "451 4.3.0 later"}}, "accepted refused pending pending", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, mailtest.Options{Faults: c.faults})
			empty := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(empty, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			tr := commandTransport(t, fmt.Sprintf("sendemail.sendmailCmd=msmtp --file='%s' --host=127.0.0.1 --port=%s --tls=off --auth=off", empty, s.Port()))
			messages := series(3)
			j := journalOf(t, messages)
			sum, err := quickly().Run(t.Context(), j, tr, nil)
			if err != nil || states(j) != c.states || sum.Status() != c.status {
				t.Fatalf("%s, status %d, %v, %q, want %s", states(j), sum.Status(), err, sum.Stopped, c.states)
			}
			for i, m := range s.Messages() {
				// msmtp adds header fields where they are missing, at the top.
				_, body, _ := strings.Cut(string(messages[i].Raw), "\n\n")
				if m.From != "me@example.org" || !slices.Equal(m.To, []string{alice, bob, list}) || !bytes.HasSuffix(m.Data, crlf([]byte("\n\n"+body))) {
					t.Errorf("message %d: %+v", i, m)
				}
			}
			checkArrivals(t, j, s, false)
		})
	}
}

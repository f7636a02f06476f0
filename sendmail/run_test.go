package sendmail

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

func TestRunSendsEverythingOnceInOrder(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mailtest.Options{
		"plain":                {},
		"STARTTLS":             {TLS: mailtest.StartTLS},
		"implicit":             {TLS: mailtest.Implicit},
		"STARTTLS, lower case": {TLS: mailtest.StartTLS, LowerCase: true},
		"no 8BITMIME":          {No8BitMIME: true},
		"small size":           {MaxSize: 2000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, o)
			word := map[mailtest.TLS]string{mailtest.Plain: "", mailtest.StartTLS: "tls", mailtest.Implicit: "ssl"}[o.TLS]
			tr := transportTo(t, s, nil, "sendemail.smtpEncryption="+word)
			messages := series(3)
			j := journalOf(t, messages)
			var events []string
			sum, err := Run(t.Context(), j, tr, func(e Event) { events = append(events, fmt.Sprint(e.Message, e.Done, len(e.Receipts))) })
			if err != nil || sum.Status() != 0 || !sum.Complete || sum.Stopped != "" {
				t.Fatalf("summary %+v, error %v", sum, err)
			}
			if got := s.Messages(); len(got) != len(messages) {
				t.Fatalf("%d messages arrived", len(got))
			}
			for i, m := range s.Messages() {
				if want := string(crlf(messages[i].Raw)); string(m.Data) != want {
					t.Errorf("message %d arrived as %q, want %q", i, m.Data, want)
				}
				if m.From != "me@example.org" || !slices.Equal(m.To, []string{alice, bob, list}) || m.Secure != (o.TLS != mailtest.Plain) {
					t.Errorf("message %d: %+v", i, m)
				}
			}
			if s.Connections() != 1 {
				t.Errorf("%d connections", s.Connections())
			}
			if want := []string{"0 false 0", "0 true 3", "1 false 0", "1 true 3", "2 false 0", "2 true 3", "3 false 0", "3 true 3"}; !slices.Equal(events, want) {
				t.Errorf("events %q", events)
			}
			// Run again has nothing to do and connects to nobody.
			if sum, err := Run(t.Context(), reopen(t, j), nil, nil); err != nil || sum.Status() != 0 {
				t.Errorf("second run: %+v, %v", sum, err)
			}
			for _, line := range s.Lines() {
				if strings.HasPrefix(line, "EHLO") && line != "EHLO [127.0.0.1]" {
					t.Errorf("the server was told %q", line)
				}
			}
		})
	}
}

// Each row is a fault, what it makes of a cover letter and three patches, and
// that a second run against the healed server brings the rest exactly once.
func TestRunUnderFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  mailtest.Fault
		states string
		status int
		again  string // states after another run
		twice  bool   // the server kept what it did not confirm
	}{
		"F11 MAIL 4xx at message 3": {
			mailtest.Fault{At: mailtest.AtMAIL, Message: 3, Reply: "451 4.3.0 later"},
			"accepted accepted deferred pending", 3, "accepted accepted accepted accepted", false},
		"F12 MAIL 5xx at message 2": {
			mailtest.Fault{At: mailtest.AtMAIL, Message: 2, Reply: "550 5.7.1 not you"},
			"accepted refused pending pending", 3, "accepted refused accepted accepted", false},
		"login needed at MAIL, which is not about the message": {
			mailtest.Fault{At: mailtest.AtMAIL, Message: 2, Reply: "530 5.7.0 authentication required"},
			"accepted deferred pending pending", 3, "accepted accepted accepted accepted", false},
		"F13 one recipient refused everywhere": {
			mailtest.Fault{At: mailtest.AtRCPT, Recipient: bob, Reply: "550 5.1.1 no such user"},
			"accepted/refused/accepted accepted/refused/accepted accepted/refused/accepted accepted/refused/accepted", 3,
			"accepted/refused/accepted accepted/refused/accepted accepted/refused/accepted accepted/refused/accepted", false},
		"F14 one recipient of a patch deferred": {
			mailtest.Fault{At: mailtest.AtRCPT, Message: 2, Recipient: bob, Reply: "450 4.2.0 greylisted"},
			"accepted accepted/deferred/accepted accepted accepted", 3, "accepted accepted accepted accepted", false},
		"one recipient of the cover deferred": {
			mailtest.Fault{At: mailtest.AtRCPT, Message: 1, Recipient: bob, Reply: "450 4.2.0 greylisted"},
			"accepted/deferred/accepted pending pending pending", 3, "accepted accepted accepted accepted", false},
		"F16 all recipients of a patch refused": {
			mailtest.Fault{At: mailtest.AtRCPT, Message: 2, Reply: "550 5.1.1 no"},
			"accepted refused accepted accepted", 3, "accepted refused accepted accepted", false},
		"F16 all recipients of the cover refused": {
			mailtest.Fault{At: mailtest.AtRCPT, Message: 1, Reply: "550 5.1.1 no"},
			"refused pending pending pending", 1, "refused pending pending pending", false},
		"F17 DATA 4xx": {
			mailtest.Fault{At: mailtest.AtDATA, Message: 2, Reply: "451 4.3.0 later"},
			"accepted deferred pending pending", 3, "accepted accepted accepted accepted", false},
		"F18 4xx after the dot": {
			mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: "451 4.3.0 later"},
			"accepted deferred pending pending", 3, "accepted accepted accepted accepted", false},
		"F19 5xx after the dot": {
			mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: "554 5.6.0 spam"},
			"accepted refused pending pending", 3, "accepted refused accepted accepted", false},
		"F20 first message refused": {
			mailtest.Fault{At: mailtest.AtDot, Message: 1, Reply: "554 5.6.0 spam"},
			"refused pending pending pending", 1, "refused pending pending pending", false},
		"F21 last message refused": {
			mailtest.Fault{At: mailtest.AtDot, Message: 4, Reply: "554 5.6.0 spam"},
			"accepted accepted accepted refused", 3, "accepted accepted accepted refused", false},
		"F22 lost at RCPT": {
			mailtest.Fault{At: mailtest.AtRCPT, Message: 2, Recipient: bob, Drop: true},
			"accepted deferred pending pending", 3, "accepted accepted accepted accepted", false},
		"F22 lost at DATA": {
			mailtest.Fault{At: mailtest.AtDATA, Message: 2, Drop: true},
			"accepted deferred pending pending", 3, "accepted accepted accepted accepted", false},
		"F23 lost after the dot, not kept": {
			mailtest.Fault{At: mailtest.AtDot, Message: 2, Drop: true},
			"accepted unknown pending pending", 4, "accepted unknown accepted accepted", false},
		"F23 lost after the dot, kept": {
			mailtest.Fault{At: mailtest.AtDot, Message: 2, Drop: true, Keep: true},
			"accepted unknown pending pending", 4, "accepted unknown accepted accepted", true},
		"F23 the cover lost after the dot": {
			mailtest.Fault{At: mailtest.AtDot, Message: 1, Drop: true, Keep: true},
			"unknown pending pending pending", 4, "unknown pending pending pending", true},
		"F26 421 between two messages": {
			mailtest.Fault{At: mailtest.AtMAIL, Message: 3, Times: 1, Reply: "421 4.3.2 closing"},
			"accepted accepted accepted accepted", 0, "", false},
		"F27 connection closed between two messages": {
			mailtest.Fault{At: mailtest.AtMAIL, Message: 3, Times: 1, Drop: true},
			"accepted accepted accepted accepted", 0, "", false},
		"421 at the dot": {
			mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: "421 4.3.2 closing"},
			"accepted deferred pending pending", 3, "accepted accepted accepted accepted", false},
		"421 at RCPT": {
			mailtest.Fault{At: mailtest.AtRCPT, Message: 2, Recipient: bob, Reply: "421 4.3.2 closing"},
			"accepted deferred pending pending", 3, "accepted accepted accepted accepted", false},
		"F34 garbage at MAIL": {
			mailtest.Fault{At: mailtest.AtMAIL, Reply: "?? what"},
			"deferred pending pending pending", 1, "accepted accepted accepted accepted", false},
		"F34 a wrong yes to DATA": {
			mailtest.Fault{At: mailtest.AtDATA, Message: 2, Reply: "250 fine"},
			"accepted deferred pending pending", 3, "accepted accepted accepted accepted", false},
		"F34 garbage after the dot": {
			mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: "?? what", Keep: true},
			"accepted unknown pending pending", 4, "accepted unknown accepted accepted", true},
		"F34 a 354 after the dot": {
			mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: "354 more", Keep: true},
			"accepted unknown pending pending", 4, "accepted unknown accepted accepted", true},
		"252 after the dot": {
			mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: "252 taken", Keep: true},
			"accepted accepted accepted accepted", 0, "", false},
		"F33 QUIT unanswered": {
			mailtest.Fault{At: mailtest.AtQUIT, Drop: true},
			"accepted accepted accepted accepted", 0, "", false},
		"last one lost after the dot": {
			mailtest.Fault{At: mailtest.AtDot, Message: 4, Drop: true},
			"accepted accepted accepted unknown", 4, "accepted accepted accepted unknown", false},
	} {
		for _, mode := range []mailtest.TLS{mailtest.Plain, mailtest.StartTLS} {
			t.Run(fmt.Sprint(name, " TLS ", mode), func(t *testing.T) {
				t.Parallel()
				s := mailtest.Start(t, mailtest.Options{TLS: mode, Faults: []mailtest.Fault{c.fault}})
				word := map[mailtest.TLS]string{mailtest.Plain: "none", mailtest.StartTLS: "tls"}[mode]
				j := journalOf(t, series(3))
				tr := transportTo(t, s, nil, "sendemail.smtpEncryption="+word)
				sum, err := Run(t.Context(), j, tr, nil)
				tr.Close()
				if err != nil || states(j) != c.states || sum.Status() != c.status {
					t.Fatalf("%s, status %d, error %v, stopped %q\nwant %s, status %d", states(j), sum.Status(), err, sum.Stopped, c.states, c.status)
				}
				s.Heal()
				j = reopen(t, j)
				if states(j) != c.states {
					t.Fatalf("the disk has %s, want %s", states(j), c.states)
				}
				if c.again == "" {
					return
				}
				if _, err = Run(t.Context(), j, transportTo(t, s, nil, "sendemail.smtpEncryption="+word), nil); err != nil || states(j) != c.again {
					t.Errorf("second run: %s, error %v\nwant %s", states(j), err, c.again)
				}
				checkArrivals(t, j, s, c.twice)
			})
		}
	}
}

// checkArrivals wants each accepted pair at the server exactly once, and
// nothing else but unknown ones that it kept.
func checkArrivals(t *testing.T, j *Journal, s *mailtest.Server, keptUnknown bool) {
	t.Helper()
	got := arrivals(s)
	var want []string
	for _, r := range j.Receipts() {
		name, _, _ := strings.Cut(r.Recipient, "@")
		if r.State == Accepted || r.State == Unknown && keptUnknown {
			want = append(want, fmt.Sprint(r.Message, ":", name))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("arrived %q\nwant    %q", got, want)
	}
}

func TestRunConnectionLostInsideALargeBody(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtBody, Message: 2, Drop: true}}})
	messages := series(2)
	for i := range messages {
		// More than the kernel takes without the server's reading.
		messages[i].Raw = append(messages[i].Raw, strings.Repeat(strings.Repeat("x", 70)+"\n", 100_000)...)
	}
	j := journalOf(t, messages)
	sum, err := Run(t.Context(), j, transportTo(t, s, nil), nil)
	if err != nil || states(j) != "accepted deferred pending" || sum.Status() != 3 {
		t.Errorf("%s, status %d, error %v", states(j), sum.Status(), err)
	}
}

// go-smtp's client has no deadline while a body is written.
func TestRunServerStopsReading(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtBody, Hang: true}}})
	messages := series(1)
	messages[0].Raw = append(messages[0].Raw, strings.Repeat(strings.Repeat("x", 70)+"\n", 200_000)...)
	tr := transportTo(t, s, nil)
	tr.limits.write = 200 * time.Millisecond
	j := journalOf(t, messages)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	sum, err := Run(ctx, j, tr, nil)
	if err != nil || ctx.Err() != nil || states(j) != "deferred pending" || sum.Status() != 1 {
		t.Errorf("%s, status %d, error %v", states(j), sum.Status(), err)
	}
}

func TestRunHangingServerEndsInTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at     mailtest.Stage
		states string
	}{
		"F30 silent at MAIL":       {mailtest.AtMAIL, "deferred pending"},
		"F30 silent at RCPT":       {mailtest.AtRCPT, "deferred pending"},
		"F30 silent at DATA":       {mailtest.AtDATA, "deferred pending"},
		"F31 silent after the dot": {mailtest.AtDot, "unknown pending"},
		"F3 no greeting":           {mailtest.AtGreeting, "pending pending"},
		"silent at EHLO":           {mailtest.AtEHLO, "pending pending"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{{At: c.at, Hang: true}}})
			tr := transportTo(t, s, nil)
			tr.limits.command, tr.limits.final, tr.limits.greeting, tr.limits.quit = 200*time.Millisecond, 200*time.Millisecond, 200*time.Millisecond, 50*time.Millisecond
			j := journalOf(t, series(1))
			start := time.Now()
			sum, err := Run(t.Context(), j, tr, nil)
			if states(j) != c.states || time.Since(start) > 10*time.Second {
				t.Errorf("%s after %v, %v", states(j), time.Since(start), err)
			}
			if connected := strings.HasPrefix(c.states, "pending"); connected != (err != nil) || connected && sum.Status() != 1 {
				t.Errorf("error %v, status %d", err, sum.Status())
			}
		})
	}
}

func TestRunInterrupted(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 2, Hang: true}}})
	tr := transportTo(t, s, nil)
	tr.limits.grace = 100 * time.Millisecond
	j := journalOf(t, series(3))
	ctx, cancel := context.WithCancel(t.Context())
	sum, err := Run(ctx, j, tr, func(e Event) {
		if e.Message == 1 && !e.Done {
			time.AfterFunc(100*time.Millisecond, cancel)
		}
	})
	if states(j) != "accepted unknown pending pending" || sum.Status() != 4 || err != nil {
		t.Errorf("%s, status %d, error %v", states(j), sum.Status(), err)
	}
	// Between two messages: nothing is tried any more.
	s2 := mailtest.Start(t, mailtest.Options{})
	j2 := journalOf(t, series(3))
	ctx, cancel = context.WithCancel(t.Context())
	sum, err = Run(ctx, j2, transportTo(t, s2, nil), func(e Event) {
		if e.Message == 1 && e.Done {
			cancel()
		}
	})
	if states(j2) != "accepted accepted pending pending" || sum.Status() != 3 || !errors.Is(err, context.Canceled) {
		t.Errorf("%s, status %d, error %v", states(j2), sum.Status(), err)
	}
}

func TestRunComparesSizesBeforeTheFirstMessage(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{MaxSize: 1000})
	messages := series(2)
	messages[2].Raw = append(messages[2].Raw, strings.Repeat("long\n", 300)...)
	j := journalOf(t, messages)
	sum, err := Run(t.Context(), j, transportTo(t, s, nil), nil)
	var large *TooLargeError
	if !errors.As(err, &large) || len(large.Messages) != 1 || !strings.HasPrefix(large.Messages[0], "0002-change.eml") {
		t.Errorf("error %v", err)
	}
	if sum.Status() != 1 || len(s.Messages()) != 0 || strings.Contains(strings.Join(s.Lines(), "\n"), "MAIL") {
		t.Errorf("status %d, server saw %q", sum.Status(), s.Lines())
	}
}

func TestRunEncodesForServersWithout8BitMIME(t *testing.T) {
	t.Parallel()
	messages := series(1)
	eight := strings.ReplaceAll(string(messages[1].Raw), "Encoding: 7bit", "Encoding: 8bit")
	messages[1].Raw = []byte(eight + "naïve = café\n")
	for name, no := range map[string]bool{"offered": false, "not offered": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, mailtest.Options{No8BitMIME: no})
			j := journalOf(t, messages)
			if sum, err := Run(t.Context(), j, transportTo(t, s, nil), nil); err != nil || sum.Status() != 0 {
				t.Fatalf("%+v, %v", sum, err)
			}
			got := string(s.Messages()[1].Data)
			if no != isASCII(got) || s.Messages()[1].EightBit == no {
				t.Errorf("arrived with BODY=8BITMIME %v: %q", s.Messages()[1].EightBit, got)
			}
			if no && (!strings.Contains(got, "na=C3=AFve =3D caf=C3=A9") || !strings.Contains(got, "quoted-printable")) {
				t.Errorf("arrived as %q", got)
			}
			// The journal has exactly what was on the wire, also later.
			m, err := reopen(t, j).Message(1)
			if err != nil || string(crlf(m.Raw)) != got {
				t.Errorf("journal has %q, %v", m.Raw, err)
			}
		})
	}
}

func TestRunAddressesOutsideOfASCII(t *testing.T) {
	t.Parallel()
	const foreign = "žofie@example.org"
	for name, offered := range map[string]bool{"offered": true, "not offered": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, mailtest.Options{SMTPUTF8: offered})
			messages := series(1)
			messages[1].Recipients = []string{alice, foreign}
			messages[1].To = nil
			j := journalOf(t, messages)
			sum, err := Run(t.Context(), j, transportTo(t, s, nil), nil)
			want, status := "accepted accepted/refused", 3
			if offered {
				want, status = "accepted accepted", 0
			}
			if err != nil || states(j) != want || sum.Status() != status {
				t.Errorf("%s, status %d, %v", states(j), sum.Status(), err)
			}
			ms := s.Messages()
			if ms[0].UTF8 || ms[1].UTF8 != offered {
				t.Errorf("SMTPUTF8 was said for %v, %v", ms[0].UTF8, ms[1].UTF8)
			}
		})
	}
}

func TestRunKeepsToTheBatchSize(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{})
	j := journalOf(t, series(4))
	sum, err := Run(t.Context(), j, transportTo(t, s, nil, "sendemail.smtpBatchSize=2"), nil)
	if err != nil || sum.Status() != 0 || s.Connections() != 3 {
		t.Errorf("%+v, %v, %d connections", sum, err, s.Connections())
	}
}

func TestRunCleansReplies(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{
		{At: mailtest.AtRCPT, Recipient: bob, Reply: "550-5.1.1 \x1b[2Jevil\n550 5.1.1 \xff\u202e" + strings.Repeat("y", 1000)},
	}})
	j := journalOf(t, series(1))
	if _, err := Run(t.Context(), j, transportTo(t, s, nil), nil); err != nil {
		t.Fatal(err)
	}
	r := j.of(0)[1]
	if r.State != Refused || r.Code != 550 || len(r.Reply) > 512 || !strings.Contains(r.Reply, "evil") ||
		strings.ContainsAny(r.Reply, "\x1b\n\r\u202e") || strings.Contains(r.Reply, "\xff") {
		t.Errorf("%d %q", r.Code, r.Reply)
	}
}

func TestRunJournalThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{})
	j := journalOf(t, series(2))
	tr := transportTo(t, s, nil)
	sum, err := Run(t.Context(), j, tr, func(e Event) {
		if e.Message == 1 && !e.Done {
			j.log.file.Close() // the disk is gone
		}
	})
	if err == nil || sum.Status() != 3 || states(j) != "accepted pending pending" {
		t.Errorf("%s, status %d, %v", states(j), sum.Status(), err)
	}
	if got := len(s.Messages()); got != 1 {
		t.Errorf("%d messages left without a record of it", got)
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	for name, arrived := range map[string]bool{"arrived": true, "did not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{
				{At: mailtest.AtDot, Message: 1, Drop: true, Keep: arrived},
				{At: mailtest.AtRCPT, Message: 1, Recipient: bob, Reply: "550 no"},
			}})
			j := journalOf(t, series(1))
			if sum, err := Run(t.Context(), j, transportTo(t, s, nil), nil); err != nil || sum.Status() != 4 || fmt.Sprint(sum.Doubtful) != "[0]" {
				t.Fatalf("%+v, %v", sum, err)
			}
			s.Heal()
			j = reopen(t, j)
			if err := j.Settle(0, arrived); err != nil {
				t.Fatal(err)
			}
			sum, err := Run(t.Context(), j, transportTo(t, s, nil), nil)
			if err != nil || states(j) != "accepted/refused/accepted accepted" || sum.Status() != 3 || !sum.Complete {
				t.Errorf("%s, %+v, %v", states(j), sum, err)
			}
			checkArrivals(t, j, s, false)
		})
	}
}

func TestSummaryWords(t *testing.T) {
	t.Parallel()
	s := Summary{Messages: 31, Sent: 12, Doubtful: []int{13}, Unknown: 3, Accepted: 36, Pending: 54}
	if got, want := s.String(), "sent 12 of 31, 1 unknown (0013), 18 not sent"; got != want || s.Status() != 4 {
		t.Errorf("%q, status %d", got, s.Status())
	}
}

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
			sum, err := quickly().Run(t.Context(), j, tr, func(e Event) {
				if e.Step == "" {
					events = append(events, fmt.Sprint(e.Message, e.Done, len(e.Receipts)))
				}
			})
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
			if sum, err := quickly().Run(t.Context(), reopen(t, j), nil, nil); err != nil || sum.Status() != 0 {
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

func TestF38Interrupted(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 2, Hang: true}}})
	tr := transportTo(t, s, nil)
	tr.config.Limits.Grace = 100 * time.Millisecond
	j := journalOf(t, series(3))
	ctx, cancel := context.WithCancel(t.Context())
	sum, err := quickly().Run(ctx, j, tr, func(e Event) {
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
	sum, err = quickly().Run(ctx, j2, transportTo(t, s2, nil), func(e Event) {
		if e.Message == 1 && e.Done {
			cancel()
		}
	})
	if states(j2) != "accepted accepted pending pending" || sum.Status() != 3 || !errors.Is(err, context.Canceled) {
		t.Errorf("%s, status %d, error %v", states(j2), sum.Status(), err)
	}
}

func TestF56EightBit(t *testing.T) {
	t.Parallel()
	messages := series(1)
	eight := strings.ReplaceAll(string(messages[1].Raw), "Encoding: 7bit", "Encoding: 8bit")
	messages[1].Raw = []byte(eight + "naïve = café\n")
	for name, no := range map[string]bool{"offered": false, "not offered": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, mailtest.Options{No8BitMIME: no})
			j := journalOf(t, messages)
			if sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil); err != nil || sum.Status() != 0 {
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
			sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil)
			want, status := "accepted accepted/refused", 3
			if offered {
				want, status = "accepted accepted", 0
			}
			if err != nil || states(j) != want || sum.Status() != status {
				t.Errorf("%s, status %d, %v", states(j), sum.Status(), err)
			}
			for _, m := range s.Messages() {
				if m.UTF8 != (m.To[0] == foreign) || m.UTF8 && len(m.To) > 1 {
					t.Errorf("SMTPUTF8 %v for %q", m.UTF8, m.To)
				}
			}
			checkArrivals(t, j, s, false)
		})
	}
}

// A header that names such an address makes the message one for servers that
// take it, whoever its recipient is: others are sent nothing of the series.
func TestRunHeadersOutsideOfASCII(t *testing.T) {
	t.Parallel()
	for name, offered := range map[string]bool{"offered": true, "not offered": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, mailtest.Options{SMTPUTF8: offered})
			messages := series(2)
			messages[1].Raw = append([]byte("Cc: Žofie <žofie@example.org>\n"), messages[1].Raw...)
			j := journalOf(t, messages)
			sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil)
			if !offered {
				refused := (*UTF8Error)(nil)
				if !errors.As(err, &refused) || !slices.Equal(refused.Messages, []string{messages[1].Name}) || sum.Status() != 1 || len(s.Messages()) > 0 {
					t.Errorf("%v, status %d, %d messages", err, sum.Status(), len(s.Messages()))
				}
				return
			}
			if err != nil || sum.Status() != 0 {
				t.Errorf("status %d, %v", sum.Status(), err)
			}
			for i, m := range s.Messages() {
				if m.UTF8 != (i == 1) {
					t.Errorf("message %d: SMTPUTF8 %v", i, m.UTF8)
				}
			}
			checkArrivals(t, j, s, false)
		})
	}
}

func TestRunKeepsToTheBatchSize(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{})
	j := journalOf(t, series(4))
	sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil, "sendemail.smtpBatchSize=2"), nil)
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
	if _, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil); err != nil {
		t.Fatal(err)
	}
	r := j.of(0)[1]
	if r.State != Refused || r.Code != 550 || len(r.Reply) > 512 || !strings.Contains(r.Reply, "evil") ||
		strings.ContainsAny(r.Reply, "\x1b\n\r\u202e") || strings.Contains(r.Reply, "\xff") {
		t.Errorf("%d %q", r.Code, r.Reply)
	}
}

func TestF42DiskFull(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{})
	j := journalOf(t, series(2))
	tr := transportTo(t, s, nil)
	sum, err := quickly().Run(t.Context(), j, tr, func(e Event) {
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
			if sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil); err != nil || sum.Status() != 4 || fmt.Sprint(sum.Doubtful) != "[0]" {
				t.Fatalf("%+v, %v", sum, err)
			}
			s.Heal()
			j = reopen(t, j)
			if err := j.Settle(0, arrived); err != nil {
				t.Fatal(err)
			}
			sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil)
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

// What some have must not be said not to have left.
func TestSummaryOfAMessageThatSomeHave(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtRCPT, Recipient: bob, Reply: "451 later"}}})
	j := journalOf(t, series(2))
	sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil)
	if err != nil || sum.String() != "sent 0 of 3, 1 to some recipients only, 2 not sent" || sum.Status() != 3 {
		t.Errorf("%q, %v", sum, err)
	}
}

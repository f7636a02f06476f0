package sendmail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
	"github.com/kprep/kprep/sendmail/smtp"
)

// Where the faults of spec/mail.md 4.4 are tested:
//
//	F1-F36, F38, F42, F44  here, as TestF and the number
//	F37, F40, F41          cmd/kprep, send_refs.txtar: refs that cannot be moved, before and after the mail
//	F39                    cmd/kprep, send_confirm.txtar and prompt_test.go
//	F43                    cmd/kprep, send_twice.txtar; here the lock: TestOpenJournalRefuses
//	F46                    cmd/kprep, send_continue.txtar
//	F47                    cmd/kprep, send_hook.txtar
//	F54                    here, TestF54Command
//	F55                    cmd/kprep, send_addresses.txtar
//	F56                    here, TestF56EightBit; the choice of an encoding in patchmail
//
// Not yet: F45 (clock), F48-F53 (web), F57 (message-ids that a server changes).
// F58, a bounce, comes after all that a transport can see.
func TestEveryFaultHasItsTest(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(source)
	}
	here := []int{38, 42, 44, 54, 56}
	for n := range 36 {
		here = append(here, n+1)
	}
	for _, n := range here {
		if !strings.Contains(text.String(), fmt.Sprintf("\nfunc TestF%02d", n)) {
			t.Errorf("fault %d has no test", n)
		}
	}
}

// A fault is a server that misbehaves while a cover letter and three patches
// are sent, what the journal must hold afterwards, and with which status the
// run ends. Then the server is healed, what is unknown is settled by what the
// server really has, and another process goes on.
type fault struct {
	options  mailtest.Options
	settings []string
	limits   func(*smtp.Limits)
	messages []Outgoing // nil: series(3)

	states  string // after the first run
	status  int
	because string // part of what the run says about its end; "" when it says nothing
	pauses  string // in the first run, such as "1s 5s"
	again   string // states after the second run; "" when all is accepted
	kept    bool   // the server has what is unknown
}

func (f fault) play(t *testing.T) {
	t.Helper()
	for name, without := range map[string]bool{"pipelined": false, "step by step": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := f
			f.options.NoPipelining = without
			f.once(t)
		})
	}
}

func (f fault) once(t *testing.T) {
	t.Helper()
	s := mailtest.Start(t, f.options)
	messages := f.messages
	if messages == nil {
		messages = series(3)
	}
	j := journalOf(t, messages)
	tr := transportTo(t, s, nil, f.settings...)
	if f.limits != nil {
		f.limits(&tr.config.Limits)
	}
	var pauses []string
	patient := Policy{sleep: func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d.String())
		return nil
	}}
	begin := time.Now()
	sum, err := patient.Run(t.Context(), j, tr, nil)
	tr.Close()
	said := sum.Stopped
	if err != nil {
		said += err.Error()
	}
	if states(j) != f.states || sum.Status() != f.status || strings.Join(pauses, " ") != f.pauses {
		t.Errorf("%s, status %d, pauses %q, %v, %q\nwant %s, status %d, pauses %q", states(j), sum.Status(), pauses, err, sum.Stopped, f.states, f.status, f.pauses)
	}
	if !strings.Contains(said, f.because) || (said == "") != (f.because == "") {
		t.Errorf("the run says %q, want %q", said, f.because)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	f.goOn(t, j, s)
}

// goOn is another process after the server has come to its senses.
func (f fault) goOn(t *testing.T, j *Journal, s *mailtest.Server) {
	t.Helper()
	s.Heal()
	j = reopen(t, j)
	if states(j) != f.states {
		t.Errorf("the disk has %s, want %s", states(j), f.states)
	}
	before := len(s.Messages())
	for _, i := range j.Summary().Doubtful {
		if err := j.Settle(i, f.kept); err != nil {
			t.Fatal(err)
		}
	}
	sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil, f.settings...), nil)
	want := f.again
	if want == "" {
		want = strings.TrimSpace(strings.Repeat("accepted ", len(j.plan.Messages)))
	}
	if err != nil || withoutRefusals(states(j)) != withoutRefusals(want) || f.again == "" && sum.Status() != 0 {
		t.Errorf("then %s, status %d, %v; want %s", states(j), sum.Status(), err, want)
	}
	if f.status == 0 && len(s.Messages()) != before {
		t.Error("something was sent again")
	}
	checkArrivals(t, j, s, false)
	checkOrder(t, j, s)
}

// withoutRefusals folds pairs of one message that are all the same.
func withoutRefusals(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		pairs := strings.Split(w, "/")
		if slices.Equal(pairs, slices.Repeat(pairs[:1], len(pairs))) {
			words[i] = pairs[0]
		}
	}
	return strings.Join(words, " ")
}

// checkOrder wants the planned bytes, and for each recipient the plan's order.
func checkOrder(t *testing.T, j *Journal, s *mailtest.Server) {
	t.Helper()
	last := map[string]int{}
	for _, m := range s.Messages() {
		i := slices.IndexFunc(j.plan.Messages, func(p Planned) bool {
			raw, err := os.ReadFile(filepath.Join(j.Dir(), p.File))
			return err == nil && string(crlf(raw)) == string(m.Data)
		})
		if i < 0 {
			t.Fatalf("nobody planned %q", m.Data)
		}
		for _, to := range m.To {
			if i < last[to] {
				t.Errorf("%s has message %d after %d", to, i, last[to])
			}
			last[to] = i
		}
	}
}

// on is a server with these faults.
func on(faults ...mailtest.Fault) mailtest.Options { return mailtest.Options{Faults: faults} }

const (
	all        = "accepted accepted accepted accepted"
	noBob      = "accepted/refused/accepted"
	stopAtOne  = "accepted deferred pending pending"
	outOfReach = "pending pending pending pending"
)

func quickLimits(l *smtp.Limits) {
	l.Greeting, l.Command, l.Final, l.Quit, l.Write = 200*time.Millisecond, 200*time.Millisecond, 200*time.Millisecond, 50*time.Millisecond, 500*time.Millisecond
}

func TestF01ConnectionRefused(t *testing.T) {
	t.Parallel()
	closed := mailtest.Start(t, mailtest.Options{})
	closed.Close()
	j := journalOf(t, series(1))
	var pauses []string
	sum, err := quickly().Run(t.Context(), j, transportTo(t, closed, nil), func(e Event) {
		if e.Pause > 0 {
			pauses = append(pauses, e.Pause.String())
		}
	})
	var e *ConnectError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), closed.Addr()) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error %v", err)
	}
	if sum.Status() != 1 || states(j) != "pending pending" || strings.Join(pauses, " ") != "1s 5s 30s" {
		t.Errorf("status %d, %s, pauses %q", sum.Status(), states(j), pauses)
	}
}

func TestF03NoGreeting(t *testing.T) {
	t.Parallel()
	fault{options: on(mailtest.Fault{At: mailtest.AtGreeting, Hang: true}), limits: quickLimits,
		states: outOfReach, status: 1, because: "at greeting: the server is silent"}.play(t)
}

func TestF04GreetingRefused(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault{
		"greeting 554": {options: on(mailtest.Fault{At: mailtest.AtGreeting, Reply: "554 5.7.1 go away"}),
			states: outOfReach, status: 1, because: "answered 554 5.7.1 go away"},
		"EHLO 421": {options: on(mailtest.Fault{At: mailtest.AtEHLO, Reply: "421 4.3.2 busy"}),
			states: outOfReach, status: 1, because: "answered 421 4.3.2 busy at EHLO", pauses: "1s 5s 30s"},
		"EHLO 421, once": {options: on(mailtest.Fault{At: mailtest.AtEHLO, Times: 1, Reply: "421 4.3.2 busy"}),
			states: all, pauses: "1s"},
		"EHLO 421, come back in a minute": {options: on(mailtest.Fault{At: mailtest.AtEHLO, Times: 1, Reply: "421 4.3.2 busy, try again in 60 seconds"}),
			states: all, pauses: "1m0s"},
		"EHLO 421, come back in an hour": {options: on(mailtest.Fault{At: mailtest.AtEHLO, Times: 1, Reply: "421 4.3.2 busy, try again in 1 hour"}),
			states: outOfReach, status: 1, because: "try again in 1 hour"},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); f.play(t) })
	}
}

func TestF11MailDeferred(t *testing.T) {
	t.Parallel()
	fault{options: on(mailtest.Fault{At: mailtest.AtMAIL, Since: 3, Reply: "451 4.3.0 later"}),
		states: "accepted accepted deferred pending", status: 3, because: "0002-change.eml could not be sent now: 451 4.3.0 later", pauses: "1s 5s 30s"}.play(t)
	t.Run("once", func(t *testing.T) {
		fault{options: on(mailtest.Fault{At: mailtest.AtMAIL, Message: 3, Reply: "451 4.3.0 later"}), states: all, pauses: "1s"}.play(t)
	})
	t.Run("of the first", func(t *testing.T) {
		fault{options: on(mailtest.Fault{At: mailtest.AtMAIL, Reply: "451 4.3.0 later"}),
			states: "deferred pending pending pending", status: 1, because: "451 4.3.0 later", pauses: "1s 5s 30s"}.play(t)
	})
}

func TestF12SenderRefused(t *testing.T) {
	t.Parallel()
	fault{options: on(mailtest.Fault{At: mailtest.AtMAIL, Since: 2, Reply: "550 5.7.1 not you"}),
		states: "accepted refused pending pending", status: 3, because: "0001-change.eml was refused: 550 5.7.1 not you",
		again: "accepted refused accepted accepted"}.play(t)
	t.Run("for want of a login", func(t *testing.T) { // which is not about the message
		fault{options: on(mailtest.Fault{At: mailtest.AtMAIL, Since: 2, Reply: "530 5.7.0 authentication required"}),
			states: stopAtOne, status: 3, because: "530 5.7.0 authentication required"}.play(t)
	})
}

func TestF13RecipientRefused(t *testing.T) {
	t.Parallel()
	everywhere := strings.Join([]string{noBob, noBob, noBob, noBob}, " ")
	fault{options: on(mailtest.Fault{At: mailtest.AtRCPT, Recipient: bob, Reply: "550 5.1.1 no such user"}),
		states: everywhere, status: 3, again: everywhere}.play(t)
}

func TestF14RecipientDeferred(t *testing.T) {
	t.Parallel()
	later := func(since, times int) mailtest.Options {
		return on(mailtest.Fault{At: mailtest.AtRCPT, Since: since, Times: times, Recipient: bob, Reply: "450 4.2.0 later"})
	}
	for name, f := range map[string]fault{
		"of a patch, once":  {options: later(2, 1), states: all, pauses: "5s"},
		"of a patch, twice": {options: later(2, 2), states: all, pauses: "5s 30s"},
		"of a patch, for long: later ones wait, for him alone": {options: later(2, 0),
			states: "accepted accepted/deferred/accepted accepted/pending/accepted accepted/pending/accepted", status: 3,
			because: "0001-change.eml could not be sent now: 450 4.2.0 later", pauses: "5s 30s"},
		"of the cover, once": {options: later(1, 1), states: all, pauses: "5s"},
		"of the cover, for long: everything waits": {options: later(1, 0), states: "accepted/deferred/accepted pending pending pending", status: 3,
			because: "0000-change.eml, to which the others reply, has not reached everybody: bob@example.org: 450 4.2.0 later", pauses: "5s 30s"},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); f.play(t) })
	}
}

func TestF15TooManyRecipients(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mailtest.Options{"two are enough": {MaxRecipients: 2}, "one is": {MaxRecipients: 1}} {
		t.Run(name, func(t *testing.T) { t.Parallel(); fault{options: o, states: all}.play(t) })
	}
	t.Run("552 for 452", func(t *testing.T) { // RFC 5321 4.5.3.1.10
		fault{options: on(mailtest.Fault{At: mailtest.AtRCPT, Recipient: list, Message: 1, Reply: "552 5.5.3 too many"}), states: all}.play(t)
	})
	t.Run("the limit is remembered", func(t *testing.T) {
		s := mailtest.Start(t, mailtest.Options{MaxRecipients: 2})
		j := journalOf(t, series(3))
		if sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil); err != nil || sum.Status() != 0 {
			t.Fatal(sum, err)
		}
		if rcpt := strings.Count(strings.Join(s.Lines(), "\n"), "RCPT"); rcpt != 13 { // three for each of four, and one refused
			t.Errorf("%d recipients were named", rcpt)
		}
	})
}

func TestF16AllRecipientsRefused(t *testing.T) {
	t.Parallel()
	no := func(message int) mailtest.Options {
		return on(mailtest.Fault{At: mailtest.AtRCPT, Message: message, Reply: "550 5.1.1 no"})
	}
	t.Run("of a patch", func(t *testing.T) {
		fault{options: no(2), states: "accepted refused accepted accepted", status: 3, again: "accepted refused accepted accepted"}.play(t)
	})
	t.Run("of the cover", func(t *testing.T) {
		fault{options: no(1), states: "refused pending pending pending", status: 1, again: "refused pending pending pending",
			because: "nobody accepted 0000-change.eml"}.play(t)
	})
}

// A message that is deferred as a whole holds up its recipients.
func TestF17DataDeferred(t *testing.T) { deferredAt(t, mailtest.AtDATA) }

func TestF18DotDeferred(t *testing.T) { deferredAt(t, mailtest.AtDot) }

func deferredAt(t *testing.T, at mailtest.Stage) {
	t.Parallel()
	fault{options: on(mailtest.Fault{At: at, Since: 2, Reply: "451 4.3.0 later"}),
		states: stopAtOne, status: 3, because: "0001-change.eml could not be sent now: 451 4.3.0 later", pauses: "5s 30s"}.play(t)
	t.Run("once", func(t *testing.T) {
		fault{options: on(mailtest.Fault{At: at, Message: 2, Reply: "451 4.3.0 later"}), states: all, pauses: "5s"}.play(t)
	})
	t.Run("the cover", func(t *testing.T) {
		fault{options: on(mailtest.Fault{At: at, Reply: "451 4.3.0 later"}),
			states: "deferred pending pending pending", status: 1, because: "451 4.3.0 later", pauses: "5s 30s"}.play(t)
	})
	t.Run("out of order", func(t *testing.T) {
		s := mailtest.Start(t, on(mailtest.Fault{At: at, Message: 2, Reply: "451 4.3.0 later"}))
		j := journalOf(t, series(3))
		policy := quickly()
		policy.OutOfOrder = true
		if sum, err := policy.Run(t.Context(), j, transportTo(t, s, nil), nil); err != nil || sum.Status() != 0 {
			t.Error(sum, err)
		}
		checkArrivals(t, j, s, false)
		if got := strings.Join(arrivals(s), " "); !strings.HasSuffix(got, "3:list 1:alice 1:bob 1:list") {
			t.Errorf("arrived %s", got)
		}
	})
}

func TestF19ContentRefused(t *testing.T) {
	t.Parallel()
	fault{options: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: "554 5.6.0 \x1b[31mspam"}),
		states: "accepted refused pending pending", status: 3, because: `0001-change.eml was refused: 554 5.6.0 \x1b[31mspam`,
		again: "accepted refused accepted accepted"}.play(t)
}

func TestF20FirstMessageRefused(t *testing.T) {
	t.Parallel()
	fault{options: on(mailtest.Fault{At: mailtest.AtDot, Message: 1, Reply: "554 5.6.0 spam"}),
		states: "refused pending pending pending", status: 1, because: "0000-change.eml was refused: 554 5.6.0 spam",
		again: "refused pending pending pending"}.play(t)
}

func TestF21LastMessageRefused(t *testing.T) {
	t.Parallel()
	fault{options: on(mailtest.Fault{At: mailtest.AtDot, Message: 4, Reply: "554 5.6.0 spam"}),
		states: "accepted accepted accepted refused", status: 3, because: "0003-change.eml was refused: 554",
		again: "accepted accepted accepted refused"}.play(t)
}

func TestF22LostBeforeTheDot(t *testing.T) {
	t.Parallel()
	large := series(3)
	// More than the kernel takes without the server's reading.
	large[1].Raw = append(large[1].Raw, strings.Repeat(strings.Repeat("x", 70)+"\n", 100_000)...)
	for _, at := range []mailtest.Stage{mailtest.AtMAIL, mailtest.AtRCPT, mailtest.AtDATA, mailtest.AtBody} {
		var messages []Outgoing
		if at == mailtest.AtBody {
			messages = large
		}
		t.Run(string(at), func(t *testing.T) {
			fault{options: on(mailtest.Fault{At: at, Message: 2, Drop: true}), messages: messages, states: all}.play(t)
		})
		t.Run(string(at)+" again and again", func(t *testing.T) {
			fault{options: on(mailtest.Fault{At: at, Since: 2, Drop: true}), messages: messages,
				states: stopAtOne, status: 3, because: "0001-change.eml could not be sent now: connection lost", pauses: "1s 5s 30s"}.play(t)
		})
	}
}

func TestF23LostAfterTheDot(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{false, true} {
		drop := func(message int) mailtest.Options {
			return on(mailtest.Fault{At: mailtest.AtDot, Message: message, Drop: true, Keep: kept})
		}
		const lost = "no answer to the final dot"
		t.Run(fmt.Sprint("the cover, kept ", kept), func(t *testing.T) {
			fault{options: drop(1), states: "unknown pending pending pending", status: 4, because: lost, kept: kept}.play(t)
		})
		t.Run(fmt.Sprint("a patch, kept ", kept), func(t *testing.T) {
			fault{options: drop(2), states: "accepted unknown pending pending", status: 4, because: lost, kept: kept}.play(t)
		})
		t.Run(fmt.Sprint("the last, kept ", kept), func(t *testing.T) {
			fault{options: drop(4), states: "accepted accepted accepted unknown", status: 4, because: lost, kept: kept}.play(t)
		})
	}
}

// What is not settled is not sent again, also not by another run.
func TestF23UnknownIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Drop: true, Keep: true}))
	j := journalOf(t, series(3))
	quickly().Run(t.Context(), j, transportTo(t, s, nil), nil)
	sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil)
	if err != nil || states(j) != "accepted unknown accepted accepted" || sum.Status() != 4 {
		t.Errorf("%s, %v", states(j), err)
	}
	checkArrivals(t, j, s, true)
}

func TestF24LargerThanSIZE(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{MaxSize: 1000})
	messages := series(2)
	messages[2].Raw = append(messages[2].Raw, strings.Repeat("long\n", 300)...)
	j := journalOf(t, messages)
	sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil)
	var large *TooLargeError
	if !errors.As(err, &large) || len(large.Messages) != 1 || !strings.HasPrefix(large.Messages[0], "0002-change.eml") {
		t.Errorf("error %v", err)
	}
	if sum.Status() != 1 || len(s.Messages()) != 0 || strings.Contains(strings.Join(s.Lines(), "\n"), "MAIL") {
		t.Errorf("status %d, server saw %q", sum.Status(), s.Lines())
	}
}

func TestF25TooLargeAtTheDot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reply string
		large bool
	}{
		"too large":      {"552 5.3.4 message too big", true},
		"a full mailbox": {"552 5.2.2 mailbox full", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: c.reply}))
			messages := series(3)
			messages[3].Raw = append(messages[3].Raw, "longer still\n"...)
			j := journalOf(t, messages)
			sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil)
			if err != nil || sum.Status() != 3 || states(j) != "accepted refused pending pending" {
				t.Fatalf("%s, status %d, %v", states(j), sum.Status(), err)
			}
			// Another process knows it from the journal.
			j = reopen(t, j)
			sum, err = quickly().Run(t.Context(), j, transportTo(t, s, nil), nil)
			var large *TooLargeError
			if errors.As(err, &large) != c.large || sum.Status() != 3 {
				t.Errorf("%s, status %d, %v", states(j), sum.Status(), err)
			}
			checkArrivals(t, j, s, false)
		})
	}
}

func TestF26SessionEnded(t *testing.T) {
	t.Parallel()
	for _, at := range []mailtest.Stage{mailtest.AtMAIL, mailtest.AtRCPT, mailtest.AtDATA, mailtest.AtDot} {
		t.Run(string(at), func(t *testing.T) {
			fault{options: on(mailtest.Fault{At: at, Message: 3, Times: 1, Reply: "421 4.3.2 closing"}), states: all}.play(t)
		})
		t.Run(string(at)+" again and again", func(t *testing.T) {
			fault{options: on(mailtest.Fault{At: at, Since: 2, Reply: "421 4.3.2 closing"}),
				states: stopAtOne, status: 3, because: "could not be sent now: 421 4.3.2 closing", pauses: "1s 5s 30s"}.play(t)
		})
	}
}

func TestF27MessagesPerConnection(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			fault{options: mailtest.Options{MaxMessages: n}, states: all}.play(t)
		})
	}
	t.Run("the number is learned", func(t *testing.T) {
		s := mailtest.Start(t, mailtest.Options{MaxMessages: 2})
		j := journalOf(t, series(7))
		if sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil); err != nil || sum.Status() != 0 {
			t.Fatal(sum, err)
		}
		mails := strings.Count(strings.Join(s.Lines(), "\n"), "MAIL FROM")
		if s.Connections() != 4 || mails != 9 { // eight, and the one that was too many
			t.Errorf("%d connections, %d MAIL", s.Connections(), mails)
		}
	})
	t.Run("the connection is just closed", func(t *testing.T) {
		fault{options: on(mailtest.Fault{At: mailtest.AtMAIL, Message: 3, Drop: true}), states: all}.play(t)
	})
}

func TestF28RateLimit(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault{
		"a time that is short enough": {options: on(mailtest.Fault{At: mailtest.AtMAIL, Since: 3, Times: 2, Reply: "450 4.7.1 too much mail, try again in 90 seconds"}),
			states: all, pauses: "1m30s 1m30s"},
		"a time that is too long": {options: on(mailtest.Fault{At: mailtest.AtMAIL, Since: 3, Reply: "450 4.7.1 too much mail, try again in 5 minutes"}),
			states: "accepted accepted deferred pending", status: 3, because: "try again in 5 minutes"},
		"421 with a time": {options: on(mailtest.Fault{At: mailtest.AtMAIL, Since: 3, Times: 1, Reply: "421 4.7.0 wait 10 seconds"}),
			states: all, pauses: "10s"},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); f.play(t) })
	}
}

func TestF29Greylisting(t *testing.T) {
	t.Parallel()
	grey := func(reply string, whom ...string) mailtest.Options {
		var o mailtest.Options
		for _, r := range whom {
			o.Faults = append(o.Faults, mailtest.Fault{At: mailtest.AtRCPT, Recipient: r, Times: 1, Reply: reply})
		}
		return o
	}
	for name, f := range map[string]fault{
		"everybody":             {options: grey("450 4.2.0 Greylisted", alice, bob, list), states: all, pauses: "5s"},
		"some":                  {options: grey("450 4.2.0 Greylisted", alice, list), states: all, pauses: "5s"},
		"for a time that is ok": {options: grey("450 4.2.0 Greylisted for 60 seconds", bob), states: all, pauses: "1m0s"},
		"for five minutes": {options: grey("450 4.2.0 Greylisted for 300 seconds", bob),
			states: "accepted/deferred/accepted pending pending pending", status: 3, because: "Greylisted for 300 seconds"},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); f.play(t) })
	}
}

func TestF30Silence(t *testing.T) {
	t.Parallel()
	for _, at := range []mailtest.Stage{mailtest.AtMAIL, mailtest.AtRCPT, mailtest.AtDATA} {
		t.Run(string(at), func(t *testing.T) {
			fault{options: on(mailtest.Fault{At: at, Message: 2, Hang: true}), limits: quickLimits, states: all}.play(t)
		})
		t.Run(string(at)+" again", func(t *testing.T) {
			fault{options: on(mailtest.Fault{At: at, Since: 2, Hang: true}), limits: quickLimits,
				states: stopAtOne, status: 3, because: "connection lost: the server is silent"}.play(t)
		})
	}
	large := series(3)
	large[1].Raw = append(large[1].Raw, strings.Repeat(strings.Repeat("x", 70)+"\n", 100_000)...)
	t.Run("body not read", func(t *testing.T) {
		fault{options: on(mailtest.Fault{At: mailtest.AtBody, Since: 2, Hang: true}), limits: quickLimits, messages: large,
			states: stopAtOne, status: 3, because: "connection lost: the server is silent"}.play(t)
	})
}

func TestF31SilenceAfterTheDot(t *testing.T) {
	t.Parallel()
	fault{options: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Hang: true}), limits: quickLimits,
		states: "accepted unknown pending pending", status: 4, because: "no answer to the final dot: the server is silent"}.play(t)
}

func TestF32SlowAnswer(t *testing.T) {
	t.Parallel()
	fault{options: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Pause: 500 * time.Millisecond}), states: all,
		limits: func(l *smtp.Limits) { l.Command = 400 * time.Millisecond }}.play(t)
}

func TestF33Quit(t *testing.T) {
	t.Parallel()
	fault{options: on(mailtest.Fault{At: mailtest.AtQUIT, Drop: true}), states: all}.play(t)
	t.Run("unanswered", func(t *testing.T) {
		fault{options: on(mailtest.Fault{At: mailtest.AtQUIT, Hang: true}), states: all,
			limits: func(l *smtp.Limits) { l.Quit = 100 * time.Millisecond }}.play(t)
	})
}

func TestF34Garbage(t *testing.T) {
	t.Parallel()
	for _, at := range []mailtest.Stage{mailtest.AtMAIL, mailtest.AtRCPT, mailtest.AtDATA} {
		t.Run(string(at), func(t *testing.T) {
			fault{options: on(mailtest.Fault{At: at, Since: 2, Reply: "?? what"}),
				states: stopAtOne, status: 3, because: "is not SMTP", pauses: "1s 5s 30s"}.play(t)
		})
	}
	for reply, because := range map[string]string{"?? what": "is not SMTP", "354 more": "no answer to the final dot, but 354 more"} {
		t.Run("after the dot: "+reply, func(t *testing.T) {
			fault{options: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: reply, Keep: true}), kept: true,
				states: "accepted unknown pending pending", status: 4, because: because}.play(t)
		})
	}
	t.Run("an unusual yes", func(t *testing.T) {
		fault{options: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: "252 taken", Keep: true}), states: all}.play(t)
	})
}

// Nobody can know that the server kept what it deferred. The second copy has
// the same bytes, and so the same message-id, by which archives fold them.
func TestF35LyingServer(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: "451 4.3.0 later", Keep: true}))
	j := journalOf(t, series(1))
	sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), nil)
	got := s.Messages()
	if err != nil || sum.Status() != 0 || len(got) != 3 || string(got[1].Data) != string(got[2].Data) {
		t.Errorf("%+v, %v, %d messages", sum, err, len(got))
	}
}

func TestPausesThatServersAskFor(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]time.Duration{
		"try again in 30 seconds":                    30 * time.Second,
		"Greylisted for 5 minutes":                   5 * time.Minute,
		"please wait 10s":                            10 * time.Second,
		"retry after 1 hour":                         time.Hour,
		"try again in about 2 mins.":                 2 * time.Minute,
		"Too many messages, wait 00:05:00":           0,
		"450 4.2.0 later":                            0,
		"in 99999999999999999999 seconds":            longestWait + 1,
		"see https://example.org/in/30 for help":     0,
		"you sent 30 messages in 3 minutes too many": 3 * time.Minute, // nobody can tell that from an advice
		"main 30 seconds":                            0,
	} {
		if got := askedFor(reply); got != want {
			t.Errorf("%q asks for %v, want %v", reply, got, want)
		}
	}
}

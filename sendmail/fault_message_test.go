package sendmail

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/mailtest"
)

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

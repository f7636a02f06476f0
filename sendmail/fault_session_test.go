package sendmail

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
	"github.com/kprep/kprep/sendmail/smtp"
)

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
	fault{options: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Pause: 2 * time.Second}), states: all,
		limits: func(l *smtp.Limits) { l.Command = time.Second }}.play(t)
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
		if got := AskedFor(reply); got != want {
			t.Errorf("%q asks for %v, want %v", reply, got, want)
		}
	}
}

package sendmail

import (
	"context"
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
//	F42                    also cmd/kprep, send_disk.txtar: the journal on a full disk
//	F43                    cmd/kprep, send_twice.txtar; here the lock: TestOpenJournalRefuses
//	F44                    also internal/e2e, TestSuspendedDuringASend; F36: TestKillDuringASend there
//	F45                    cmd/kprep, TestF45ClockSetBack
//	F46                    cmd/kprep, send_continue.txtar
//	F47                    cmd/kprep, send_hook.txtar
//	F54                    here, TestF54Command
//	F55                    cmd/kprep, send_addresses.txtar
//	F56                    here, TestF56EightBit; the choice of an encoding in patchmail
//	F57                    here, TestF57Renamed; cmd/kprep, send_outlook.txtar
//
// Not yet: F48-F53 (web).
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
	if err != nil || folded(states(j)) != folded(want) || f.again == "" && sum.Status() != 0 {
		t.Errorf("then %s, status %d, %v; want %s", states(j), sum.Status(), err, want)
	}
	if f.status == 0 && len(s.Messages()) != before {
		t.Error("something was sent again")
	}
	checkArrivals(t, j, s, false)
	checkOrder(t, j, s)
}

// folded writes pairs of one message that are all the same once.
func folded(text string) string {
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

// quickLimits are for servers that keep silent, and long enough for others.
func quickLimits(l *smtp.Limits) {
	l.Greeting, l.Command, l.Final, l.Write, l.Quit = time.Second, time.Second, time.Second, time.Second, 50*time.Millisecond
}

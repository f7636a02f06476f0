package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/sendmail"
)

// A lockedBuffer may be read while somebody writes.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// watched is an env whose stderr is seen, on a terminal of 40 columns or elsewhere.
func watched(onTerminal bool) (*env, *lockedBuffer) {
	seen := &lockedBuffer{}
	e := &env{stdin: strings.NewReader(""), stdout: &output{w: seen}, stderr: seen, now: time.Now, dir: ".", colour: "auto"}
	e.progress = &progress{tell: func(line string) { e.notef("%s", line) }}
	if onTerminal {
		s := &screen{w: seen, width: func() int { return 40 }, ours: func() bool { return true }}
		e.terminal, e.stderr, e.progress.screen, e.stdout.screen = terminals{stdout: true, stderr: true}, s, s, s
	}
	return e, seen
}

// What takes long is told of, at times that nobody could find too many, and leaves
// nothing behind on a terminal.
func TestProgress(t *testing.T) {
	t.Parallel()
	const terminal, elsewhere = true, false
	long := strings.Repeat("long ", 20)
	for _, tc := range []struct {
		why      string
		terminal bool
		words    string
		act      func(*env)
		want     string
	}{
		{"done within a second", terminal, "act", func(e *env) { time.Sleep(900 * time.Millisecond) }, ""},
		{"a verb without a word of its own", terminal, "act", func(e *env) { time.Sleep(2700 * time.Millisecond) }, "kprep act, 1s\x1b[K\r" + "kprep act, 2s\x1b[K\r" + "kprep act, 3s\x1b[K\r" + "\x1b[K"},
		{"no word elsewhere", elsewhere, "act", func(e *env) { time.Sleep(time.Minute) }, ""},
		{"-q", terminal, "-q act", func(e *env) { e.progress.doing("sorting"); time.Sleep(time.Minute) }, ""},
		{"-q elsewhere", elsewhere, "-q act", func(e *env) { e.progress.doing("sorting"); time.Sleep(time.Minute) }, ""},
		{"a work that has just begun", terminal, "act", func(e *env) {
			time.Sleep(900 * time.Millisecond)
			e.progress.doing("sorting")
			time.Sleep(1300 * time.Millisecond)
		}, "sorting\x1b[K\r" + "sorting, 1s\x1b[K\r" + "\x1b[K"},
		{"counted", terminal, "act", func(e *env) {
			for i := range 4 {
				e.progress.count("sorting", i, 4)
				time.Sleep(600 * time.Millisecond)
			}
		}, "sorting: 1 of 4\x1b[K\r" + "sorting: 2 of 4\x1b[K\r" + "sorting: 3 of 4\x1b[K\r" + "\x1b[K"},
		{"faster than anybody reads", terminal, "act", func(e *env) {
			for i := range 1500 {
				e.progress.count("sorting", i, 0)
				time.Sleep(900 * time.Microsecond)
			}
		}, "sorting: 1111 so far\x1b[K\r" + "sorting: 1333 so far\x1b[K\r" + "\x1b[K"},
		{"counted elsewhere, ever more rarely", elsewhere, "act", func(e *env) {
			for i := range 100 {
				e.progress.count("sorting", i, 100)
				time.Sleep(999 * time.Millisecond)
			}
		}, "sorting: 15 of 100\nsorting: 45 of 100\n"},
		{"one work after the other elsewhere", elsewhere, "act", func(e *env) {
			for i := range 10 {
				e.progress.doing(fmt.Sprint("work ", i))
				time.Sleep(10 * time.Second)
			}
		}, ""},
		{"a message takes the line away", terminal, "act", func(e *env) {
			time.Sleep(1100 * time.Millisecond)
			e.notef("note")
			fmt.Fprintln(e.stdout, "result")
			time.Sleep(time.Second)
		}, "kprep act, 1s\x1b[K\r" + "\x1b[K" + "note\nresult\n" + "kprep act, 1s\x1b[K\r" + "kprep act, 2s\x1b[K\r" + "\x1b[K"},
		{"nothing is drawn over a question", terminal, "act", func(e *env) {
			fmt.Fprint(e.stderr, "Really? ")
			time.Sleep(time.Minute)
			e.readLine(context.Background())
			time.Sleep(900 * time.Millisecond)
		}, "Really? "},
		{"who has answered wonders again", terminal, "act", func(e *env) {
			fmt.Fprint(e.stderr, "Really? ")
			time.Sleep(time.Minute)
			e.readLine(context.Background())
			time.Sleep(1100 * time.Millisecond)
		}, "Really? " + "kprep act, 1s\x1b[K\r" + "\x1b[K"},
		{"nothing is drawn over a program that asks", terminal, "act", func(e *env) {
			time.Sleep(1100 * time.Millisecond)
			done := e.asking("git")
			time.Sleep(time.Minute)
			done()
		}, "kprep act, 1s\x1b[K\r" + "\x1b[K"},
		{"signatures are counted between the programs", terminal, "act", func(e *env) {
			for i := range 3 {
				e.progress.count("signing", i, 3)
				done := e.asking("/usr/bin/gpg2")
				time.Sleep(1500 * time.Millisecond)
				done()
			}
		}, "signing: 1 of 3\x1b[K\r" + "signing: 2 of 3\x1b[K\r" + "\x1b[K"},
		{"nothing is drawn over an editor", terminal, "act", func(e *env) { asFile(e.stderr); time.Sleep(time.Minute) }, ""},
		{"too long for the terminal, and hostile", terminal, "act", func(e *env) {
			e.progress.doing("\x1b[31m" + long)
			time.Sleep(1100 * time.Millisecond)
		}, `\x1b[31m` + long[:31] + "\x1b[K\r" + "\x1b[K"},
		{"who serves has come to no end", terminal, "act", func(e *env) {
			e.progress.end()
			e.progress.doing("serving")
			time.Sleep(time.Minute)
		}, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, seen := watched(tc.terminal)
				act := verb(func(*cli.Context) error { tc.act(e); return nil })
				if status := run(t.Context(), e, act, append([]string{"kprep"}, strings.Fields(tc.words)...)); status != 0 {
					t.Errorf("status %d", status)
				}
				if got := seen.String(); got != tc.want {
					t.Errorf("it said\n%q, want\n%q", got, tc.want)
				}
				time.Sleep(time.Minute)
				if more := seen.String(); more != tc.want {
					t.Errorf("afterwards it said %q", more)
				}
			})
		})
	}
}

// A server that keeps a send waiting is told of, with the time that is left.
func TestProgressOfASend(t *testing.T) {
	t.Parallel()
	ev := sendmail.Event{Total: 2, Name: "0001-a.eml", Step: "final dot", Limit: 10 * time.Minute}
	for _, tc := range []struct {
		why      string
		terminal bool
		takes    time.Duration
		want     string
	}{
		{"a terminal", true, 1300 * time.Millisecond, "0001-a.eml: waiting for the answer to t\x1b[K\r" + "kprep act, 1s\x1b[K\r" + "kprep act, 2s\x1b[K\r" + "\x1b[K"},
		{"a quick answer", true, time.Millisecond, ""},
		{"no terminal", false, 16 * time.Second, "0001-a.eml: waiting for the answer to the message, 9m45s left\n"},
		{"a quick answer, no terminal", false, 14 * time.Second, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, seen := watched(tc.terminal)
				act := verb(func(*cli.Context) error {
					p := &sendProgress{e: e}
					p.tell(ev)
					time.Sleep(tc.takes)
					p.tell(sendmail.Event{Total: 2, Name: ev.Name, Done: true})
					time.Sleep(500 * time.Millisecond)
					return nil
				})
				run(t.Context(), e, act, []string{"kprep", "act"})
				if got := seen.String(); got != tc.want {
					t.Errorf("it said %q, want %q", got, tc.want)
				}
			})
		})
	}
}

// A program that gets standard error sees the terminal itself.
func TestComplaintsAreNoPipe(t *testing.T) {
	t.Parallel()
	e := &env{stderr: io.Discard}
	if e.complaints() != io.Discard {
		t.Error("what is no file was lost")
	}
}

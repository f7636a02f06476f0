package main

import (
	"encoding/json"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
)

// A sendProgress tells how a send goes: people on stderr, and programs on stdout,
// an event a line.
type sendProgress struct {
	e      *env
	stream *json.Encoder    // nil: no program listens
	signer *sendmail.Signer // of all messages; nil: they are not signed
}

func (e *env) sendProgress(c *cli.Context) *sendProgress {
	p := &sendProgress{e: e}
	if c.Bool("json-stream") {
		p.stream = json.NewEncoder(e.stdout)
		p.stream.SetEscapeHTML(false)
	}
	return p
}

// tell is for each event of [sendmail.Run].
func (p *sendProgress) tell(ev sendmail.Event) {
	p.e.progress.doing("")
	switch {
	case ev.Step != "":
		p.e.progress.waiting(ev.Name+": waiting for "+waitedFor(ev.Step), ev.Limit)
	case ev.Pause > 0:
		p.e.notef("waiting %v: %s", ev.Pause.Round(time.Millisecond), ev.Why)
	case ev.Done:
		p.done(ev)
	}
	told := streamed(ev, p.e.verbose)
	if told.Event == "try" {
		told.Signer = p.signer
	}
	p.emit(told)
}

// done tells what became of a message.
func (p *sendProgress) done(ev sendmail.Event) {
	failed := 0
	for _, r := range ev.Receipts {
		if r.State != sendmail.Accepted {
			failed++
			if ev.Alike {
				continue
			}
			pair := submission.PairOf(r, ev.Bcc, p.e.verbose)
			p.e.warnf("%s: %s for %s: %s", ev.Name, pair.State, pair.Recipient, pair.Answer())
		}
	}
	if failed < len(ev.Receipts) {
		p.e.notef("[%d/%d] %s", ev.Message+1, ev.Total, ev.Subject)
	}
}

// waitedFor is a step in words.
func waitedFor(step string) string {
	switch step {
	case "connection":
		return "a connection"
	case "greeting":
		return "the server's greeting"
	case "body":
		return "the server to read the message"
	case "answer":
		return "the answer of the web endpoint"
	case "command":
		return "the mail command"
	case "final dot":
		return "the answer to the message"
	}
	return "the answer to " + step
}

// emit writes an event where a program listens. A reader that has gone away
// does not stop a send.
func (p *sendProgress) emit(ev streamEvent) {
	if p.stream != nil {
		ev.Schema, ev.Time = 1, time.Now().UTC()
		p.stream.Encode(ev)
	}
}

// A streamEvent is one line of 'send --json-stream'; see docs/sending.md.
type streamEvent struct {
	Schema     int                     `json:"schema"` // 1
	Event      string                  `json:"event"`  // try, wait, pause, done, end
	Time       time.Time               `json:"time"`
	Message    int                     `json:"message,omitempty"` // from 1
	Messages   int                     `json:"messages,omitempty"`
	ID         string                  `json:"message-id,omitempty"`
	Name       string                  `json:"name,omitempty"`
	Subject    string                  `json:"subject,omitempty"`
	Signer     *sendmail.Signer        `json:"signer,omitempty"`
	Step       string                  `json:"step,omitempty"`
	Seconds    float64                 `json:"seconds,omitempty"`
	Reason     string                  `json:"reason,omitempty"`
	Recipients []submission.PairStatus `json:"recipients,omitempty"`
	Status     *int                    `json:"status,omitempty"`
	Summary    string                  `json:"summary,omitempty"`
	Journal    string                  `json:"journal,omitempty"`
	Tag        string                  `json:"tag,omitempty"`
	Revision   int                     `json:"next-revision,omitempty"`
}

// streamed is an event for programs. Who is to be told to nobody is not told,
// unless asked for.
func streamed(ev sendmail.Event, showBcc bool) streamEvent {
	s := streamEvent{Event: "try", Message: ev.Message + 1, Messages: ev.Total, ID: ev.ID, Name: ev.Name, Subject: ev.Subject}
	switch {
	case ev.Step != "":
		s.Event, s.Step, s.Seconds = "wait", ev.Step, ev.Limit.Seconds()
	case ev.Pause > 0:
		s.Event, s.Seconds, s.Reason = "pause", ev.Pause.Seconds(), ev.Why
	case ev.Done:
		s.Event = "done"
		for _, r := range ev.Receipts {
			s.Recipients = append(s.Recipients, submission.PairOf(r, ev.Bcc, showBcc))
		}
	}
	return s
}

// end is the last event.
func (p *sendProgress) end(status int, out submission.Outcome, err error) {
	p.e.progress.doing("")
	ev := streamEvent{Event: "end", Status: &status, Summary: out.Summary.String(), Journal: out.Journal, Tag: out.Tag, Revision: out.NextRevision}
	if err != nil {
		ev.Reason = patchmail.PrintableLine(err.Error())
	}
	p.emit(ev)
}

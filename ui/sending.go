package ui

import (
	"context"
	"fmt"
	"html/template"
	"slices"
	"time"

	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
)

// A sendingView is what the journals of a series hold, the last one first.
type sendingView struct{ Sends []sendView }

type sendView struct {
	ID       string
	Name     string
	State    string // for people
	Kind     string // of the state, for the style: good, bad, open or plain
	Running  bool
	Summary  string
	Route    string
	Begun    time.Time
	Changed  time.Time
	Done     int // messages that need nothing more
	Total    int
	Messages []sentView
	Damage   []string
	Next     string // the command that goes on
}

type sentView struct {
	Subject string
	ID      string // message-id
	Kind    string
	State   string
	Reached int // recipients that the message was accepted for
	Of      int
	Others  []pairView // of whom there is more to say
}

// A pairView is a recipient for whom a message was not simply accepted.
type pairView struct{ Recipient, State, Answer, Kind string }

func (s *Site) sendingPage(ctx context.Context, p *seriesPage) (template.HTML, error) {
	all, err := s.Source.Sends(ctx, p.ref)
	if err != nil {
		return "", err
	}
	v := sendingPageView(all, p.prefix())
	p.follow = slices.ContainsFunc(v.Sends, func(one sendView) bool { return one.Running })
	return s.render("sending", v)
}

func sendingPageView(all []submission.SendStatus, prefix string) sendingView {
	v := sendingView{}
	for i := range slices.Backward(all) {
		v.Sends = append(v.Sends, viewOfSend(&all[i], fmt.Sprintf("%ssend%d", prefix, i+1)))
	}
	return v
}

func viewOfSend(one *submission.SendStatus, id string) sendView {
	v := sendView{ID: id, Name: fmt.Sprintf("v%d", one.Revision), Summary: one.Summary, Route: one.Route, Running: one.Running != nil,
		Begun: one.Created, Changed: one.Changed, Total: len(one.Messages), Damage: one.Damage}
	switch one.Kind {
	case string(submission.KindReflect):
		v.Name += ", to yourself"
	case string(submission.KindPreview):
		v.Name += ", for a look"
	case string(submission.KindResend):
		v.Name += ", sent again"
	}
	v.State, v.Kind = sendState(one)
	if !one.IsOver() && !v.Running {
		v.Next = "kprep send --status"
		if one.CanContinue() && one.Status != 4 {
			v.Next = "kprep send --continue"
		}
	}
	for i := range one.Messages {
		m := viewOfMessage(&one.Messages[i])
		if m.Kind == "good" || m.Kind == "bad" {
			v.Done++
		}
		v.Messages = append(v.Messages, m)
	}
	return v
}

func sendState(one *submission.SendStatus) (text, kind string) {
	switch {
	case one.Running != nil:
		return "being sent now", "open"
	case one.State == "closed":
		return "sent", "good"
	case one.State == "abandoned":
		return "given up", "plain"
	case one.State == "mail-done":
		return "mailed; tag and branch are left", "open"
	case one.State == "open":
		return "not over", "open"
	}
	return one.State, "bad"
}

// viewOfMessage sums up what became of one message. What is left to do counts before
// what was refused, and that before what arrived.
func viewOfMessage(m *submission.MessageStatus) sentView {
	v := sentView{Subject: m.Subject, ID: m.ID, Of: len(m.Recipients), Kind: "good", State: "accepted"}
	if m.OnWire != "" {
		v.ID = m.OnWire
	}
	worst := 0
	for _, r := range m.Recipients {
		rank, kind, word := 0, "good", "accepted"
		switch r.State {
		case sendmail.Accepted:
			v.Reached++
		case sendmail.Refused:
			rank, kind, word = 1, "bad", "refused"
		case sendmail.Pending:
			rank, kind, word = 2, "plain", "waiting"
		case sendmail.Deferred:
			rank, kind, word = 3, "open", "deferred"
		case sendmail.InFlight:
			rank, kind, word = 4, "open", "on its way"
		default:
			rank, kind, word = 5, "open", "unknown"
		}
		if rank > worst {
			worst, v.Kind, v.State = rank, kind, word
		}
		if r.State != sendmail.Accepted && r.State != sendmail.InFlight && (r.State != sendmail.Pending || r.Reply != "") {
			v.Others = append(v.Others, pairView{Recipient: r.Recipient, State: word, Answer: r.Answer(), Kind: kind})
		}
	}
	return v
}

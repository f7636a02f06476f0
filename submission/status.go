package submission

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
)

// A SendStatus is what the journal of a send holds.
type SendStatus struct {
	ChangeID string           `json:"change-id"`
	Revision int              `json:"revision"`
	Kind     string           `json:"kind"`
	State    string           `json:"state"`  // open, mail-done (tag and branch are left), closed, abandoned, damaged, lost (without a journal)
	Status   int              `json:"status"` // the exit status that the send has come to
	Summary  string           `json:"summary"`
	Running  *Running         `json:"running,omitempty"` // who is sending just now
	Created  time.Time        `json:"created"`
	Changed  time.Time        `json:"changed"` // the last entry; created where there is none
	Route    string           `json:"route"`
	From     string           `json:"envelope-from"`
	Signer   *sendmail.Signer `json:"signer,omitempty"`
	Journal  string           `json:"journal"` // the folder
	Messages []MessageStatus  `json:"messages"`
	Damage   []string         `json:"damage,omitempty"` // what of an open or a damaged journal is not as it was written
}

// States of a send that is not over, and that nothing can be sent from.
const (
	stateDamaged = "damaged"
	stateLost    = "lost"
)

// Running says which process holds a journal; zero where it does not say.
type Running struct {
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// A MessageStatus is what became of one message.
type MessageStatus struct {
	ID         string       `json:"message-id"`
	OnWire     string       `json:"message-id-on-wire,omitempty"` // that the server gave it
	Subject    string       `json:"subject"`
	Date       time.Time    `json:"date"`
	Name       string       `json:"name"`
	Recipients []PairStatus `json:"recipients"`
}

// A PairStatus is what became of a message for one recipient. A recipient that
// no header names is "(bcc)", unless asked for.
type PairStatus struct {
	Recipient string         `json:"recipient"`
	State     sendmail.State `json:"state"`
	Step      sendmail.Step  `json:"step,omitempty"`
	Code      int            `json:"code,omitempty"`
	Reply     string         `json:"reply,omitempty"`
	Time      *time.Time     `json:"time,omitempty"`
}

// Statuses reads the journals of a series, closed ones too, in the order in
// which they were made. It changes nothing, and may look on while mail is sent.
// Of a journal that is damaged it tells what is left; revision is that of the
// branch, 0 for none: a send of it that has lost its journal comes last.
func Statuses(ctx context.Context, repo *gitrepo.Repo, changeID string, revision int, showBcc bool) ([]SendStatus, error) {
	all := []SendStatus{}
	open := false
	for j, err := range journals(repo, changeID) {
		if err != nil {
			return nil, err
		}
		over, err := closed(ctx, repo, j)
		if err != nil {
			return nil, err
		}
		open = open || !over
		all = append(all, statusOf(j, over, showBcc))
	}
	if open {
		return all, nil
	}
	begun, err := series.FindBegun(ctx, repo, changeID, revision)
	if begun != nil {
		all = append(all, SendStatus{ChangeID: changeID, Revision: begun.Revision, Kind: string(KindSend), State: stateLost, Status: statusUnknown,
			Summary: "its journal is gone: it is not known what left", Created: begun.When, Changed: begun.When, Messages: []MessageStatus{}})
	}
	return all, err
}

// OpenSends lists the change-ids of all series of the repository with a send
// that is not over, in alphabetical order.
func OpenSends(ctx context.Context, repo *gitrepo.Repo) ([]string, error) {
	entries, err := os.ReadDir(seriesDir(repo, ""))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		open, err := openJournals(ctx, repo, e.Name())
		if err != nil {
			return nil, err
		}
		if len(open) > 0 {
			ids = append(ids, e.Name())
		}
	}
	return ids, nil
}

// ReadStatus reads one journal.
func ReadStatus(ctx context.Context, repo *gitrepo.Repo, dir string, showBcc bool) (SendStatus, error) {
	j, err := readJournal(dir)
	if err != nil {
		return SendStatus{}, err
	}
	over, err := closed(ctx, repo, j)
	return statusOf(j, over, showBcc), err
}

// statusUnknown is the exit status of a send of which something may have left.
const statusUnknown = 4

// statusOf is what a journal holds; isOver says that nothing is left to do.
func statusOf(j *sendmail.Journal, isOver, showBcc bool) SendStatus {
	plan, summary, dir := j.Plan(), j.Summary(), j.Dir()
	s := SendStatus{ChangeID: plan.ChangeID, Revision: plan.Revision, Kind: plan.Kind, Status: summary.Status(), Summary: summary.String(),
		Created: plan.Created, Changed: j.LastChange(), Route: plan.Transport, From: plan.EnvelopeFrom, Signer: plan.Signer, Journal: dir, State: "open"}
	switch {
	case j.Has(markAbandoned):
		s.State = markAbandoned
	case j.Has(markClosed), j.Salvaged() && isOver:
		s.State = markClosed
	case j.Salvaged():
		s.State, s.Status = stateDamaged, statusUnknown
	case over(j):
		s.State, s.Status = markMailDone, (&UnfinishedError{Refs: true}).Status()
	}
	if j.Salvaged() || s.State == "open" { // messages of what is over may have expired
		s.Damage = j.Damage()
	}
	if s.Changed.IsZero() {
		s.Changed = s.Created
	}
	if busy := sendmail.Holder(filepath.Join(filepath.Dir(filepath.Dir(dir)), "lock")); busy != nil && s.State == "open" {
		s.Running, s.Summary = &Running{PID: busy.PID, Since: busy.Since}, summary.Underway()
	}
	receipts := j.Receipts()
	for i, m := range plan.Messages {
		message := MessageStatus{ID: m.ID, OnWire: j.OnWire(i), Subject: m.Subject, Date: m.Date, Name: m.Name}
		for _, r := range receipts {
			if r.Message == i {
				message.Recipients = append(message.Recipients, s.pair(m, r, showBcc))
			}
		}
		s.Messages = append(s.Messages, message)
	}
	return s
}

// CanContinue says that the send can be gone on with.
func (s SendStatus) CanContinue() bool {
	return s.State == markMailDone || s.State == "open" && len(s.Damage) == 0
}

// IsOver says that nothing is left to do.
func (s SendStatus) IsOver() bool { return s.State == markClosed || s.State == markAbandoned }

func (s SendStatus) pair(m sendmail.Planned, r sendmail.Receipt, showBcc bool) PairStatus {
	p := PairOf(r, m.Bcc, showBcc)
	if p.State == sendmail.InFlight && s.Running == nil {
		p.State = sendmail.Unknown // nobody will ever write down an answer
	}
	if !r.Time.IsZero() {
		p.Time = &r.Time
	}
	return p
}

// PairOf is a receipt of a message with these recipients that no header names;
// who they are is told only where showBcc says so.
func PairOf(r sendmail.Receipt, bcc []string, showBcc bool) PairStatus {
	p := PairStatus{Recipient: r.Recipient, State: r.State, Step: r.Step, Code: r.Code, Reply: r.Reply}
	if !showBcc {
		p.Recipient, p.Reply = sendmail.Discreet(bcc, p.Recipient), sendmail.Discreet(bcc, p.Reply)
	}
	return p
}

// Answer is the reply as people read it, with its code.
func (p PairStatus) Answer() string {
	if p.Code == 0 || p.Step == sendmail.AtCommand || p.Step == sendmail.AtEndpoint {
		return p.Reply
	}
	return fmt.Sprintf("%d %s", p.Code, p.Reply)
}

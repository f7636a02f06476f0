package main

import (
	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/inbox"
)

// A feedbackReport is the JSON document of feedback; docs/feedback.md describes
// it.
type feedbackReport struct {
	Schema   int          `json:"schema"` // 1
	ChangeID string       `json:"change-id"`
	Branch   string       `json:"branch"`
	Revision int          `json:"revision"`
	Complete bool         `json:"complete"` // every archive answered
	New      int          `json:"new"`      // of all replies, also those that are not listed
	Open     int          `json:"open"`
	Replies  []replyFact  `json:"replies"`
	Sources  []sourceFact `json:"sources"`
}

type replyFact struct {
	ID        string        `json:"id"`
	MessageID string        `json:"message-id"`
	From      string        `json:"from"`
	Date      string        `json:"date,omitempty"` // RFC 3339
	Subject   string        `json:"subject"`
	Kind      feedback.Kind `json:"kind"`
	Revision  int           `json:"revision"`
	Number    int           `json:"number,omitempty"` // in that revision
	Cover     bool          `json:"cover"`
	Title     string        `json:"title,omitempty"` // of the patch as it was sent
	Patch     int           `json:"patch,omitempty"` // of the branch, from 1
	Commit    string        `json:"commit,omitempty"`
	Depth     int           `json:"depth"`
	New       bool          `json:"new"`
	Open      bool          `json:"open"`
	Done      bool          `json:"done"`
	Answered  bool          `json:"answered"`
	Trailers  []string      `json:"trailers"`
	Remarks   []remarkFact  `json:"remarks"`

	CI *feedback.Report `json:"ci,omitempty"` // of a robot
}

type remarkFact struct {
	Quote string             `json:"quote,omitempty"`
	At    *feedback.Location `json:"at,omitempty"`
	Text  []string           `json:"text"`
}

func (r *review) report(chosen []feedback.Reply) feedbackReport {
	report := feedbackReport{Schema: 1, ChangeID: r.series.Tracking.ChangeID, Branch: r.series.Name(), Revision: r.series.Tracking.Revision,
		Replies: []replyFact{}}
	for _, one := range r.all.Replies {
		if one.New {
			report.New++
		}
		if one.Open() {
			report.Open++
		}
	}
	for _, one := range chosen {
		report.Replies = append(report.Replies, r.fact(&one))
	}
	report.Sources, report.Complete = sourceFacts(r.sources)
	return report
}

func (r *review) fact(one *feedback.Reply) replyFact {
	p := &one.Place
	f := replyFact{ID: one.Short(), MessageID: one.ID, From: one.From.String(), Date: dateText(one.Date), Subject: one.Subject, Kind: one.Kind,
		Revision: p.Revision, Number: p.Number, Cover: p.Cover, Title: one.Title, Depth: one.Depth, New: one.New, Open: one.Open(), Done: one.Done,
		Answered: one.Answered, Trailers: []string{}, Remarks: []remarkFact{}, CI: one.Report}
	if p.Patch >= 0 {
		f.Patch, f.Commit = p.Patch+1, string(r.series.Patches[p.Patch].ID)
	}
	for _, t := range one.Trailers {
		if t.Refused == "" {
			f.Trailers = append(f.Trailers, t.String())
		}
	}
	for _, remark := range one.Remarks {
		f.Remarks = append(f.Remarks, remarkFact{Quote: remark.Quote, At: remark.At, Text: append([]string{}, remark.Text...)})
	}
	return f
}

// sourceFacts tell which archives were asked, and whether all of them answered.
func sourceFacts(sources []inbox.Status) (facts []sourceFact, complete bool) {
	facts, complete = []sourceFact{}, true
	for _, s := range sources {
		facts = append(facts, sourceFact{Name: s.Name, Remote: s.Remote, Mails: s.Count, AsOf: dateText(s.AsOf), Error: errorText(s.Err), Stale: errorText(s.Stale)})
		complete = complete && s.Err == nil && s.Stale == nil
	}
	return facts, complete
}

package main

import (
	"time"

	"github.com/kprep/kprep/trailers"
)

// A trailersReport is the JSON document of trailers. docs/trailers.md describes
// it.
type trailersReport struct {
	Schema    int             `json:"schema"` // 1
	ChangeID  string          `json:"change-id,omitempty"`
	Complete  bool            `json:"complete"` // every archive answered
	Added     int             `json:"added"`    // trailers that went into commits
	Patches   []trailersPatch `json:"patches"`  // all, in order
	Unmatched []trailerFact   `json:"unmatched"`
	Sources   []sourceFact    `json:"sources"`
}

type trailersPatch struct {
	Commit   string        `json:"commit"` // as it was before
	Subject  string        `json:"subject"`
	Trailers []trailerFact `json:"trailers"`
}

type trailerFact struct {
	Trailer   string          `json:"trailer"` // "Name: value"
	Notes     []string        `json:"notes,omitempty"`
	Fate      trailers.Fate   `json:"fate"`
	Condition string          `json:"condition,omitempty"`
	Scope     string          `json:"scope,omitempty"`     // for which patches it says that it is
	Refused   string          `json:"refused,omitempty"`   // why it can never be taken
	Retracted string          `json:"retracted,omitempty"` // what its sender says against it later
	Basis     trailers.Basis  `json:"basis"`               // how the patch was found
	Cover     bool            `json:"cover"`               // given to the cover letter
	Answered  string          `json:"answered,omitempty"`
	Revision  int             `json:"revision,omitempty"`
	Number    int             `json:"number,omitempty"`
	Sent      string          `json:"sent-commit,omitempty"` // what it was given to
	MessageID string          `json:"message-id"`
	From      string          `json:"from"`
	Date      string          `json:"date,omitempty"` // RFC 3339
	Via       string          `json:"via"`
	Signature *signatureState `json:"signature,omitempty"`
}

type sourceFact struct {
	Name   string `json:"name"`
	Remote bool   `json:"remote"`
	AsOf   string `json:"as-of,omitempty"` // RFC 3339
	Mails  int    `json:"mails"`
	Error  string `json:"error,omitempty"`
	Stale  string `json:"stale,omitempty"` // why an older answer had to do
}

func (job *takingJob) report(added []trailers.Found) trailersReport {
	r := trailersReport{Schema: 1, ChangeID: job.reviewed.ChangeID, Added: len(added), Patches: []trailersPatch{}, Unmatched: []trailerFact{}}
	for _, commit := range job.commits {
		r.Patches = append(r.Patches, trailersPatch{Commit: string(commit.ID), Subject: commit.Subject(), Trailers: []trailerFact{}})
	}
	for _, f := range job.found {
		list := &r.Unmatched
		if f.Patch >= 0 {
			list = &r.Patches[f.Patch].Trailers
		}
		*list = append(*list, job.fact(f))
	}
	r.Sources, r.Complete = sourceFacts(job.mail.sources)
	return r
}

func (job *takingJob) fact(f trailers.Found) trailerFact {
	post := &job.mail.posts[f.Post]
	fact := trailerFact{Trailer: f.Trailer.String(), Notes: f.Notes, Fate: f.Fate, Condition: f.Condition, Scope: f.Scope, Refused: f.Refused, Retracted: f.Retracted, Basis: f.Basis, Cover: f.Cover,
		Answered: f.Answered, Revision: f.Revision, Number: f.Number, Sent: string(job.sentPatch(f)),
		MessageID: post.ID, From: post.From.String(), Date: dateText(post.Date), Via: job.via(f.Post)}
	if state, ok := job.signed[f.Post]; ok {
		fact.Signature = &state
	}
	return fact
}

func dateText(date time.Time) string {
	if date.IsZero() {
		return ""
	}
	return date.UTC().Format(time.RFC3339)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

package main

import (
	"github.com/kprep/kprep/rangediff"
	"github.com/kprep/kprep/series"
)

// diffFacts is what diff --json prints; docs/diff.md describes it.
type diffFacts struct {
	Schema         int         `json:"schema"` // 1
	ChangeID       string      `json:"change-id"`
	Branch         string      `json:"branch"`
	Old            diffSide    `json:"old"`
	New            diffSide    `json:"new"`
	BaseNeutral    bool        `json:"base-neutral"`
	CreationFactor int         `json:"creation-factor"`
	Notes          []string    `json:"notes"`
	Pairs          []diffEntry `json:"pairs"` // in the order of the range-diff
}

type diffSide struct {
	Name        string      `json:"name"`
	Revision    int         `json:"revision"`
	Sent        bool        `json:"sent"`
	Tag         string      `json:"tag,omitempty"`
	BaseCommit  string      `json:"base-commit"`
	StartCommit string      `json:"start-commit"`
	EndCommit   string      `json:"end-commit"`
	Patches     []diffPatch `json:"patches"` // oldest first
}

type diffPatch struct {
	Number  int    `json:"number"` // from 1
	Commit  string `json:"commit"`
	Subject string `json:"subject"`
	Text    string `json:"text"` // what is compared: author, message, patch
}

type diffEntry struct {
	Change string     `json:"change"` // unchanged, reworded, changed, new, dropped, split or squashed
	Moved  bool       `json:"moved"`
	Status string     `json:"status"`        // = ! < or >
	Old    int        `json:"old,omitempty"` // number of the patch; none for a new one
	New    int        `json:"new,omitempty"` // none for a dropped one
	Olds   []int      `json:"olds,omitempty"`
	News   []int      `json:"news,omitempty"`
	Cost   int        `json:"cost"`
	Hunks  []diffHunk `json:"hunks,omitempty"`
}

type diffHunk struct {
	Heading string   `json:"heading"`
	Lines   []string `json:"lines"` // each with its sign, without line end
}

func factsOfDiff(s *series.Series, c *series.Comparison) diffFacts {
	facts := diffFacts{Schema: 1, ChangeID: s.Tracking.ChangeID, Branch: s.Name(),
		Old: factsOfSide(c.Old, c.OldPatches), New: factsOfSide(c.New, c.NewPatches),
		BaseNeutral: c.Options.BaseNeutral, CreationFactor: c.Options.CreationFactor,
		Notes: append([]string{}, c.Notes...), Pairs: []diffEntry{}}
	var differ rangediff.Differ
	for _, change := range c.Changes {
		entry := diffEntry{Change: string(change.Kind), Moved: change.Moved, Status: string(change.Status()),
			Old: change.OldNumber, New: change.NewNumber, Olds: change.Olds, News: change.News,
			Cost: change.Cost(c.Options.CreationFactor)}
		if change.Status() == rangediff.Changed {
			entry.Hunks = factsOfHunks(differ.Diff(change.Old.Text, change.New.Text, rangediff.DefaultDiffOptions()))
		}
		facts.Pairs = append(facts.Pairs, entry)
	}
	return facts
}

func factsOfSide(side series.Side, patches []rangediff.Commit) diffSide {
	facts := diffSide{Name: side.Name, Revision: side.Revision, Sent: side.Sent != nil,
		BaseCommit: string(side.Base), StartCommit: string(side.Start), EndCommit: string(side.End), Patches: []diffPatch{}}
	if side.Sent != nil {
		facts.Tag = side.Sent.Tag
	}
	for n, p := range patches {
		facts.Patches = append(facts.Patches, diffPatch{Number: n + 1, Commit: p.ID, Subject: p.Subject, Text: string(p.Text)})
	}
	return facts
}

func factsOfHunks(hunks []rangediff.Hunk) []diffHunk {
	facts := make([]diffHunk, len(hunks))
	for n, h := range hunks {
		facts[n] = diffHunk{Heading: string(h.Heading), Lines: make([]string, len(h.Lines))}
		for k, line := range h.Lines {
			facts[n].Lines[k] = string(line.Sign) + string(line.Text)
		}
	}
	return facts
}

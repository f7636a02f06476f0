package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kprep/kprep/archive"
	"github.com/kprep/kprep/patchmail"
)

// An archiveFact is one archive in JSON.
type archiveFact struct {
	File     string `json:"file"`
	ChangeID string `json:"change-id"`
	Branch   string `json:"branch"`
	Title    string `json:"title"`
	Revision int    `json:"revision"`
	Sent     []int  `json:"sent"` // revisions
	Date     string `json:"date"` // RFC 3339
}

func (e *env) listArchives(asJSON bool) error {
	dir, err := archive.Dir(e.getenv)
	if err != nil {
		return err
	}
	all, err := archive.List(dir, func(err error) { e.warnf("%v", err) })
	if err != nil {
		return err
	}
	if asJSON {
		facts := []archiveFact{}
		for _, a := range all {
			facts = append(facts, archiveFact{File: a.File, ChangeID: a.ChangeID(), Branch: a.BranchName(), Title: a.Title(),
				Revision: a.Tracking.Revision, Sent: a.Sent(), Date: a.When.Format(time.RFC3339)})
		}
		return e.printJSON(map[string]any{"schema": 1, "archives": facts})
	}
	if len(all) == 0 {
		e.notef("there is no archive in %s", dir)
		return nil
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, a := range all {
		fmt.Fprintf(w, "%s\tv%d\t%s\t%s\t%s\t%s\n", patchmail.PrintableLine(a.ChangeID()), a.Tracking.Revision, sentWords(a.Sent()), a.When.Format(time.DateOnly),
			patchmail.PrintableLine(a.Title()), patchmail.PrintableLine(a.File))
	}
	return w.Flush()
}

func sentWords(revisions []int) string {
	if len(revisions) == 0 {
		return "not sent"
	}
	words := make([]string, len(revisions))
	for i, n := range revisions {
		words[i] = fmt.Sprintf("v%d", n)
	}
	return "sent " + strings.Join(words, " ")
}

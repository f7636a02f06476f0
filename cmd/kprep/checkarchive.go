package main

import (
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
)

// checkArchives looks for messages of unknown fate in mail. What is there
// arrived; of what is not there nothing is known.
func (e *env) checkArchives(c *cli.Context, open *submission.Open) error {
	paths := c.StringSlice("check-archive")
	doubts := open.Doubts()
	if len(paths) == 0 || len(doubts) == 0 {
		return nil
	}
	archive, err := e.openArchive(c, paths)
	if err != nil {
		return err
	}
	defer archive.Close()
	var q inbox.Query
	for _, d := range doubts {
		q.IDs = append(q.IDs, d.IDs()...)
	}
	messages, err := e.findMail(c.Context, archive, q)
	if err != nil {
		return err
	}
	where := map[string]string{}
	for _, m := range messages {
		where[m.ID] = m.File
	}
	looked := time.Now().Format(time.DateTime)
	for _, d := range doubts {
		file := ""
		for _, id := range d.IDs() {
			file = max(file, where[id])
		}
		if file == "" {
			e.notef("%s was not in the archive at %s, which settles nothing: it may be on its way", d.Planned.Name, looked)
			continue
		}
		switch err := open.Shown(d, file); {
		case errors.Is(err, sendmail.ErrShownBefore):
			e.notef("%s is in %s, which settles nothing: %v", d.Planned.Name, file, err)
		case err != nil:
			return err
		default:
			e.notef("settled: %s arrived, it is in %s", d.Planned.Name, file)
		}
	}
	return nil
}

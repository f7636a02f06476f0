package main

import (
	"context"
	"slices"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/maildir"
	"github.com/kprep/kprep/series"
)

func followCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "follow",
		Category:  groupReview,
		Usage:     "fetch new mail of all series here into a Maildir",
		ArgsUsage: "DIR",
		Description: "Looks for the threads of every series of this repository in the archives of\n" +
			"kprep.archive, and puts what is new into the Maildir DIR, for mutt, aerc or notmuch.\n" +
			"No message comes twice, also not one that you have moved or deleted. The patches\n" +
			"that you have sent are put in as read. docs/follow.md shows a timer that does so\n" +
			"now and then.",
		Flags: []cli.Flag{offlineFlag()},
		Action: func(c *cli.Context) error {
			words, err := args(c, 1)
			if err != nil {
				return err
			}
			if words[0] == "" {
				return usagef("follow", "DIR is empty")
			}
			if _, err := e.openRepo(c.Context); err != nil {
				return err
			}
			return e.follow(c, e.homePath(words[0]))
		},
	}
}

// follow fetches and delivers. That an archive did not answer is an error when
// what the others have is delivered.
func (e *env) follow(c *cli.Context, dir string) error {
	archive, err := e.openArchive(c, nil)
	if err != nil {
		return err
	}
	defer archive.Close()
	if len(archive.Sources) == 0 {
		return errNoArchive
	}
	all, err := series.List(c.Context, e.repo, func(err error) { e.warnf("%s", withHint(err)) })
	if err != nil {
		return err
	}
	if len(all) == 0 {
		e.notef("there is no series in this repository; start one with 'kprep new NAME'")
		return nil
	}
	box, err := maildir.Open(dir)
	if err != nil {
		return err
	}
	defer box.Close()
	var threads inbox.Query
	for _, s := range all {
		q := feedback.Query(s)
		threads.IDs, threads.ChangeIDs = append(threads.IDs, q.IDs...), append(threads.ChangeIDs, q.ChangeIDs...)
	}
	found, err := e.askArchive(c.Context, archive, threads)
	if err != nil {
		return err
	}
	delivered, err := e.deliver(c.Context, box, found.Messages, all)
	e.notef("%s in %s", plural(len(delivered), "new message", "new messages"), dir)
	if err != nil {
		return err
	}
	for i, s := range all {
		e.progress.count("noting replies to series", i, len(all))
		if err := e.refreshDigest(c.Context, s, found.Messages, delivered); err != nil {
			e.warnf("note the replies to %s: %v", s.Name(), err) // it is a cache
		}
	}
	return unanswered(found.Sources, len(delivered) > 0)
}

// deliver puts those messages into a Maildir that it never had, and returns their
// ids. What was sent of the series need not be read any more.
func (e *env) deliver(ctx context.Context, box *maildir.Box, messages []*inbox.Message, all []*series.Series) (ids map[string]bool, err error) {
	ids = map[string]bool{}
	sent := sync.OnceValues(func() (map[string]bool, error) { return e.sentIDs(ctx, all) })
	defer e.progress.doing("")
	for i, m := range messages {
		if err := ctx.Err(); err != nil {
			return ids, err
		}
		e.progress.count("delivering mail", i, len(messages))
		if box.Has(m.ID) {
			continue
		}
		mine, err := e.repo.IsMe(gitrepo.Ident{Email: m.From})
		if err == nil && mine { // or so it says
			var known map[string]bool
			known, err = sent()
			mine = known[m.ID]
		}
		if err != nil {
			return ids, err
		}
		if err := box.Deliver(m.ID, m.Date, m.Raw, mine); err != nil {
			return ids, err
		}
		ids[m.ID] = true
	}
	return ids, nil
}

// sentIDs are the message-ids of all that is known to have been sent of series.
func (e *env) sentIDs(ctx context.Context, all []*series.Series) (map[string]bool, error) {
	ids := map[string]bool{}
	for _, s := range all {
		h, err := feedback.ReadHistory(ctx, e.repo, s)
		if err != nil {
			return nil, err
		}
		for _, id := range h.MessageIDs() {
			ids[id] = true
		}
	}
	return ids, nil
}

// refreshDigest lets the lists of series know of new replies to one.
func (e *env) refreshDigest(ctx context.Context, s *series.Series, messages []*inbox.Message, news map[string]bool) error {
	q := feedback.Query(s)
	threads := q.Select(messages)
	if !slices.ContainsFunc(threads, func(m *inbox.Message) bool { return news[m.ID] }) {
		return nil
	}
	h, err := feedback.ReadHistory(ctx, e.repo, s)
	if err != nil {
		return err
	}
	options, err := e.programs()
	if err != nil {
		return err
	}
	f, err := h.Collect(ctx, threads, options)
	if err != nil {
		return err
	}
	return f.Digest(e.now()).Keep(e.repo, s)
}

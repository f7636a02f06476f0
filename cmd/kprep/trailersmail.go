package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// reviewMail is the mail that replies are looked for in.
type reviewMail struct {
	messages []*inbox.Message // with their bytes
	posts    []trailers.Post  // of the same messages
	related  map[string]bool  // message-ids of the threads that the series is in
	sources  []inbox.Status
}

// errNoArchive means that nothing says where replies are.
var errNoArchive = errors.New("nothing says where replies are: no archive is configured")

// reviewMail fetches the threads of a branch: those that name its change-id, its
// messages or its patches, or the one that the user names.
func (e *env) reviewMail(c *cli.Context, job *takingJob, from string) (*reviewMail, error) {
	mail := &reviewMail{}
	wide := job.everything()
	var err error
	switch file := c.String("use-local-mbox"); {
	case c.IsSet("stdin-pipe-sep"):
		mail.messages, err = e.mailBetween(c.Context, c.String("stdin-pipe-sep"))
	case file != "":
		mail.messages, err = e.someMailIn(c.Context, file)
	case from != "" && e.isMail(from):
		mail.messages, err = e.someMailIn(c.Context, from)
	case from != "":
		var id string
		if id, err = parseMessageID("trailers", from); err != nil {
			return nil, err
		}
		wide.IDs = append(wide.IDs, id)
		err = e.askFor(c, job, mail, inbox.Query{IDs: []string{id}})
	default:
		err = e.askFor(c, job, mail, job.query())
		if err == nil && len(mail.messages) == 0 && job.series != nil { // sent by other means, perhaps
			err = e.askFor(c, job, mail, inbox.Query{PatchIDs: job.patchIDs()})
		}
	}
	if err != nil {
		return nil, err
	}
	mail.related = map[string]bool{}
	for _, m := range wide.Select(mail.messages) {
		mail.related[m.ID] = true
	}
	if mail.posts, err = postsOf(mail.messages); err != nil {
		return nil, err
	}
	var altered []*inbox.Message
	for _, i := range trailers.Altered(mail.posts, job.reviewed.Branch) {
		altered = append(altered, mail.messages[i])
	}
	e.warnAltered(altered)
	return mail, nil
}

// someMailIn is mailIn, where no mail at all is an error.
func (e *env) someMailIn(ctx context.Context, name string) ([]*inbox.Message, error) {
	messages, err := e.mailIn(ctx, name)
	if err == nil && len(messages) == 0 {
		err = fmt.Errorf("there is no mail in %s", name)
	}
	return messages, err
}

// isMail says whether something of that name is there, rather than a message-id.
func (e *env) isMail(name string) bool {
	_, err := os.Stat(e.path(name))
	return err == nil
}

// query asks for what the series was mailed with. Every message-id costs a
// server a request: one of each revision is enough.
func (job *takingJob) query() inbox.Query {
	if job.series == nil {
		return inbox.Query{PatchIDs: job.patchIDs()}
	}
	q := inbox.Query{ChangeIDs: []string{job.series.Tracking.ChangeID}}
	for _, ids := range job.reviewed.FirstIDs {
		q.IDs = append(q.IDs, ids...)
	}
	if id := job.series.Tracking.FromThread; id != "" {
		q.IDs = append(q.IDs, strings.Trim(id, "<>"))
	}
	slices.Sort(q.IDs)
	return q
}

// everything is all that tells that a thread has to do with the branch.
func (job *takingJob) everything() inbox.Query {
	q := job.query()
	q.IDs = append(q.IDs, job.reviewed.MessageIDs()...)
	q.PatchIDs = job.patchIDs()
	for _, r := range job.reviewed.Branch.Sent {
		for _, p := range r.Patches {
			if p.PatchID != "" {
				q.PatchIDs = append(q.PatchIDs, p.PatchID)
			}
		}
	}
	return q
}

func (job *takingJob) patchIDs() []string {
	var ids []string
	for _, p := range job.reviewed.Patches {
		if p.PatchID != "" {
			ids = append(ids, p.PatchID)
		}
	}
	return ids
}

// askFor adds what the configured archives have.
func (e *env) askFor(c *cli.Context, job *takingJob, mail *reviewMail, q inbox.Query) error {
	if q.Empty() {
		return nil
	}
	config, err := e.repo.Config()
	if err != nil {
		return err
	}
	settings, err := inbox.ReadSettings(config)
	if err != nil {
		return err
	}
	if err := settings.AddMask(job.settings.mask); err != nil {
		return fmt.Errorf("midmask: %w", err)
	}
	settings.Offline = settings.Offline || c.Bool("offline")
	if c.Bool("no-cache") {
		settings.Fresh = 0
	}
	archive, err := e.openSources(&settings)
	if err != nil {
		return err
	}
	defer archive.Close()
	if len(archive.Sources) == 0 {
		return errNoArchive
	}
	result, err := e.askArchive(c.Context, archive, q)
	if err != nil {
		return err
	}
	mail.messages, mail.sources = result.Messages, result.Sources
	return nil
}

// postsOf makes of mails what trailers.Collect looks at. Of patches only what
// they change counts, not what is said in them.
func postsOf(messages []*inbox.Message) ([]trailers.Post, error) {
	posts := make([]trailers.Post, len(messages))
	for i, m := range messages {
		posts[i] = trailers.Post{ID: m.ID, Parents: m.Parents, From: patchmail.Address{Mailbox: m.From}, Date: m.Date, Subject: m.Line,
			ChangeID: m.ChangeID, PatchID: m.PatchID}
		if m.Patch || m.Cover {
			continue
		}
		content, err := inbox.ReadContent(m.Raw)
		if err != nil {
			return nil, fmt.Errorf("<%s>: %w", m.ID, err)
		}
		posts[i].From, posts[i].Body = content.From, content.Text
	}
	return posts, nil
}

// via says where a message can be read: by midmask, on the server that had it,
// or in which file it is.
func (job *takingJob) via(post int) string {
	m := job.mail.messages[post]
	switch mask := job.settings.mask; {
	case mask != "":
		return strings.Replace(mask, "%s", url.PathEscape(m.ID), 1)
	case strings.HasPrefix(m.File, "https://") || strings.HasPrefix(m.File, "http://"):
		return m.File
	}
	return fmt.Sprintf("<%s> in %s", m.ID, m.File)
}

// An unansweredError means that an archive did not answer.
type unansweredError struct {
	failed []inbox.Status
	news   bool // there was something new all the same
}

func (e *unansweredError) Error() string {
	var words []string
	for _, s := range e.failed {
		words = append(words, fmt.Sprintf("%s: %v", s.Name, errors.Join(s.Err, s.Stale)))
	}
	text := "not all archives answered: " + strings.Join(words, "; ")
	if !e.news {
		text = "nothing new is known, and " + text
	}
	return text
}

// incomplete is an *unansweredError where nothing new was found and an archive
// failed: that there is nothing new is not known then.
func (job *takingJob) incomplete() error {
	if len(job.news()) > 0 {
		return nil
	}
	return unanswered(job.mail.sources, false)
}

// unanswered is an *unansweredError where a source did not answer.
func unanswered(sources []inbox.Status, news bool) error {
	var failed []inbox.Status
	for _, s := range sources {
		if didNotAnswer(s) {
			failed = append(failed, s)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return &unansweredError{failed, news}
}

// didNotAnswer is true of an archive that was asked in vain.
func didNotAnswer(s inbox.Status) bool {
	asked := func(err error) bool { return err != nil && !errors.Is(err, inbox.ErrOffline) }
	return asked(s.Err) || asked(s.Stale)
}

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

// A mailedError says why no series can be made of mail.
type mailedError struct {
	reason string
	hint   string // "" for none
}

func (e *mailedError) Error() string { return e.reason }

// newFrom makes a branch of a series in mail; name may be "".
func (e *env) newFrom(c *cli.Context, repo *gitrepo.Repo, name, word string) error {
	all, id, err := e.mailedSeries(c, word)
	if err != nil {
		return err
	}
	chosen, err := chooseMailed(all, id, c.Int("revision"))
	if err != nil {
		return err
	}
	mailed, raws, err := e.readMailed(c.Context, chosen, all)
	if err != nil {
		return err
	}
	if err := e.attested(c.Context, chosen, raws); err != nil {
		return err
	}
	if name == "" {
		name = mailed.Name()
	}
	if odd := oddBase(mailed); odd != "" && !c.IsSet("fork-point") {
		e.warnf("the mails have the line %q, which names no commit: HEAD is where the patches go", odd)
	}
	origin, err := e.origin(c, repo, name, c.String("fork-point"))
	if err != nil {
		return err
	}
	e.progress.doing("applying patches")
	s, err := series.StartFrom(c.Context, repo, origin, mailed)
	e.progress.doing("")
	if err != nil {
		return err
	}
	e.notef("on the new branch %q, %s of v%d from %s", s.Name(), plural(len(s.Patches), "patch", "patches"), mailed.Revision, s.Base.Short())
	e.tellStarted(c.Context, s, mailed)
	for _, other := range all {
		if other.ChangeID == chosen.ChangeID && other.From == chosen.From && other.Revision > chosen.Revision {
			e.notef("v%d of it is there as well, in <%s>", other.Revision, patchmail.PrintableLine(other.Messages()[0].ID))
		}
	}
	return nil
}

// oddBase is the line of the mails that should name a commit by its id, and does
// not; "" where none does so, or another one names it.
func oddBase(mailed *series.FromMail) string {
	texts := []string{}
	if mailed.Cover != nil {
		texts = append(texts, *mailed.Cover)
	}
	for _, p := range mailed.Patches {
		texts = append(texts, p.Text)
	}
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if mailed.Base == "" && strings.HasPrefix(line, "base-commit:") {
				return strings.TrimSpace(line)
			}
		}
	}
	return ""
}

func (e *env) tellStarted(ctx context.Context, s *series.Series, mailed *series.FromMail) {
	text := fmt.Sprintf("it is v%d now", s.Tracking.Revision)
	if _, err := s.SentRevision(ctx, mailed.Revision); err == nil {
		text += fmt.Sprintf("; 'kprep diff v%d' shows what you change", mailed.Revision)
	} else {
		from := patchmail.PrintableLine(mailed.From)
		if from == "" {
			from = "nobody whose address can be read"
		}
		text += fmt.Sprintf("; v%d was mailed by %s, and has no sent tag", mailed.Revision, from)
	}
	e.notef("%s", text)
	if needed := s.Tracking.Prerequisites; len(needed) > 0 {
		e.notef("it depends on others: %s; 'kprep deps' shows and changes that", patchmail.PrintableLine(strings.Join(needed, ", ")))
	}
}

// mailedSeries finds the revisions of series in a file or folder, on standard
// input, or of the thread that a message is in, and of its change-id; id is that
// of the message.
func (e *env) mailedSeries(c *cli.Context, word string) (all []*inbox.Series, id string, err error) {
	var messages []*inbox.Message
	_, missing := os.Stat(e.path(word))
	if word == "-" || missing == nil {
		messages, err = e.mailIn(c.Context, word)
	} else {
		if id, err = parseMessageID("new", word); err != nil {
			return nil, "", usagef("new", "--from-thread: %q is neither mail that is there nor a message-id", word)
		}
		messages, err = e.mailOf(c, id)
	}
	if err != nil {
		return nil, "", err
	}
	if all = inbox.Assemble(messages); len(all) == 0 {
		return nil, "", &mailedError{reason: fmt.Sprintf("there is no patch in %q", word)}
	}
	return all, id, nil
}

// mailOf looks up the thread of a message, and other revisions.
func (e *env) mailOf(c *cli.Context, id string) ([]*inbox.Message, error) {
	archive, err := e.openArchive(c, nil)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	if len(archive.Sources) == 0 {
		return nil, &noSourceError{id}
	}
	messages, err := e.findMail(c.Context, archive, inbox.Query{IDs: []string{id}})
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(messages, func(m *inbox.Message) bool { return m.ID == id }) {
		return nil, &inbox.NotFoundError{ID: id, Where: strings.Join(archive.Names(), ", ")}
	}
	q := inbox.Query{IDs: []string{id}}
	for _, m := range inbox.RevisionOf(messages, id) {
		if m.ChangeID != "" && !slices.Contains(q.ChangeIDs, m.ChangeID) {
			q.ChangeIDs = append(q.ChangeIDs, m.ChangeID)
		}
	}
	if len(q.ChangeIDs) == 0 {
		return messages, nil
	}
	more, err := e.findMail(c.Context, archive, q)
	if err != nil {
		e.debugf("other revisions are not looked at: %v", err)
		return messages, nil
	}
	return more, nil
}

// chooseMailed picks the revision that a message belongs to, or else the newest,
// or the one that is asked for. Of several series none is the one.
func chooseMailed(all []*inbox.Series, id string, revision int) (*inbox.Series, error) {
	candidates := all
	if own := seriesOf(all, id); own != nil {
		if revision == 0 {
			return own, whole(own)
		}
		candidates = slices.DeleteFunc(slices.Clone(all), func(s *inbox.Series) bool { return s.ChangeID != own.ChangeID || s.From != own.From })
	}
	var chosen *inbox.Series
	for _, s := range candidates {
		if revision != 0 && s.Revision != revision {
			continue
		}
		if chosen != nil && !sameSeries(s, chosen) {
			return nil, &mailedError{reason: fmt.Sprintf("there is more than one series: %q in <%s> and %q in <%s>", chosen.Title, chosen.Messages()[0].ID, s.Title, s.Messages()[0].ID),
				hint: "name a message of the one that you want"}
		}
		if chosen == nil || s.Revision >= chosen.Revision { // they are in order of date
			chosen = s
		}
	}
	if chosen == nil {
		return nil, &mailedError{reason: fmt.Sprintf("there is no revision v%d of it", revision)}
	}
	return chosen, whole(chosen)
}

// seriesOf is nil for a message that is in none, a reply for example.
func seriesOf(all []*inbox.Series, id string) *inbox.Series {
	for _, s := range all {
		if slices.ContainsFunc(s.Messages(), func(m *inbox.Message) bool { return m.ID == id }) {
			return s
		}
	}
	return nil
}

// sameSeries says whether two can be revisions of one series, or one that was
// mailed again. Without a change-id the title or the thread must say so.
func sameSeries(a, b *inbox.Series) bool {
	switch {
	case a.ChangeID != b.ChangeID || a.From != b.From:
		return false
	case a.Title == b.Title:
		return true
	}
	return a.Revision != b.Revision && (a.ChangeID != "" || a.IsInThreadOf(b))
}

// whole refuses a revision of which not every patch is there, and sure.
func whole(s *inbox.Series) error {
	for _, m := range s.Messages() {
		if m.Contested {
			return &mailedError{reason: fmt.Sprintf("there are several mails <%s> (%q), which do not hold the same", m.ID, m.Line),
				hint: "save the mails that you want into a file, and name that"}
		}
	}
	missing := s.Missing()
	if len(missing) == 0 {
		return nil
	}
	refused := &mailedError{reason: fmt.Sprintf("v%d of %q is not whole: of its %d patches %s missing", s.Revision, s.Title, len(s.Patches), isAre(missing))}
	if len(s.Others) > 0 {
		other := s.Others[0]
		refused.reason += fmt.Sprintf("; <%s> is not from %q but from %q", other.ID, s.From, other.From)
	}
	return refused
}

func isAre(numbers []int) string {
	if len(numbers) == 1 {
		return numberWords(numbers) + " is"
	}
	return numberWords(numbers) + " are"
}

// readMailed reads the messages of a revision, and returns their bytes too.
func (e *env) readMailed(ctx context.Context, s *inbox.Series, all []*inbox.Series) (*series.FromMail, [][]byte, error) {
	messages := s.Messages()
	raws, err := inbox.Read(ctx, messages)
	if err != nil {
		return nil, nil, err
	}
	m := &series.FromMail{Revision: s.Revision, ChangeID: s.ChangeID, Subject: messages[0].Subject, From: s.From,
		Date: messages[0].Date, FirstID: messages[0].ID, Base: s.Base(), Needs: s.Needs()}
	for i, raw := range raws {
		posting, err := inbox.ReadPosting(raw)
		if err != nil {
			return nil, nil, err
		}
		if posting.Tracking != "" && m.Tracking == nil {
			tracking, err := coverletter.ParseHeaderValue(posting.Tracking)
			if err == nil {
				err = m.TakeTracking(tracking)
			}
			if err != nil {
				e.warnf("the tracking data of <%s> are passed over: %v", patchmail.PrintableLine(messages[i].ID), err)
			}
		}
		if messages[i] == s.Cover {
			m.Cover, m.To, m.Cc = &posting.Text, posting.To, posting.Cc
			continue
		}
		m.Patches = append(m.Patches, series.MailedPatch{Raw: raw, Subject: messages[i].Subject, Text: posting.Text, To: posting.To, Cc: posting.Cc})
	}
	for _, other := range all {
		if other.Revision < s.Revision && other.ChangeID == s.ChangeID && other.From == s.From && (s.ChangeID != "" || other.Title == s.Title) {
			m.Earlier = append(m.Earlier, series.Earlier{Revision: other.Revision, FirstID: other.Messages()[0].ID})
		}
	}
	return m, raws, nil
}

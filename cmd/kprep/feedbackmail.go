package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/series"
)

// A review is what was said about the series, and where that was found.
type review struct {
	series  *series.Series
	history *feedback.History
	all     *feedback.Feedback
	sources []inbox.Status
}

// lookForFeedback looks for replies in the archives, and keeps a digest of them
// for those who only want the numbers.
func (e *env) lookForFeedback(c *cli.Context, s *series.Series) (*review, error) {
	r, err := e.readFeedback(c, s)
	if err != nil {
		return nil, err
	}
	if err := r.all.Digest(e.now()).Keep(e.repo, s); err != nil {
		e.warnf("note the replies for lists: %v", err) // it is a cache
	}
	return r, nil
}

// readFeedback looks for replies in the archives.
func (e *env) readFeedback(c *cli.Context, s *series.Series) (*review, error) {
	archive, err := e.openArchive(c, nil)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	if len(archive.Sources) == 0 {
		return nil, errNoArchive
	}
	r := &review{series: s}
	if r.history, err = feedback.ReadHistory(c.Context, e.repo, s); err != nil {
		return nil, err
	}
	found, err := e.askArchive(c.Context, archive, feedback.Query(s))
	if err != nil {
		return nil, err
	}
	r.sources = found.Sources
	options, err := e.programs()
	if err != nil {
		return nil, err
	}
	if options.Marks, err = s.Marks(); err != nil {
		return nil, err
	}
	if r.all, err = r.history.Collect(c.Context, found.Messages, options); err != nil {
		return nil, err
	}
	e.warnAltered(r.all.Altered)
	return r, nil
}

// programs are the rules by which replies of programs are known.
func (e *env) programs() (o feedback.Options, err error) {
	config, err := e.repo.Config()
	if err != nil {
		return o, err
	}
	o.Bots = append(feedback.DefaultBots(), config.All("kprep.feedback-bot")...)
	o.Robots, err = feedback.ReadRobots(config)
	return o, err
}

// An unknownReplyError means that no reply has the name that the user gave, or
// that several have.
type unknownReplyError struct {
	word  string
	these []string // several that begin so
}

func (e *unknownReplyError) Error() string {
	if len(e.these) > 0 {
		return fmt.Sprintf("%q can be any of these replies: %s", e.word, strings.Join(e.these, ", "))
	}
	return fmt.Sprintf("there is no reply %q to this series", e.word)
}

// replyIDs finds the message-ids of replies that were seen before, by their
// abbreviations, their message-ids, or URLs with these.
func (e *env) replyIDs(s *series.Series, verb string, words []string) ([]string, error) {
	digest, err := feedback.ReadDigest(e.repo, s)
	if err != nil {
		return nil, err
	}
	var known []string
	if digest != nil {
		for _, r := range digest.Replies {
			known = append(known, r.ID)
		}
	}
	var ids []string
	var failed []error
	for _, word := range words {
		id, err := replyID(known, verb, word)
		ids, failed = append(ids, id), append(failed, err)
	}
	return ids, errors.Join(failed...)
}

func replyID(known []string, verb, word string) (string, error) {
	full, idErr := parseMessageID(verb, word)
	unknown := &unknownReplyError{word: word}
	var found string
	for _, id := range known {
		switch {
		case idErr == nil && id == full:
			return id, nil
		case word != "" && strings.HasPrefix(feedback.Short(id), strings.ToLower(word)):
			found = id
			unknown.these = append(unknown.these, feedback.Short(id)+" <"+id+">")
		}
	}
	if len(unknown.these) == 1 {
		return found, nil
	}
	return "", unknown
}

// findMessage fetches one message: a reply that was seen before by its
// abbreviation, or any by its message-id.
func (e *env) findMessage(c *cli.Context, s *series.Series, word string) (*inbox.Message, error) {
	ids, err := e.replyIDs(s, c.Command.Name, []string{word})
	if err != nil {
		id, idErr := parseMessageID(c.Command.Name, word)
		if idErr != nil {
			return nil, err
		}
		ids = []string{id}
	}
	archive, err := e.openArchive(c, nil)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	if len(archive.Sources) == 0 {
		return nil, errNoArchive
	}
	message, err := e.oneMessage(c, archive, inbox.Query{IDs: ids}, ids[0])
	if errors.As(err, new(*inbox.NoAnswerError)) {
		// A server that is away can have sent it before, with the threads of the series.
		if kept, keptErr := e.oneMessage(c, archive, feedback.Query(s), ids[0]); keptErr == nil && kept != nil {
			return kept, nil
		}
	}
	if message != nil || err != nil {
		return message, err
	}
	return nil, &inbox.NotFoundError{ID: ids[0], Where: strings.Join(archive.Names(), ", ")}
}

// oneMessage looks for a message among what a query finds; nil for none.
func (e *env) oneMessage(c *cli.Context, archive *inbox.Archive, q inbox.Query, id string) (*inbox.Message, error) {
	messages, err := e.findMail(c.Context, archive, q)
	if at := slices.IndexFunc(messages, func(m *inbox.Message) bool { return m.ID == id }); at >= 0 {
		return messages[at], nil
	}
	return nil, err
}

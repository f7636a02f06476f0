package main

import (
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
)

// A threadError says why a thread cannot be looked up.
type threadError struct {
	id    string
	paths []string // that were looked into
}

func (e *threadError) Error() string {
	if len(e.paths) == 0 {
		return "--cc-from-thread: kprep.archive names no mail in which the thread of <" + e.id + "> could be"
	}
	return "--cc-from-thread: there is no mail of the thread of <" + e.id + "> in " + strings.Join(e.paths, ", ")
}

// fromThread finds those who take part in the discussion of --cc-from-thread: a
// file or folder with its mail, or a message-id, which is looked up in
// kprep.archive. Of a file the thread of --in-reply-to counts, or all of it.
func (e *env) fromThread(c *cli.Context) ([]patchmail.Address, error) {
	word := c.String("cc-from-thread")
	if word == "" {
		if c.IsSet("cc-from-thread") {
			return nil, usagef(c.Command.Name, "--cc-from-thread needs a file or a message-id")
		}
		return nil, nil
	}
	replyTo, err := e.inReplyTo(c)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(e.path(word)); err == nil {
		return e.inMail(c, word, replyTo)
	}
	id, err := parseMessageID(c.Command.Name, word)
	if err != nil {
		return nil, usagef(c.Command.Name, "--cc-from-thread: %q is neither mail that is there nor a message-id", word)
	}
	archive, err := e.openArchive(c, nil)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	if len(archive.Sources) == 0 {
		return nil, &threadError{id: id}
	}
	messages, err := e.findMail(c.Context, archive, inbox.Query{IDs: []string{id}})
	if err != nil {
		return nil, err
	}
	if len(messages) == 0 {
		return nil, &threadError{id: id, paths: archive.Names()}
	}
	return inbox.Participants(c.Context, messages)
}

// inMail finds those who take part in the discussions in a file or folder, or
// in that of one message.
func (e *env) inMail(c *cli.Context, word, replyTo string) ([]patchmail.Address, error) {
	messages, err := inbox.Index(c.Context, []string{e.path(word)}, trackedID, func(err error) { e.warnf("passed over: %v", err) })
	if err != nil {
		return nil, err
	}
	if replyTo != "" {
		messages = (&inbox.Query{IDs: []string{replyTo}}).Select(messages)
	}
	if len(messages) == 0 {
		return nil, &threadError{id: replyTo, paths: []string{e.path(word)}}
	}
	return inbox.Participants(c.Context, messages)
}

// inReplyTo reads --in-reply-to; "" without it.
func (e *env) inReplyTo(c *cli.Context) (string, error) {
	if !c.IsSet("in-reply-to") {
		return "", nil
	}
	return parseMessageID(c.Command.Name, c.String("in-reply-to"))
}

package main

import (
	"errors"
	"io/fs"
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
	paths, id := []string{e.path(word)}, replyTo
	if _, err := os.Stat(paths[0]); err != nil {
		if id, err = parseMessageID(c.Command.Name, word); err != nil {
			return nil, usagef(c.Command.Name, "--cc-from-thread: %q is neither mail that is there nor a message-id", word)
		}
		if paths, err = e.archivePaths(nil); err != nil {
			return nil, err
		}
		if len(paths) == 0 {
			return nil, &threadError{id: id}
		}
	}
	messages, err := inbox.Index(c.Context, paths, trackedID, func(err error) { e.warnf("passed over: %v", err) })
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &threadError{id: id, paths: paths}
		}
		return nil, err
	}
	if id != "" {
		messages = inbox.Thread(messages, id)
	}
	if len(messages) == 0 {
		return nil, &threadError{id: id, paths: paths}
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

package main

import (
	"errors"

	"github.com/kprep/kprep/maildir"
)

// feedbackHint helps with what keeps replies from being found or answered.
func feedbackHint(err error) string {
	switch {
	case errors.As(err, new(*unknownReplyError)):
		return "'kprep feedback --all' lists the replies, with the word for each in front"
	case errors.As(err, new(*noCommandError)):
		return "set it, such as 'git config --global kprep.reply.mutt \"mutt -H -\"'"
	case errors.Is(err, maildir.ErrNoMaildir):
		return "name an empty or a new folder, or a Maildir with cur, new and tmp"
	case errors.Is(err, maildir.ErrBusy):
		return "wait for it; 'systemctl --user status kprep-follow' shows the one of the timer"
	}
	return ""
}

package main

import "errors"

// feedbackHint helps with what keeps replies from being found or answered.
func feedbackHint(err error) string {
	switch {
	case errors.As(err, new(*unknownReplyError)):
		return "'kprep feedback --all' lists the replies, with the word for each in front"
	case errors.As(err, new(*noCommandError)):
		return "set it, such as 'git config --global kprep.reply.mutt \"mutt -H -\"'"
	}
	return ""
}

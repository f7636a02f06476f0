package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/series"
)

// mailHint helps with what kept mail of others from being found.
func mailHint(err error) string {
	mailed, here, pull := (*mailedError)(nil), (*series.HereError)(nil), (*pullError)(nil)
	switch {
	case errors.As(err, &pull):
		return pull.hint
	case errors.As(err, new(*series.FixupError)):
		return "nothing was changed; --autosquash folds them into the commits that they mend"
	case errors.As(err, new(*series.PullError)):
		return "nothing was changed; say where its commits begin with '-f FORK'"
	case errors.As(err, &mailed):
		return mailed.hint
	case errors.As(err, &here):
		return fmt.Sprintf("go there with 'git checkout %s'; 'kprep cleanup' puts a finished series away", strings.TrimPrefix(here.Branch, "refs/heads/"))
	case errors.As(err, new(*series.MailBaseError)):
		return "nothing was changed; fetch it, or say where they go with '-f FORK'"
	case errors.As(err, new(*series.MailApplyError)):
		return "nothing was changed; say where they apply with '-f FORK'"
	case errors.Is(err, inbox.ErrWebPage):
		return "some servers let only browsers in; a local mirror answers without them, see 'kprep help archives', or name another server of the list"
	case errors.Is(err, inbox.ErrNoArchive):
		return "give the URL of an inbox, as in https://lore.kernel.org/git/"
	case errors.Is(err, inbox.ErrNoSearch), errors.Is(err, inbox.ErrNoPatchID):
		return "name another server of the list, or a local mirror"
	case errors.Is(err, inbox.ErrOffline):
		return "ask without --offline, or name a local archive, as in 'git config --add kprep.archive PATH'"
	case errors.As(err, new(*inbox.NoAnswerError)) && errors.Is(err, fs.ErrNotExist):
		return "kprep.archive names paths and servers; the name of a server begins with https://"
	case errors.As(err, new(*inbox.NoAnswerError)):
		return "that does not mean that there is no such message; try again, or save it into a file and name that"
	}
	return ""
}

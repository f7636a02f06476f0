package landing

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// A commit of the project, as far as it can be told from its message.
type commit struct {
	id            gitrepo.ID
	branch        string
	name, mailbox string // of the author
	title         string
	messageIDs    []string // that its Link and Message-ID lines name
	reverts       []gitrepo.ID
	cover         string // the message of a cover letter; "" for another commit
}

func readCommit(l gitrepo.Logged) commit {
	subject, body := gitrepo.SplitMessage(l.Text)
	c := commit{id: l.ID, name: l.Name, mailbox: l.Email, title: titleOf(subject), messageIDs: messageIDs(body), reverts: reverts(body)}
	if coverletter.HasMarker(l.Text) {
		c.cover = l.Text
	}
	return c
}

// titleOf is a subject without what stands in brackets in front of it.
func titleOf(subject string) string {
	if _, title := patchmail.LiftBrackets(subject); title != "" {
		return title
	}
	return subject
}

// messageIDs are those that lines such as "Link: https://lore.kernel.org/r/ID" and
// "Message-ID: <ID>" name.
func messageIDs(text string) []string {
	var ids []string
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		id := ""
		switch t := (trailers.Trailer{Key: key, Value: strings.TrimSpace(value)}); {
		case t.Is("Link"):
			id = t.LinkedID()
		case t.Is("Message-ID"):
			id = strings.Trim(t.Value, "<>")
		}
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

var revertLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^This reverts commit ([0-9a-f]{40,64})\b`) })

// reverts are the commits that a message says it takes back, in git's words.
func reverts(text string) []gitrepo.ID {
	var ids []gitrepo.ID
	if !strings.Contains(text, "This reverts commit ") {
		return nil
	}
	for _, m := range revertLine().FindAllStringSubmatch(text, -1) {
		ids = append(ids, gitrepo.ID(m[1]))
	}
	return ids
}

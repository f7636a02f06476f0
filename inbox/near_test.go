package inbox_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/internal/archivetest"
)

// A reply without references is found by its subject also where another archive than
// its own has what it answers, whatever kind of archive each is.
func TestLostReplyInAnotherArchive(t *testing.T) {
	t.Parallel()
	letter := func(id, day, subject, above string) []byte {
		return fmt.Appendf(nil, "From: a@example.org\nDate: %s Jan 2025 10:00:00 +0000\nMessage-ID: <%s@example.org>\nSubject: %s\n%s\nText.\n", day, id, subject, above)
	}
	patches := [][]byte{letter("cover", "2", "[PATCH 0/1] ring: a ring for everybody", ""),
		letter("patch", "2", "[PATCH 1/1] ring: add a bounded ring", "In-Reply-To: <cover@example.org>\n")}
	replies := [][]byte{letter("lost", "3", "Re: [PATCH 1/1] ring: add a bounded ring", ""), letter("below", "4", "Re: other", "In-Reply-To: <lost@example.org>\n"),
		letter("before", "1", "Re: [PATCH 1/1] ring: add a bounded ring", ""), letter("other", "3", "Re: [PATCH 1/1] ring: add an unbounded ring", "")}
	dir := t.TempDir()
	urls := map[string]string{}
	for name, mails := range map[string][][]byte{"patches": patches, "replies": replies} {
		must(t, archivetest.WriteMbox(filepath.Join(dir, name+".mbox"), mails))
		must(t, archivetest.WriteMirror(filepath.Join(dir, name), mails))
		urls[name] = served(t, "full", mails).URL
	}
	kinds := map[string]func(name string) inbox.Source{
		"mbox": func(name string) inbox.Source {
			return &inbox.Files{Path: filepath.Join(dir, name+".mbox"), Tracking: noTracking}
		},
		"mirror": func(name string) inbox.Source { return mirror(t, filepath.Join(dir, name)) },
		"server": func(name string) inbox.Source { return servers(urls[name]) },
	}
	for one := range kinds {
		for other := range kinds {
			for _, first := range []string{"the patches", "the replies"} {
				sources := []inbox.Source{kinds[one]("patches"), kinds[other]("replies")}
				if first == "the replies" {
					slices.Reverse(sources)
				}
				a := &inbox.Archive{Sources: sources, Now: time.Now()}
				got, err := a.Find(t.Context(), inbox.Query{IDs: []string{"cover@example.org"}}, failOnBroken(t))
				if err != nil {
					t.Fatal(err)
				}
				if have := ids(got.Messages); have != "cover@example.org\npatch@example.org\nlost@example.org\nbelow@example.org" {
					t.Errorf("patches in a %s, replies in a %s, %s first: %q", one, other, first, have)
				}
			}
		}
	}
}

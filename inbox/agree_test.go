package inbox_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/internal/archivetest"
	"github.com/kprep/kprep/internal/gittest"
)

func noTracking(string) string { return "" }

// served starts a real public-inbox with some mails.
func served(t *testing.T, level string, mails [][]byte) *archivetest.Server {
	t.Helper()
	gittest.Peer(t, archivetest.Programs()...)
	s, err := archivetest.Serve(t.TempDir(), level, mails)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func servers(url string) *inbox.Servers {
	return &inbox.Servers{URLs: []string{url}, Tracking: noTracking, Timeouts: inbox.DefaultTimeouts(), Now: time.Now()}
}

func mirror(t testing.TB, dir string) *inbox.Mirror {
	t.Helper()
	m := &inbox.Mirror{Dir: dir, CacheDir: filepath.Join(t.TempDir(), "index"), Tracking: noTracking, Git: gitrepo.Options{Env: gittest.Env(t.TempDir())}}
	t.Cleanup(func() { m.Close() })
	return m
}

func failOnBroken(t *testing.T) func(error) {
	return func(err error) { t.Helper(); t.Error(err) }
}

// What a query finds does not depend on where it is looked up.
func TestSourcesAgree(t *testing.T) {
	t.Parallel()
	mails := archivetest.Corpus{Seed: 1, Count: 160}.All()
	server := served(t, "full", mails)
	dir := t.TempDir()
	mbox, maildir := filepath.Join(dir, "mbox"), filepath.Join(dir, "maildir")
	if err := archivetest.WriteMbox(mbox, mails); err != nil {
		t.Fatal(err)
	}
	if err := archivetest.WriteMaildir(maildir, mails); err != nil {
		t.Fatal(err)
	}
	sources := []inbox.Source{
		&inbox.Files{Path: mbox, Tracking: noTracking},
		&inbox.Files{Path: maildir, Tracking: noTracking},
		servers(server.URL),
		mirror(t, server.Mirror),
	}
	patch, err := inbox.Parse(inbox.Mail{Raw: find(t, mails, archivetest.PatchMailID(3, 1, 1))}, noTracking)
	if err != nil || patch.PatchID == "" {
		t.Fatal(patch, err)
	}
	for _, tc := range []struct {
		why   string
		query inbox.Query
	}{
		{"a cover letter", inbox.Query{IDs: []string{archivetest.CoverID(0, 1)}}},
		{"a patch", inbox.Query{IDs: []string{archivetest.PatchMailID(2, 1, 1)}}},
		{"several threads", inbox.Query{IDs: []string{archivetest.CoverID(5, 1), archivetest.CoverID(4, 1)}}},
		{"a change-id with several revisions", inbox.Query{ChangeIDs: []string{archivetest.ChangeID(1)}}},
		{"several change-ids", inbox.Query{ChangeIDs: []string{archivetest.ChangeID(6), archivetest.ChangeID(7)}}},
		{"a patch-id", inbox.Query{PatchIDs: []string{patch.PatchID}}},
		{"all of it", inbox.Query{IDs: []string{archivetest.CoverID(8, 1)}, ChangeIDs: []string{archivetest.ChangeID(9)}, PatchIDs: []string{patch.PatchID}}},
		{"nothing there by message-id", inbox.Query{IDs: []string{"nobody/wrote+this%@example.org"}}},
		{"nothing there by change-id", inbox.Query{ChangeIDs: []string{"20250102-none-0123456789ab"}}},
		{"nothing there by patch-id", inbox.Query{PatchIDs: []string{strings.Repeat("0", 40)}}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			var want []*inbox.Message
			for i, s := range sources {
				archive := inbox.Archive{Sources: []inbox.Source{s}, Now: time.Now()}
				got, err := archive.Find(t.Context(), tc.query, failOnBroken(t))
				if err != nil {
					t.Fatalf("%s: %v", s.Name(), err)
				}
				if i == 0 {
					want = got.Messages
					if (len(want) == 0) != strings.HasPrefix(tc.why, "nothing") {
						t.Fatalf("%s has %d messages", s.Name(), len(want))
					}
				}
				compare(t, s.Name(), got.Messages, want)
			}
		})
	}
}

func compare(t *testing.T, where string, got, want []*inbox.Message) {
	t.Helper()
	if g, w := ids(got), ids(want); g != w {
		t.Errorf("%s has\n%s\nwant\n%s", where, g, w)
		return
	}
	for i := range got {
		if !bytes.Equal(got[i].Raw, want[i].Raw) {
			t.Errorf("%s has of %s\n%q\nwant\n%q", where, got[i].ID, got[i].Raw, want[i].Raw)
		}
	}
}

func ids(messages []*inbox.Message) string {
	var all []string
	for _, m := range messages {
		all = append(all, m.ID)
	}
	return strings.Join(all, "\n")
}

func find(t *testing.T, mails [][]byte, id string) []byte {
	t.Helper()
	for _, raw := range mails {
		if bytes.Contains(raw, []byte("\nMessage-ID: <"+id+">\n")) {
			return raw
		}
	}
	t.Fatalf("there is no %s", id)
	return nil
}

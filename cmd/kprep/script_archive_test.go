package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/internal/archivetest"
)

// serveArchive: archive NAME FILE. It serves the mails of an mbox by a
// public-inbox and sets NAME_URL and NAME_MIRROR, the folder of the inbox, in
// capitals.
func serveArchive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: archive NAME FILE")
	}
	var mails [][]byte
	ts.Check(inbox.Walk(context.Background(), ts.MkAbs(args[1]), func(m inbox.Mail) error {
		mails = append(mails, m.Raw)
		return nil
	}, func(err error) { ts.Check(err) }))
	dir := filepath.Join(ts.Getenv("WORK"), args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	server, err := archivetest.Serve(dir, "full", mails)
	ts.Check(err)
	state(ts).archives = append(state(ts).archives, server)
	prefix := strings.ToUpper(args[0])
	ts.Setenv(prefix+"_URL", server.URL)
	ts.Setenv(prefix+"_MIRROR", server.Mirror)
}

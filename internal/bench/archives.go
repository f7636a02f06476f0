package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/kprep/kprep/internal/archivetest"
)

// mirrored is how many mails the local archive holds, and fetched how many come
// before another look-up.
const mirrored, fetched = 100_000, 100

// measureArchives times look-ups in a local public-inbox: the first, which
// indexes it, one after a fetch, and one when nothing is new.
func (w *world) measureArchives(ctx context.Context, to io.Writer, runs int) error {
	mirror := filepath.Join(w.root, "list")
	epoch := filepath.Join(mirror, "git", "0.git")
	if _, err := os.Stat(epoch); err != nil {
		if err := writeMails(epoch, archivetest.Corpus{Seed: 7, Count: mirrored}); err != nil {
			return err
		}
	}
	lookUp := []string{"-c", fmt.Sprintf("%s -c kprep.archive=%s -c b4.midmask= verify %s >/dev/null; test $? -eq 4", w.kprep, mirror, archivetest.CoverID(500, 1))}
	cache := filepath.Join(w.root, ".cache")
	fetch := func() error {
		return writeMails(epoch, archivetest.Corpus{Seed: uint64(time.Now().UnixNano()), Count: fetched})
	}
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\njob\tkprep min\tmedian\tCPU\tmemory\tbudget\t\n")
	for _, job := range []struct {
		job
		before func() error
	}{
		{job{name: fmt.Sprintf("index a mirror of %d mails", mirrored), budget: mirrored / 5000 * time.Second, once: true}, func() error { return os.RemoveAll(cache) }},
		{job{name: fmt.Sprintf("look a thread up there, %d mails are new", fetched), budget: 250 * time.Millisecond}, fetch},
		{job{name: "look a thread up there, nothing is new", budget: 150 * time.Millisecond}, func() error { return nil }},
	} {
		var took timings
		for n := 0; n < runs && (n == 0 || !job.once); n++ {
			if err := job.before(); err != nil {
				return err
			}
			took.add(w.onceIn(ctx, w.root, "sh", lookUp...))
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintln(table, row(job.job, took, timings{}))
		if took.err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", job.name, took.err)
		}
	}
	return table.Flush()
}

// writeMails adds the mails of a corpus to an epoch.
func writeMails(epoch string, mails archivetest.Corpus) error {
	next, stop := iter.Pull(iter.Seq[[]byte](func(yield func([]byte) bool) { mails.Mails(yield) }))
	defer stop()
	return archivetest.WriteEpoch(epoch, func() []byte {
		raw, _ := next()
		return raw
	})
}

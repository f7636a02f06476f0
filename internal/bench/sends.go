package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// measureSends sends 100 messages and 1,000 to three recipients each, to a
// server next door. There is nothing to wait for but the disk: the budget is
// three times what the journal's syncs take on it at best, and a second for
// every hundred. The memory for 1,000 must not be much more than for 100.
func (w *world) measureSends(ctx context.Context, to io.Writer) error {
	server, err := mailtest.New(mailtest.Options{})
	if err != nil {
		return err
	}
	defer server.Close()
	err = errors.Join(w.git(ctx, "config", "sendemail.smtpServer", server.Host()), w.git(ctx, "config", "sendemail.smtpServerPort", server.Port()))
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "job\tkprep\tsyncs alone\tbudget\t\tmemory\n")
	var least int64
	for _, messages := range []int{100, 1000} {
		if err := w.smallSeries(ctx, messages-1); err != nil {
			return err
		}
		floor, err := w.syncs(messages)
		if err != nil {
			return err
		}
		before := len(server.Messages())
		run, err := w.onceIn(ctx, w.repo(), w.kprep, "send", "--yes", "--to", "a@example.org", "--to", "b@example.org", "--to", "c@example.org")
		if err != nil {
			return err
		}
		if sent := server.Messages()[before:]; len(sent) != messages || len(sent[0].To) < 3 {
			return fmt.Errorf("%d messages arrived of %d", len(sent), messages)
		}
		budget := 3*floor + time.Duration(messages/100)*time.Second
		verdict := ""
		if run.wall > budget {
			verdict = "OVER"
		}
		memory := fmt.Sprintf("%d MB", run.memory>>20)
		if least == 0 {
			least = run.memory
		} else if run.memory > least*3/2 {
			memory += " OVER"
		}
		fmt.Fprintf(table, "send, %d messages, no round trip\t%s\t%s\t%s\t%s\t%s\n", messages, millis(run.wall), millis(floor), millis(budget), verdict, memory)
	}
	return table.Flush()
}

// smallSeries is on a branch with so many patches of a few lines, and a cover
// letter, ready to be sent.
func (w *world) smallSeries(ctx context.Context, patches int) error {
	name := fmt.Sprintf("small-%d-%d", patches, time.Now().UnixNano())
	if err := errors.Join(w.git(ctx, "checkout", "--quiet", "master"), w.run(ctx, w.kprep, "new", name)); err != nil {
		return err
	}
	branch := "refs/heads/b4/" + name
	var stream bytes.Buffer
	for n := range patches {
		message := fmt.Sprintf("area: add file %d\n\nIt is needed.\n\nSigned-off-by: Jane Doe <jane@example.org>\n", n)
		fmt.Fprintf(&stream, "commit %s\ncommitter Jane Doe <jane@example.org> %d +0000\ndata %d\n%s", branch, time.Now().Unix(), len(message), message)
		if n == 0 {
			fmt.Fprintf(&stream, "from %s^0\n", branch)
		}
		text := strings.Repeat(fmt.Sprintf("line of file %d\n", n), 300)
		fmt.Fprintf(&stream, "M 100644 inline small/%d\ndata %d\n%s\n", n, len(text), text)
	}
	load := w.command(ctx, w.repo(), "git", "fast-import", "--quiet")
	load.Stdin = &stream
	if out, err := load.CombinedOutput(); err != nil {
		return fmt.Errorf("git fast-import: %w: %s", err, out)
	}
	if err := w.git(ctx, "reset", "--quiet", "--hard"); err != nil {
		return err
	}
	cover := w.command(ctx, w.repo(), w.kprep, "cover", "--from", "-")
	cover.Stdin = strings.NewReader("area: add many files\n\nThey are needed.\n\nTo: list@lists.example.org\n")
	if out, err := cover.CombinedOutput(); err != nil {
		return fmt.Errorf("kprep cover: %w: %s", err, out)
	}
	return nil
}

// syncs is how long the disk of the repository takes for what a journal of so
// many messages has to wait for: each message's file, then two records of it.
func (w *world) syncs(messages int) (time.Duration, error) {
	dir, err := os.MkdirTemp(w.root, "syncs-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	message, record := bytes.Repeat([]byte("x"), 6000), bytes.Repeat([]byte("x"), 250)
	begin := time.Now()
	for n := range messages {
		file, err := os.Create(filepath.Join(dir, fmt.Sprint(n)))
		if err != nil {
			return 0, err
		}
		_, err = file.Write(message)
		if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
			return 0, err
		}
		for range 2 {
			_, err := log.Write(record)
			if err = errors.Join(err, log.Sync()); err != nil {
				return 0, err
			}
		}
	}
	return time.Since(begin), nil
}

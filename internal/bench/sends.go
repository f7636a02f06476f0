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

// A manySent is a send of so many messages, of so many lines each.
type manySent struct{ messages, lines int }

// more is how much more memory than for the first a later send may take: what
// is known of each message grows with their number, their text must not.
const more = 16 << 20

// measureSends sends 100 messages and 1,000, and 1,000 long ones, to three
// recipients each, to a server next door. There is nothing to wait for but the
// disk: the budget is three times what the journal's syncs take on it at best,
// and a second for every hundred.
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
	fmt.Fprintf(table, "job\tkprep\tsyncs alone\tbudget\t\tmemory of kprep\n")
	var first int64
	for _, many := range []manySent{{100, 300}, {1000, 300}, {1000, 3000}} {
		if err := w.smallSeries(ctx, many); err != nil {
			return err
		}
		floor, err := w.syncs(many)
		if err != nil {
			return err
		}
		before := len(server.Messages())
		run, err := w.watched(ctx, w.kprep, "send", "--yes", "--to", "a@example.org", "--to", "b@example.org", "--to", "c@example.org")
		if err != nil {
			return err
		}
		sent := server.Messages()[before:]
		if len(sent) != many.messages || len(sent[0].To) < 3 {
			return fmt.Errorf("%d messages arrived of %d", len(sent), many.messages)
		}
		budget := 3*floor + time.Duration(many.messages/100)*time.Second
		verdict := ""
		if run.wall > budget {
			verdict = "OVER"
		}
		if first == 0 {
			first = run.memory
		}
		memory := fmt.Sprintf("%d MB, %.1f times the first", run.memory>>20, float64(run.memory)/float64(first))
		if run.memory > first+more {
			memory += " OVER"
		}
		fmt.Fprintf(table, "send, %d messages of %d kB, no round trip\t%s\t%s\t%s\t%s\t%s\n",
			many.messages, len(sent[1].Data)/1000, millis(run.wall), millis(floor), millis(budget), verdict, memory)
	}
	return table.Flush()
}

// watched runs a program in the repository. Its memory is that of the program
// alone: it is looked at while it runs, since the kernel's account of a child
// begins with what its parent, here the mail server, has.
func (w *world) watched(ctx context.Context, program string, args ...string) (timing, error) {
	cmd := w.command(ctx, w.repo(), program, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return timing{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var peak int64
	for {
		select {
		case err := <-ended:
			if err != nil {
				err = fmt.Errorf("%s: %w: %s", filepath.Base(program), err, strings.TrimSpace(stderr.String()))
			}
			return timing{wall: time.Since(start), memory: peak}, err
		case <-time.After(5 * time.Millisecond):
			peak = max(peak, peakOf(cmd.Process.Pid))
		}
	}
}

// peakOf is the most memory that a process had resident so far, in bytes; 0
// where /proc does not tell.
func peakOf(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); n == 1 {
			return kilobytes << 10
		}
	}
	return 0
}

// smallSeries is on a branch with a cover letter and patches that make so many
// messages, ready to be sent.
func (w *world) smallSeries(ctx context.Context, many manySent) error {
	name := fmt.Sprintf("small-%d-%d", many.messages, time.Now().UnixNano())
	if err := errors.Join(w.git(ctx, "checkout", "--quiet", "master"), w.run(ctx, w.kprep, "new", name)); err != nil {
		return err
	}
	branch := "refs/heads/b4/" + name
	var stream bytes.Buffer
	for n := range many.messages - 1 {
		message := fmt.Sprintf("area: add file %d\n\nIt is needed.\n\nSigned-off-by: Jane Doe <jane@example.org>\n", n)
		fmt.Fprintf(&stream, "commit %s\ncommitter Jane Doe <jane@example.org> %d +0000\ndata %d\n%s", branch, time.Now().Unix(), len(message), message)
		if n == 0 {
			fmt.Fprintf(&stream, "from %s^0\n", branch)
		}
		text := strings.Repeat(fmt.Sprintf("line of file %d\n", n), many.lines)
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
func (w *world) syncs(many manySent) (time.Duration, error) {
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
	message, record := bytes.Repeat([]byte("x"), 20*many.lines), bytes.Repeat([]byte("x"), 250)
	begin := time.Now()
	for n := range many.messages {
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

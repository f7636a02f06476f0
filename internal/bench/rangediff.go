package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
	"time"
)

// allRevisions are the series whose revisions are compared, and how many times
// as fast as git range-diff kprep is to be.
func allRevisions() []revisions {
	return []revisions{
		{name: "small", old: 10, new: 10, wantFirst: 1, wantSecond: 2},
		{name: "medium", old: 100, new: 90, wantFirst: 1, wantSecond: 2},
		{name: "large", old: 945, new: 758, wantFirst: 3},
		{name: "unrelated-300", old: 300, new: 300, unrelated: true, wantFirst: 5},
		{name: "unrelated-1200", old: 1200, new: 1600, unrelated: true, wantFirst: 20},
	}
}

// measureRangeDiffs prints a table of kprep range-diff against git range-diff.
// Both outputs are compared, and a difference is an error.
func (w *world) measureRangeDiffs(ctx context.Context, to io.Writer, runs int) error {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "range-diff of\tgit\tmemory\tkprep, first\tmemory\tfaster\twanted\t\tkprep, again\tfaster\twanted\t\n")
	for _, v := range allRevisions() {
		dir := filepath.Join(w.root, "revisions-"+v.name)
		if err := w.buildRevisions(ctx, dir, v); err != nil {
			return err
		}
		if v.old*v.new > 500_000 {
			runs = min(runs, 3)
		}
		if err := w.measureRangeDiff(ctx, table, dir, v, runs); err != nil {
			return fmt.Errorf("range-diff of %s: %w", v.name, err)
		}
	}
	return table.Flush()
}

func (w *world) measureRangeDiff(ctx context.Context, to io.Writer, dir string, v revisions, runs int) error {
	args := []string{"range-diff", v.name + "-base.." + v.name + "-old", v.name + "-onto.." + v.name + "-new"}
	var git, first, again timings
	for range runs {
		var want, got []byte
		want, run, err := w.timed(ctx, dir, "git", args)
		git.add(run, err)
		if err := os.RemoveAll(filepath.Join(dir, ".git", "kprep", "cache")); err != nil {
			return err
		}
		for _, t := range []*timings{&first, &again} {
			got, run, err = w.timed(ctx, dir, w.kprep, args)
			t.add(run, err)
			if !bytes.Equal(got, want) {
				return errors.New("the outputs differ")
			}
		}
		if err := errors.Join(git.err, first.err, again.err, ctx.Err()); err != nil {
			return err
		}
	}
	fmt.Fprintf(to, "%d x %d patches (%s)\t%s\t%d MB\t%s\t%d MB\t%s\t%s\t%s\n", v.old, v.new, v.name,
		millis(git.min()), git.memory()>>20, millis(first.min()), max(first.memory(), again.memory())>>20,
		faster(git, first, v.wantFirst), millis(again.min()), faster(git, again, v.wantSecond))
	return nil
}

// faster is three cells: the ratio, the one that is wanted, and a verdict.
func faster(git, kprep timings, want float64) string {
	ratio := float64(git.min()) / float64(kprep.min())
	wanted, verdict := "", ""
	if want > 0 {
		wanted = fmt.Sprintf("%.0f", want)
	}
	if ratio < want {
		verdict = "SLOW"
	}
	return fmt.Sprintf("%.1f\t%s\t%s", ratio, wanted, verdict)
}

// timed runs a program and returns a digest of what it printed.
func (w *world) timed(ctx context.Context, dir, program string, args []string) ([]byte, timing, error) {
	cmd := w.command(ctx, dir, program, args...)
	var stderr bytes.Buffer
	digest := sha256.New()
	cmd.Stdout, cmd.Stderr = digest, &stderr
	start := time.Now()
	err := cmd.Run()
	t := timing{wall: time.Since(start)}
	if err != nil {
		return nil, t, fmt.Errorf("%s: %w: %s", filepath.Base(program), err, &stderr)
	}
	t.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	t.memory = peakMemory(cmd.ProcessState)
	return digest.Sum(nil), t, nil
}

// buildRevisions makes a repository of both revisions, unless it is there.
func (w *world) buildRevisions(ctx context.Context, dir string, v revisions) error {
	complete := filepath.Join(dir, ".git", "complete")
	if _, err := os.Stat(complete); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var stream bytes.Buffer
	if err := v.writeTo(&stream); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=master"},
		{"fast-import", "--quiet", "--done", "--force"},
		{"gc", "--quiet"},
		{"checkout", "--quiet", v.name + "-new"},
	} {
		cmd := w.command(ctx, dir, "git", args...)
		cmd.Stdin = &stream
		if args[0] != "fast-import" {
			cmd.Stdin = nil
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				return fmt.Errorf("git %s: %w: %s", args[0], err, out)
			}
			return err
		}
	}
	return os.WriteFile(complete, nil, 0o644)
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A job is one row of the table: what both programs are to do.
type job struct {
	name      string
	budget    time.Duration
	branch    string             // to be on
	kprep, b4 []string           // arguments
	between   func(string) error // puts things back after a run of PROGRAM; nil: nothing to do
	once      bool               // one run says enough
}

func (w *world) jobs(ctx context.Context) ([]job, error) {
	out := filepath.Join(w.root, "out")
	clear := func(string) error { return os.RemoveAll(out) }
	unmake := func(string) error {
		return errors.Join(w.git(ctx, "checkout", "--quiet", "master"), w.git(ctx, "branch", "--quiet", "-D", "b4/bench-new"))
	}
	const ms = time.Millisecond
	jobs := []job{
		{name: "--version", budget: 10 * ms, branch: "master", kprep: []string{"--version"}, b4: []string{"--version"}},
		{name: "info", budget: 25 * ms, branch: branch(3), kprep: []string{"info"}, b4: []string{"prep", "--show-info"}},
		{name: "new at HEAD", budget: 40 * ms, branch: "master", between: unmake,
			kprep: []string{"new", "bench-new"}, b4: []string{"prep", "-n", "bench-new"}},
	}
	for _, n := range sizes {
		jobs = append(jobs, job{name: fmt.Sprintf("cover, %d patches", n), budget: time.Duration(20+n) * ms, branch: branch(n),
			kprep: []string{"cover"}, b4: []string{"prep", "--edit-cover"}})
	}
	clean := func(string) error { return w.run(ctx, w.kprep, "set", "prefixes") }
	for _, n := range sizes {
		jobs = append(jobs, job{name: fmt.Sprintf("set prefixes, %d patches", n), budget: time.Duration(20+n) * ms, branch: branch(n), between: clean,
			kprep: []string{"set", "prefixes", "RFC"}, b4: []string{"prep", "--set-prefixes", "RFC"}})
	}
	jobs = append(jobs, job{name: fmt.Sprintf("list of %d series", len(sizes)+manySeries), budget: 25 * ms, branch: branch(3),
		kprep: []string{"list"}, b4: []string{"prep", "--show-info"}}) // b4 has no list: one series stands for it
	for i, n := range sizes {
		jobs = append(jobs, job{name: fmt.Sprintf("preview -o, %d patches", n), budget: []time.Duration{35 * ms, 100 * ms}[i], branch: branch(n),
			between: clear, kprep: []string{"preview", "-o", out}, b4: []string{"send", "--no-sign", "-o", out}})
	}
	mbox, err := w.repliesTo(ctx, replied)
	if err != nil {
		return nil, err
	}
	look := []string{"-c", "kprep.archive=" + mbox, "trailers", "--offline"}
	untake := func(string) error { return w.git(ctx, "reset", "--quiet", "--hard", repliedRef) }
	jobs = append(jobs,
		job{name: fmt.Sprintf("trailers offline, %d patches, %d replies", replied, 2*replied+1), budget: 150 * ms, branch: branch(replied), kprep: look},
		job{name: "trailers -u of them", budget: 150 * ms, branch: branch(replied), between: untake,
			kprep: append(look, "-u", "--yes"), b4: []string{"--offline-mode", "trailers", "-u", "-m", mbox}})
	return append(jobs, job{name: fmt.Sprintf("send, %d messages, %v a round trip", mailed+1, roundTrip), budget: 12 * time.Second, branch: branch(mailed),
		once: true, kprep: []string{"send", "--yes", "--allow", "editme"}}), nil
}

// measure runs every job and prints the table.
func (w *world) measure(ctx context.Context, to io.Writer, runs int) error {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "job\tkprep min\tmedian\tCPU\tmemory\tbudget\t\tb4 min\tmedian\tkprep is\n")
	jobs, err := w.jobs(ctx)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if err := w.git(ctx, "checkout", "--quiet", j.branch); err != nil {
			return err
		}
		var kprep, b4 timings
		for range runs {
			if j.once && len(kprep.runs) > 0 {
				break
			}
			kprep.add(w.once(ctx, w.kprep, j.kprep, j.between))
			if w.b4 != "" && j.b4 != nil {
				b4.add(w.once(ctx, w.b4, j.b4, j.between))
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		fmt.Fprintln(table, row(j, kprep, b4))
		for _, failure := range []error{kprep.err, b4.err} {
			if failure != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", j.name, failure)
			}
		}
	}
	return table.Flush()
}

// A timing is one run of a program and all that it started.
type timing struct {
	wall, cpu time.Duration
	memory    int64 // peak resident, bytes, of the largest process; never less than our own, from before exec
}

func (w *world) once(ctx context.Context, program string, args []string, between func(string) error) (timing, error) {
	t, err := w.onceIn(ctx, w.repo(), program, args...)
	if err == nil && between != nil {
		err = between(program)
	}
	return t, err
}

// onceIn runs a program in any directory.
func (w *world) onceIn(ctx context.Context, dir, program string, args ...string) (timing, error) {
	cmd := w.command(ctx, dir, program, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	t := timing{wall: time.Since(start)}
	if err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			err = fmt.Errorf("%s: %w: %s", filepath.Base(program), err, strings.TrimSpace(stderr.String()))
		}
		return t, err
	}
	t.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	t.memory = peakMemory(cmd.ProcessState)
	return t, nil
}

// timings collects runs; the first error makes them worthless.
type timings struct {
	runs []timing
	err  error
}

func (t *timings) add(run timing, err error) {
	t.runs = append(t.runs, run)
	if t.err == nil {
		t.err = err
	}
}

func (t *timings) walls() []time.Duration {
	var walls []time.Duration
	for _, r := range t.runs {
		walls = append(walls, r.wall)
	}
	slices.Sort(walls)
	return walls
}

func (t *timings) ok() bool              { return t.err == nil && len(t.runs) > 0 }
func (t *timings) min() time.Duration    { return t.walls()[0] }
func (t *timings) median() time.Duration { return t.walls()[len(t.runs)/2] }

func (t *timings) cpu() time.Duration {
	least := t.runs[0].cpu
	for _, r := range t.runs {
		least = min(least, r.cpu)
	}
	return least
}

func (t *timings) memory() int64 {
	var most int64
	for _, r := range t.runs {
		most = max(most, r.memory)
	}
	return most
}

func row(j job, kprep, b4 timings) string {
	cells := []string{j.name}
	if kprep.ok() {
		verdict := ""
		if kprep.min() > j.budget {
			verdict = "OVER"
		}
		cells = append(cells, millis(kprep.min()), millis(kprep.median()), millis(kprep.cpu()),
			fmt.Sprintf("%d MB", kprep.memory()>>20), millis(j.budget), verdict)
	} else {
		cells = append(cells, "failed", "", "", "", millis(j.budget), "")
	}
	switch {
	case !b4.ok():
		cells = append(cells, "-", "-", "")
	case !kprep.ok():
		cells = append(cells, millis(b4.min()), millis(b4.median()), "")
	default:
		ratio := float64(b4.min()) / float64(kprep.min())
		cells = append(cells, millis(b4.min()), millis(b4.median()), fmt.Sprintf("%.0f times as fast", ratio))
	}
	return strings.Join(cells, "\t")
}

func millis(d time.Duration) string {
	digits := 0
	if d < 100*time.Millisecond {
		digits = 1
	}
	return strconv.FormatFloat(d.Seconds()*1000, 'f', digits, 64) + " ms"
}

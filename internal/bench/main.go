package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	program := flags.String("kprep", "bin/kprep", "the `PROGRAM` to measure")
	runs := flags.Int("runs", 7, "how often to run each job")
	keep := flags.String("repository", "", "keep the repository in `DIR`, and use it when it is there")
	maker := flags.String("series-by", "kprep", "start the series with `TOOL`: kprep or b4")
	commits := flags.Int("commits", 50000, "length of the history")
	files := flags.Int("files", 38000, "files in the tree")
	only := flags.Bool("range-diff", false, "measure range-diff alone")
	linux := flags.String("linux", "bin/linux", "compare maintainers with the real script in the sources in `DIR`")
	sends := flags.Bool("send", false, "measure sends next door alone")
	archives := flags.Bool("archives", false, "measure look-ups in a local archive alone")
	dashboard := flags.Bool("dashboard", false, "measure lists of many series alone")
	maintainers := flags.Bool("maintainers", false, "measure maintainers alone")
	flags.Parse(arguments)

	kprep, err := filepath.Abs(*program)
	if err != nil {
		return err
	}
	if _, err := os.Stat(kprep); err != nil {
		return err
	}
	root := *keep
	if root == "" {
		if root, err = os.MkdirTemp("", "kprep-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(root)
	}
	if root, err = filepath.Abs(root); err != nil {
		return err
	}
	b4, _ := exec.LookPath("b4")
	w := &world{root: root, kprep: kprep, b4: b4}
	if *linux, err = filepath.Abs(*linux); err != nil {
		return err
	}
	if *maintainers {
		return w.measureMaintainers(ctx, os.Stdout, *linux, *runs)
	}
	if *archives {
		return w.measureArchives(ctx, os.Stdout, *runs)
	}
	if *dashboard {
		return w.measureDashboard(ctx, os.Stdout, *runs)
	}
	if *only {
		return w.measureRangeDiffs(ctx, os.Stdout, *runs)
	}
	if err := w.prepare(ctx, *maker, *commits, *files); err != nil {
		return err
	}
	if *sends {
		return w.measureSends(ctx, os.Stdout)
	}
	closeMail, err := w.receiveMail(ctx)
	if err != nil {
		return err
	}
	defer closeMail()
	if err := w.measure(ctx, os.Stdout, *runs); err != nil {
		return err
	}
	// Sends last: their mail stays here, and a process begins with the memory of its parent on its account.
	return errors.Join(w.measureArchives(ctx, os.Stdout, *runs), w.measureRangeDiffs(ctx, os.Stdout, *runs),
		w.measureMaintainers(ctx, os.Stdout, *linux, *runs), w.measureSends(ctx, os.Stdout))
}

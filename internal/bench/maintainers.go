package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

// askedPatches is how many patches the longer question is about.
const askedPatches = 30

// measureMaintainers compares kprep maintainers with the real script in the
// sources of Linux. b4 runs the script twice for every patch, so that is what
// the script is timed at, once.
func (w *world) measureMaintainers(ctx context.Context, to io.Writer, linux string, runs int) error {
	script := filepath.Join(linux, "scripts", "get_maintainer.pl")
	if _, err := os.Stat(script); err != nil {
		fmt.Fprintf(os.Stderr, "maintainers is not measured: no sources of Linux in %s; 'make conformance' unpacks them\n", linux)
		return nil
	}
	patches, err := w.writePatches(linux)
	if err != nil {
		return err
	}
	const flags = " --nogit --nogit-fallback --nogit-chief-penguins --norolestats "
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\njob\tkprep min\tmedian\tCPU\tmemory\tbudget\t\tscript min\tmedian\tkprep is\n")
	for _, n := range []int{1, askedPatches} {
		j := job{name: fmt.Sprintf("maintainers, To and Cc, %d patches", n), budget: 200 * time.Millisecond}
		if n == 1 {
			j = job{name: "maintainers, To and Cc, 1 patch", budget: 2 * 60 * time.Millisecond}
		}
		names := strings.Join(patches[:n], " ")
		ours := fmt.Sprintf("%s maintainers --to %s && %s maintainers --cc %s", w.kprep, names, w.kprep, names)
		theirs := fmt.Sprintf("for p in %s; do %s%s--nol <$p && %s%s--nom <$p || exit 1; done", names, script, flags, script, flags)
		var kprep, perl timings
		for range runs {
			kprep.add(w.onceIn(ctx, linux, "sh", "-c", ours+" >/dev/null"))
		}
		perl.add(w.onceIn(ctx, linux, "sh", "-c", theirs+" >/dev/null"))
		if err := ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintln(table, row(j, kprep, perl))
		for _, failure := range []error{kprep.err, perl.err} {
			if failure != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", j.name, failure)
			}
		}
	}
	return table.Flush()
}

// writePatches makes patches of files spread over the tree.
func (w *world) writePatches(linux string) ([]string, error) {
	sources, err := filepath.Glob(filepath.Join(linux, "drivers", "*", "*.c"))
	if err != nil || len(sources) < 3*askedPatches {
		return nil, fmt.Errorf("%s has %d drivers: %w", linux, len(sources), err)
	}
	var names []string
	for i := range askedPatches {
		var b strings.Builder
		fmt.Fprintf(&b, "From: Jane Doe <jane@example.org>\nSubject: [PATCH] change %d\n\nText.\n---\n", i)
		for part := range 3 {
			source := sources[(3*i+part)*len(sources)/(3*askedPatches)]
			text, err := os.ReadFile(source)
			if err != nil {
				return nil, err
			}
			path, _ := filepath.Rel(linux, source)
			fmt.Fprintf(&b, "diff --git a/%s b/%s\n--- a/%s\n+++ b/%s\n@@ -1,100 +1,100 @@\n", path, path, path, path)
			lines := strings.Split(string(text), "\n")
			for n, line := range lines[:min(100, len(lines))] {
				b.WriteString(string(" +-"[n%3]) + line + "\n")
			}
		}
		name := filepath.Join(w.root, fmt.Sprintf("maintainers-%02d.patch", i))
		if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

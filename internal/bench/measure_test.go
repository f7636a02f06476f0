package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The whole of it, with a stand-in for kprep that knows most of the jobs.
func TestMeasure(t *testing.T) {
	t.Parallel()
	const standIn = `#!/bin/sh
case $1 in
new) git checkout --quiet -b "b4/$2" && git commit --quiet --allow-empty --message cover ;;
cover) git log -1 --format=%B >"$HOME/cover" && $(git config core.editor) "$HOME/cover" ;;
info | list | set | --version) ;;
*) echo "unknown verb $1" >&2; exit 2 ;;
esac
`
	w := &world{root: t.TempDir()}
	w.kprep = filepath.Join(w.root, "stand-in")
	if err := os.WriteFile(w.kprep, []byte(standIn), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := w.prepare(t.Context(), "kprep", 3, 1000); err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := w.measure(t.Context(), &table, 2); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(table.String()), "\n")
	if len(lines) != 14 {
		t.Fatalf("table:\n%s", &table)
	}
	for i, line := range lines[1:] {
		if failed := strings.Contains(line, "failed"); failed != (i >= 8) {
			t.Errorf("row %q: failed is %v", line, failed)
		}
	}
	if cover, err := os.ReadFile(filepath.Join(w.root, "cover")); err != nil || len(cover) == 0 {
		t.Errorf("no editor was started: %v", err)
	}
	// What is there is used again.
	if err := w.prepare(t.Context(), "kprep", 3, 1000); err != nil {
		t.Error(err)
	}
}

func TestRow(t *testing.T) {
	t.Parallel()
	of := func(walls ...time.Duration) timings {
		var all timings
		for _, wall := range walls {
			all.add(timing{wall: wall * time.Millisecond, cpu: time.Millisecond, memory: 5 << 20}, nil)
		}
		return all
	}
	broken := timings{err: errors.New("no")}
	j := job{name: "info", budget: 25 * time.Millisecond}
	for _, tc := range []struct {
		name      string
		kprep, b4 timings
		want      string
	}{
		{"within the budget", of(20, 10, 30), of(600, 500), "info|10.0 ms|20.0 ms|1.0 ms|5 MB|25.0 ms||500 ms|600 ms|50 times as fast"},
		{"over the budget", of(26), of(260), "info|26.0 ms|26.0 ms|1.0 ms|5 MB|25.0 ms|OVER|260 ms|260 ms|10 times as fast"},
		{"no peer", of(20), timings{}, "info|20.0 ms|20.0 ms|1.0 ms|5 MB|25.0 ms||-|-|"},
		{"kprep fails", broken, of(600), "info|failed||||25.0 ms||600 ms|600 ms|"},
	} {
		if got := strings.ReplaceAll(row(j, tc.kprep, tc.b4), "\t", "|"); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"
)

// The clones whose series are listed together.
const (
	clones         = 5
	seriesPerClone = 40
)

// measureDashboard times lists of series that were sent, as everything that is
// slow to find out has been found out before.
func (w *world) measureDashboard(ctx context.Context, to io.Writer, runs int) error {
	if err := w.buildClones(ctx); err != nil {
		return err
	}
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\njob\tkprep min\tmedian\tCPU\tmemory\tbudget\t\t\t\t\n")
	for _, j := range []job{
		{name: fmt.Sprintf("list --all of %d series in %d clones", clones*seriesPerClone, clones), budget: 300 * time.Millisecond, kprep: []string{"list", "--all"}},
		{name: "status", budget: 300 * time.Millisecond, kprep: []string{"status"}},
	} {
		var kprep timings
		for n := range runs + 1 {
			run, err := w.onceIn(ctx, w.clone(0), w.kprep, j.kprep...)
			if n > 0 || err != nil { // the first has to find out
				kprep.add(run, err)
			}
		}
		if kprep.err != nil {
			return fmt.Errorf("%s: %w", j.name, kprep.err)
		}
		fmt.Fprintln(table, row(j, kprep, timings{}))
	}
	return table.Flush()
}

func (w *world) clone(n int) string { return filepath.Join(w.root, fmt.Sprintf("clone-%d", n)) }

// buildClones makes one clone with series, and copies of it.
func (w *world) buildClones(ctx context.Context) error {
	if _, err := os.Stat(w.clone(clones - 1)); err == nil {
		return nil
	}
	const script = `set -e
git init -q -b main "$1"
cd "$1"
git config user.name 'Jane Doe'
git config user.email jane@example.org
echo base > file
git add file
export GIT_COMMITTER_NAME=Max GIT_COMMITTER_EMAIL=max@example.org
git commit -q -m Start
unset GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
for n in $(seq "$2"); do
	"$3" -q new series-$n -f main
	printf '%s\n' "Series $n" '' Text. '' 'To: list@lists.example.org' 'Signed-off-by: Jane Doe <jane@example.org>' | "$3" -q cover --from -
	for p in 1 2 3; do
		echo "$n" > $n-$p
		git add $n-$p
		git commit -q -m "add $n-$p" -m 'It was missing.'
	done
	"$3" -q reroll --manual "20250102-series-$n-v1-0-0123456789ab@example.org" --yes
done
git checkout -q main
for n in $(seq 1000); do git commit -q --allow-empty -m "Work $n"; done
git update-ref refs/remotes/origin/main main
git checkout -q b4/series-1
for n in $(seq 1 "$4"); do
	cp -r "$1" "$(dirname "$1")/clone-$n"
	git config --global --add kprep.repos "$(dirname "$1")/clone-$n"
done
`
	cmd := w.command(ctx, w.root, "sh", "-c", script, "clones", w.clone(0), fmt.Sprint(seriesPerClone), w.kprep, fmt.Sprint(clones-1))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("make clones: %w\n%s", err, out)
	}
	return nil
}

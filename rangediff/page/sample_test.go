package page

import (
	"fmt"
	"strings"

	"github.com/kprep/kprep/rangediff"
)

// commit makes a commit from a message and the lines of a patch to a file.
func commit(id, message, file, patch string) rangediff.Commit {
	subject, _, _ := strings.Cut(message, "\n")
	text := " ## Metadata ##\nAuthor: Jane Doe <jane@example.org>\n\n ## Commit message ##\n"
	for line := range strings.Lines(message + "\n") {
		if line != "\n" {
			line = "    " + line
		}
		text += line
	}
	c := rangediff.Commit{ID: strings.Repeat(id, 40)[:40], Short: (id + "0000000")[:7], Subject: subject, DiffAt: len(text) + 1}
	c.Text = []byte(text + "\n ## " + file + " ##\n" + patch)
	c.DiffLines = strings.Count(patch, "\n") + 1
	return c
}

func compare(old, new []rangediff.Commit) []rangediff.Change {
	return rangediff.Classify(rangediff.Compare(old, new, rangediff.DefaultCreationFactor))
}

// history is a report of a series that was sent so many times: in each
// revision one patch in three was changed, one reworded, one dropped, one new.
func history(patches, revisions int) *Report {
	r := &Report{Title: "driver: queue rework", Program: "kprep 1.0"}
	list := make([]rangediff.Commit, patches)
	for n := range list {
		list[n] = driverPatch(n, 0)
	}
	for v := 1; v < revisions; v++ {
		next := append([]rangediff.Commit(nil), list...)
		for n := range next {
			if (n+v)%3 == 0 {
				next[n] = driverPatch(n, v)
			}
		}
		gone := v % len(next)
		next = append(next[:gone:gone], next[gone+1:]...)
		next = append(next, driverPatch(100*v, 0))
		if len(next) > 4 {
			next[2], next[3] = next[3], next[2]
		}
		r.Comparisons = append(r.Comparisons, Comparison{Old: revision(v), New: revision(v + 1), Changes: compare(list, next), Diff: rangediff.DefaultDiffOptions()})
		list = next
	}
	return r
}

func revision(n int) Revision {
	return Revision{Name: fmt.Sprintf("v%d", n), Detail: fmt.Sprintf("sent 2025-0%d-02, on 1a2b3c%d", n, n)}
}

func driverPatch(n, revision int) rangediff.Commit {
	lock := []string{"mutex_lock", "spin_lock_irqsave", "guard"}[revision%3]
	message := fmt.Sprintf("driver: keep the queue of port %d in order\n\nThe queue of port %d was emptied while the device was still writing to\nit, which was seen on a %s machine as a lost packet.\n\nTake the lock before the list is looked at, and only then ask the\ndevice for its state.\n\nSigned-off-by: Jane Doe <jane@example.org>",
		n, n, []string{"slow", "very slow", "fast"}[revision%3])
	var patch strings.Builder
	fmt.Fprintf(&patch, "@@ drivers/net/queue%d.c: static int port_%d_poll(struct napi_struct *napi, int budget)\n", n, n)
	patch.WriteString(" \tstruct port *port = container_of(napi, struct port, napi);\n \tint done = 0;\n \n")
	for k := range 30 {
		name := fmt.Sprintf("port_%d_step_%d", n, k)
		fmt.Fprintf(&patch, "-\tif (list_empty(&port->%s))\n-\t\treturn %d;\n", name, k)
		if k%4 == 0 {
			fmt.Fprintf(&patch, "+\t%s(&port->%s_lock);\n+\tif (list_empty_careful(&port->%s) && budget < %d)\n+\t\tgoto out_unlock;\n", lock, name, name, k+revision)
		} else {
			fmt.Fprintf(&patch, "+\tif (list_empty_careful(&port->%s) && done <= budget)\n+\t\tgoto out_unlock;\n", name)
		}
		fmt.Fprintf(&patch, " \tdone += port_%d_finish(port, \"%s\", %d);\n", n, name, k)
	}
	return commit(fmt.Sprintf("%07x", n*16+revision+0xabc000), message, fmt.Sprintf("drivers/net/queue%d.c", n), patch.String())
}

package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/landing"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/rangediff"
	"github.com/kprep/kprep/rangediff/page"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
	"github.com/kprep/kprep/trailers"
)

// A sample is a source with series that are made up.
type sample struct {
	mu     sync.Mutex
	series []*sampleSeries
	sent   int // messages of the send that is under way; less than 0 for none
	marked []string
	looked int
}

type sampleSeries struct {
	path string
	Series
	compared map[[2]int]page.Comparison
	preview  Preview
	said     Feedback
	sends    []submission.SendStatus
}

func (s *sample) Paths() []string { return []string{"/home/jane/src/linux", "/home/jane/src/git"} }

func (s *sample) Clones(context.Context) ([]dashboard.Clone, error) {
	var clones []dashboard.Clone
	for _, path := range s.Paths() {
		c := dashboard.Clone{Path: path}
		for _, one := range s.series {
			if one.path == path {
				c.Series = append(c.Series, one.Standing)
			}
		}
		if len(c.Series) > 0 {
			clones = append(clones, c)
		}
	}
	return clones, nil
}

func (s *sample) find(r Ref) (*sampleSeries, error) {
	for _, one := range s.series {
		if one.path == r.Path && one.Branch == r.Branch {
			return one, nil
		}
	}
	return nil, &UnknownError{Branch: r.Branch}
}

func (s *sample) Series(_ context.Context, r Ref) (*Series, error) {
	one, err := s.find(r)
	if err != nil {
		return nil, err
	}
	return &one.Series, nil
}

func (s *sample) Compare(_ context.Context, r Ref, old, new int) (page.Comparison, error) {
	one, err := s.find(r)
	if err != nil {
		return page.Comparison{}, err
	}
	c, ok := one.compared[[2]int{old, new}]
	if !ok {
		return c, fmt.Errorf("there is no comparison of %d and %d", old, new)
	}
	return c, nil
}

func (s *sample) Preview(_ context.Context, r Ref) (*Preview, error) {
	one, err := s.find(r)
	if err != nil {
		return nil, err
	}
	return &one.preview, nil
}

func (s *sample) Feedback(_ context.Context, r Ref) (*Feedback, error) {
	one, err := s.find(r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	said := one.said
	said.Replies = slices.Clone(said.Replies)
	for i := range said.Replies {
		for _, mark := range s.marked {
			if id, done, _ := strings.Cut(mark, " "); id == said.Replies[i].Short() {
				said.Replies[i].Done = done == "true"
			}
		}
	}
	return &said, nil
}

func (s *sample) Sends(_ context.Context, r Ref) ([]submission.SendStatus, error) {
	one, err := s.find(r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(one.sends)
	if s.sent >= 0 && len(one.preview.Messages) > 0 {
		all = append(all, underWay(&one.preview, s.sent))
	}
	return all, nil
}

func (s *sample) Look(context.Context, Ref) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked++
	return nil
}

func (s *sample) Mark(_ context.Context, r Ref, id string, done bool) error {
	if _, err := s.find(r); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marked = append(s.marked, fmt.Sprintf("%s %v", id, done))
	return nil
}

// underWay is a send of which so many messages were accepted, the next is on its way,
// and the others wait.
func underWay(p *Preview, accepted int) submission.SendStatus {
	one := submission.SendStatus{Revision: 4, Kind: "send", State: "open", Route: "SMTP smtp.example.org:587", Created: day(8), Changed: day(8).Add(time.Duration(accepted) * time.Second),
		Running: &submission.Running{PID: 4711, Since: day(8)}}
	for i := range p.Messages {
		m := submission.MessageStatus{ID: fmt.Sprintf("20250308-queue-v4-%d-abc@example.org", i), Subject: p.Messages[i].Subject()}
		for n, who := range []string{"list@lists.example.org", "max@example.net", "anna@example.com"} {
			pair := submission.PairStatus{Recipient: who, State: sendmail.Pending}
			switch {
			case i < accepted && (i != 1 || n != 2):
				pair.State, pair.Code, pair.Reply = sendmail.Accepted, 250, "2.0.0 Ok"
			case i < accepted:
				pair.State, pair.Code, pair.Reply, pair.Step = sendmail.Refused, 550, "5.1.1 <anna@example.com>: unknown user", sendmail.Step("RCPT")
			case i == accepted:
				pair.State = sendmail.InFlight
			}
			m.Recipients = append(m.Recipients, pair)
		}
		one.Messages = append(one.Messages, m)
	}
	one.Summary = fmt.Sprintf("%d of %d messages sent", accepted, len(p.Messages))
	if accepted == len(p.Messages) {
		one.State, one.Running = "closed", nil
	}
	return one
}

func day(n int) time.Time { return time.Date(2025, 3, n, 9, 30, 0, 0, time.UTC) }

func when(n int) *time.Time {
	t := day(n)
	return &t
}

// manySeries is what a busy contributor has.
func manySeries() *sample {
	s := &sample{sent: -1, series: []*sampleSeries{queueSeries(5, 3)}}
	linux, git := s.Paths()[0], s.Paths()[1]
	for _, one := range []struct {
		path string
		dashboard.Standing
	}{
		{linux, dashboard.Standing{Branch: "b4/fix-leak", Revision: 2, Title: "spi: fix a leak of descriptors in the error path", Patches: 1, LastSent: 1, SentOn: "2025-03-01", Changed: true,
			Replies: dashboard.Replies{Total: 2}, Needs: dashboard.Needs{Checking: true}, Base: dashboard.Base{Commit: "1a2b3c4d5e6f", Branch: "origin/master", Behind: 214},
			Next: dashboard.Next{Action: dashboard.SendIt, Waiting: "you", Text: "ready to send v2", Command: "kprep send"}}},
		{linux, dashboard.Standing{Branch: "b4/clk-cleanup", Revision: 1, Title: "clk: remove what nobody calls", Patches: 12, LastSent: 1, SentOn: "2025-02-20",
			Next: dashboard.Next{Action: dashboard.Wait, Waiting: "them", Text: "waiting on them", Since: when(1)}, Replies: dashboard.Replies{Total: 4}}},
		{linux, dashboard.Standing{Branch: "b4/dt-bindings", Revision: 6, Title: "dt-bindings: net: describe the second port of the switch", Patches: 3, LastSent: 6, SentOn: "2025-03-05",
			Next: dashboard.Next{Action: dashboard.LookAtCI, Waiting: "you", Text: "CI failed: dt_binding_check", Command: "kprep status"}, CI: dashboard.CI{Fail: 1, Success: 7}, Replies: dashboard.Replies{Total: 9}}},
		{git, dashboard.Standing{Branch: "b4/rebase-docs", Revision: 1, Title: "doc: say what rebase does with empty commits", Patches: 0,
			Next: dashboard.Next{Action: dashboard.AddPatches, Waiting: "you", Text: "commit patches"}}},
		{git, dashboard.Standing{Branch: "b4/strbuf", Revision: 3, Title: "strbuf: one way to append a number", Patches: 2, LastSent: 3, SentOn: "2025-02-11",
			Each: []dashboard.Patch{{Applied: &landing.Landing{}}, {Applied: &landing.Landing{}}},
			Next: dashboard.Next{Action: dashboard.PutAway, Waiting: "nobody", Text: "applied as 5f6a7b8 in origin/next", Command: "kprep cleanup b4/strbuf"}}},
	} {
		standing := one.Standing
		for n := range standing.LastSent {
			standing.Revisions = append(standing.Revisions, dashboard.Revision{Number: n + 1, When: day(5 - 14*(standing.LastSent-1-n))})
		}
		s.series = append(s.series, &sampleSeries{path: one.path, Series: Series{Standing: &standing}})
	}
	return s
}

const sampleCover = `The queue of a port was emptied while the device was still writing to it,
which was seen on a slow machine as a lost packet, about once an hour.

Patches 1 and 2 make room for a lock of its own, patch 3 takes it, and the
last ones remove what is not needed any more. Tested on two boards.`

// queueSeries is one with everything: so many patches, sent so many times.
func queueSeries(patches, revisions int) *sampleSeries {
	standing := &dashboard.Standing{Branch: "b4/queue-rework", Current: true, ChangeID: "20250102-queue-rework-0123456789ab", Revision: revisions + 1, Patches: patches,
		Title: "driver: keep the queues of ports in order", LastSent: revisions, SentOn: "2025-03-05", SentAt: when(5), Changed: true,
		Recipients: []string{"list@lists.example.org", "max@example.net", "anna@example.com"},
		Replies:    dashboard.Replies{Total: 6, New: 1, Open: 2, AsOf: when(9), OpenFrom: []string{"Max Maintainer"}, OpenSince: when(6)},
		CI:         dashboard.CI{Success: 3}, Base: dashboard.Base{Commit: "1a2b3c4d5e6f", Branch: "origin/master", Behind: 37},
		Needs: dashboard.Needs{Checking: true}, DependsOn: []dashboard.Prerequisite{{Line: "change-id: 20241201-port-lock-aabbccddeeff:v2", Newer: 3}},
		Next: dashboard.Next{Action: dashboard.Answer, Waiting: "you", Text: "answer Max Maintainer", Since: when(6), Command: "kprep feedback"}}
	s := &sampleSeries{path: "/home/jane/src/linux", Series: Series{Standing: standing, Letter: coverletter.Letter{Subject: standing.Title, Prose: sampleCover,
		Trailers: []trailers.Trailer{{Key: "Signed-off-by", Value: "Jane Dév <jane@example.org>"}},
		Below:    []string{"Changes in v4:\n- patch 3 takes the lock before the list is looked at (Max)\n- Link to v3: https://lore.example.org/r/20250305-queue-v3-0-abc@example.org"}}},
		compared: map[[2]int]page.Comparison{}}
	for n := range patches {
		p := samplePatch(n)
		s.Diffs = append(s.Diffs, p)
		each := dashboard.Patch{Commit: p.Commit, Title: p.Subject, Changed: n%3 == 2}
		switch n {
		case 0:
			each.Has = []string{"Reviewed-by: Anna Reviewer <anna@example.com>"}
			each.Applied = &landing.Landing{Commit: "9f8e7d6c5b4a", Branch: "net-next/main", Same: true}
		case 1:
			each.Given = []string{"Acked-by: Anna Reviewer <anna@example.com>"}
		case 2:
			each.Open = 2
		case 3:
			each.Checks = []dashboard.Check{{Context: "build_clang", State: "success", Text: "no new warnings"}}
		}
		standing.Each = append(standing.Each, each)
	}
	for n := range revisions {
		s.Revisions = append(s.Revisions, dashboard.Revision{Number: n + 1, When: day(5 - 14*(revisions-1-n)), MessageID: fmt.Sprintf("v%d@example.org", n+1), Replies: n + 1})
	}
	for old := 1; old <= revisions; old++ {
		for new := 0; new <= revisions; new++ {
			s.compared[[2]int{old, new}] = sampleComparison(patches, old, new, revisions)
		}
	}
	s.preview = samplePreview(s)
	s.said = Feedback{Sources: true, Notes: []string{"what lists.example.org said is 3 hours old"}, Replies: sampleReplies()}
	return s
}

func samplePatch(n int) Patch {
	id := gitrepo.ID(strings.Repeat(fmt.Sprintf("%08x", 0xabc0000+n), 5))
	subject := fmt.Sprintf("driver: take the lock of port %d before its list is looked at", n+1)
	message := fmt.Sprintf("The queue of port %d was emptied while the device was still writing to\nit, which was seen on a slow machine as a lost packet.\n\nTake the lock first, and only then ask the device for its state.\n\nFixes: 0a1b2c3d4e5f (\"driver: one queue for each port\")\nSigned-off-by: Jane Dév <jane@example.org>", n+1)
	var hunk strings.Builder
	old, new := 3, 3
	fmt.Fprintf(&hunk, " \tstruct port *port = container_of(napi, struct port, napi);\n \tint done = 0;\n \n")
	for k := range 12 {
		fmt.Fprintf(&hunk, "-\tif (list_empty(&port->step_%d))\n-\t\treturn %d;\n", k, k)
		fmt.Fprintf(&hunk, "+\tspin_lock_irqsave(&port->lock, flags);\n+\tif (list_empty_careful(&port->step_%d) && budget < %d) /* port %d */\n+\t\tgoto out_unlock;\n", k, k+n, n+1)
		fmt.Fprintf(&hunk, " \tdone += port_finish(port, \"step_%d\", 0x%02x);\n", k, k)
		old, new = old+3, new+4
	}
	diff := fmt.Sprintf("diff --git a/drivers/net/queue%d.c b/drivers/net/queue%[1]d.c\nindex 1a2b3c4..5d6e7f8 100644\n--- a/drivers/net/queue%[1]d.c\n+++ b/drivers/net/queue%[1]d.c\n@@ -118,%d +118,%d @@ static int port_%[1]d_poll(struct napi_struct *napi, int budget)\n%[4]s", n+1, old, new, &hunk)
	diff += "diff --git a/Documentation/queue.rst b/Documentation/queue.rst\nnew file mode 100644\nindex 0000000..5d6e7f8\n--- /dev/null\n+++ b/Documentation/queue.rst\n@@ -0,0 +1,2 @@\n+Queues\n+======\n"
	return Patch{Commit: id, Author: gitrepo.Ident{Name: "Jane Dév", Email: "jane@example.org", When: day(4)}, Subject: subject, Message: message, Diff: diff}
}

// sampleCommit is a patch as a revision had it.
func sampleCommit(n, revision int) rangediff.Commit {
	p := samplePatch(n)
	text := " ## Metadata ##\nAuthor: Jane Dév <jane@example.org>\n\n ## Commit message ##\n    " + p.Subject + "\n\n"
	for line := range strings.Lines(p.Message) {
		text += "    " + line
	}
	_, diff, _ := strings.Cut(p.Diff, "budget)\n")
	if (n+revision)%2 == 0 {
		diff = strings.ReplaceAll(diff, "spin_lock_irqsave(&port->lock, flags)", fmt.Sprintf("spin_lock_v%d(&port->lock)", revision))
	}
	c := rangediff.Commit{ID: strings.Repeat(fmt.Sprintf("%08x", n*64+revision+0x1000000), 5), Short: fmt.Sprintf("%07x", n*64+revision+0x1000000), Subject: p.Subject, DiffAt: len(text) + 2}
	c.Text = []byte(text + "\n\n ## drivers/net/queue.c ##\n@@ drivers/net/queue.c: poll\n" + diff)
	c.DiffLines = strings.Count(diff, "\n") + 2
	return c
}

func sampleComparison(patches, old, new, revisions int) page.Comparison {
	side := func(revision int) (page.Revision, []rangediff.Commit) {
		name := revisionName(revision)
		if revision == 0 {
			name, revision = "b4/queue-rework", revisions+1
		}
		var list []rangediff.Commit
		for n := range patches {
			if (n+revision)%7 != 6 {
				list = append(list, sampleCommit(n, revision))
			}
		}
		return page.Revision{Name: name, Detail: fmt.Sprintf("%d patches on 1a2b3c4", len(list))}, list
	}
	a, before := side(old)
	b, after := side(new)
	return page.Comparison{Old: a, New: b, Changes: rangediff.Classify(rangediff.Compare(before, after, rangediff.DefaultCreationFactor)), Diff: rangediff.DefaultDiffOptions()}
}

func samplePreview(s *sampleSeries) Preview {
	p := Preview{Route: "SMTP smtp.example.org:587 as jane@example.org", Signing: "signed by ed25519:20250102 as jane@example.org", Approval: "1:5f3c9a2be1d04c77",
		Recipients: []Recipient{
			{Address: "Linux Driver List <list@lists.example.org>", Field: "To", Why: []string{"cover letter", "MAINTAINERS: L of QUEUE DRIVER, by the file drivers/net/queue1.c"}},
			{Address: "Max Maintainer <max@example.net>", Field: "To", Why: []string{"MAINTAINERS: M of QUEUE DRIVER, by the file drivers/net/queue1.c"}},
			{Address: "Anna Reviewer <anna@example.com>", Field: "Cc", Messages: []int{0, 1, 2}, Why: []string{"Reviewed-by of patch 1", "Acked-by of patch 2"}},
		},
		Problems: []submission.Problem{{Name: "needs-checking", Text: "the patches were changed since they were checked", Next: "'kprep check' checks them"}}}
	subject := func(k int, title string) string {
		return fmt.Sprintf("[PATCH net-next v%d %d/%d] %s", s.Revision, k, len(s.Diffs), title)
	}
	header := func(k int, title string) []Field {
		h := []Field{{"From", "Jane Dév <jane@example.org>"}, {"To", "Linux Driver List <list@lists.example.org>, Max Maintainer <max@example.net>"}, {"Cc", "Anna Reviewer <anna@example.com>"},
			{"Subject", subject(k, title)}, {"Date", "when it is sent"}, {"Message-ID", fmt.Sprintf("<20250309-queue-rework-v%d-%d-abc@example.org>", s.Revision, k)}}
		if k > 0 {
			h = append(h, Field{"In-Reply-To", fmt.Sprintf("<20250309-queue-rework-v%d-0-abc@example.org>", s.Revision)})
		}
		return h
	}
	p.Messages = append(p.Messages, Message{Name: "0000-cover.eml", Header: header(0, s.Title),
		Body: s.Letter.Body() + "\n\n---\nJane Dév (" + fmt.Sprint(len(s.Diffs)) + "):\n      driver: take the lock\n\n drivers/net/queue.c | 36 ++++++++++++----------\n\n---\nbase-commit: 1a2b3c4d5e6f\nchange-id: 20250102-queue-rework-0123456789ab\n\nBest regards,\n-- \nJane Dév <jane@example.org>\n", Raw: []byte("From: Jane\n\nbody\n")})
	for n, d := range s.Diffs {
		p.Messages = append(p.Messages, Message{Name: fmt.Sprintf("%04d.eml", n+1), Header: header(n+1, d.Subject),
			Body: d.Message + "\n---\n drivers/net/queue.c | 36 ++++++++++----\n 1 file changed\n\n" + d.Diff + "\n-- \n2.47.0\n", Raw: []byte("From: Jane\n\nbody\n")})
	}
	return p
}

func sampleReplies() []feedback.Reply {
	max, anna, jane := patchmail.Address{Name: "Max Maintainer", Mailbox: "max@example.net"}, patchmail.Address{Name: "Anna Reviewer", Mailbox: "anna@example.com"}, patchmail.Address{Name: "Jane Dév", Mailbox: "jane@example.org"}
	at := func(line int) *feedback.Location {
		return &feedback.Location{File: "drivers/net/queue3.c", Line: line, SentFile: "drivers/net/queue3.c", SentLine: line}
	}
	three := trailers.Place{Mine: true, Revision: 3, Number: 3, Patch: 2}
	return []feedback.Reply{
		{ID: "r1@example.net", From: max, Date: day(6), Kind: feedback.Review, Place: trailers.Place{Mine: true, Revision: 3, Cover: true, Patch: -1}, Done: true,
			Remarks: []feedback.Remark{{Text: []string{"Thanks, this looks much better than v2."}}}},
		{ID: "r2@example.com", From: anna, Date: day(6), Kind: feedback.Trailers, Place: trailers.Place{Mine: true, Revision: 3, Number: 2, Patch: 1},
			Trailers: []trailers.Given{{Trailer: trailers.Trailer{Key: "Acked-by", Value: "Anna Reviewer <anna@example.com>"}}}},
		{ID: "r3@example.net", From: max, Date: day(6), Kind: feedback.Review, Place: three, New: true,
			Remarks: []feedback.Remark{
				{Quote: "+\tspin_lock_irqsave(&port->lock, flags);", At: at(121), Text: []string{"Why irqsave? The caller has interrupts off", "already, see port_poll_all()."}},
				{Quote: "+\tmutex_lock(&port->lock);", At: &feedback.Location{File: "drivers/net/queue3.c", Line: 140, Gone: true, SentFile: "drivers/net/queue3.c", SentLine: 140}, Text: []string{"This sleeps, and it must not."}},
				{Quote: "Take the lock first, and only then ask the", Text: []string{"Please say here what the device does when it is asked too early."}},
			}},
		{ID: "r4@example.org", From: jane, Date: day(7), Kind: feedback.Own, Place: three, Depth: 1, Remarks: []feedback.Remark{{Quote: "already, see port_poll_all().", Text: []string{"Not on the path from the watchdog; I will add a comment."}}}},
		{ID: "r5@example.com", From: anna, Date: day(7), Kind: feedback.Review, Place: three, Depth: 2,
			Remarks: []feedback.Remark{{Quote: "-\tif (list_empty(&port->step_4))", At: at(137), Text: []string{"Is this one reached at all?"}}}},
		{ID: "r6@ci.example.org", From: patchmail.Address{Name: "Build Robot", Mailbox: "robot@ci.example.org"}, Date: day(5), Kind: feedback.Bot, Place: trailers.Place{Mine: true, Revision: 2, Number: 6, Patch: -1}, Title: "driver: drop the old queue",
			Report: &feedback.Report{Robot: "build", Verdict: feedback.Passed}, Remarks: []feedback.Remark{{Text: []string{"All builds passed."}}}},
	}
}

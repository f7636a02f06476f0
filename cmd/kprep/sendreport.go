package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

// reportSend tells how a send ended. The last line on stdout is how far it
// came.
func (e *env) reportSend(c *cli.Context, kind submission.Kind, p *sendProgress, out submission.Outcome, err error) error {
	status := out.Summary.Status()
	unfinished := (*submission.UnfinishedError)(nil)
	switch {
	case errors.As(err, &unfinished):
		status = unfinished.Status()
	case err != nil:
		e.progress.doing("")
		return err
	}
	p.end(status, out, err)
	if c.Bool("json") && out.Journal != "" {
		jsonErr := e.reportJSON(c.Context, out.Journal, status)
		if e.stdout.err != nil {
			jsonErr = nil // run tells of it, and the mail counts more
		}
		if jsonErr != nil || err != nil {
			return errors.Join(err, jsonErr)
		}
	}
	if err != nil {
		if status == statusFailed || c.Bool("json") || p.stream != nil {
			return err
		}
		report(e.stderr, err)
		next := "; kprep send --continue"
		switch {
		case unfinished != nil && unfinished.Over:
			next = ""
		case errors.As(err, new(*sendmail.DamagedError)):
			next = "; kprep send --abandon"
		}
		fmt.Fprintf(e.stdout, "%s%s\n", out.Summary, next)
		return &exitError{status: status}
	}
	if !c.Bool("json") && p.stream == nil {
		writeRefusals(e.stdout, out, e.verbose)
		fmt.Fprintln(e.stdout, out.Summary.String())
	}
	switch kind {
	case submission.KindReflect:
		e.notef("they went to you alone; the branch is as it was")
	case submission.KindPreview:
		e.notef("they went to those of --preview-to alone; the branch is as it was")
	case submission.KindResend:
		e.notef("the branch is as it was")
	}
	if out.Tag != "" {
		e.notef("tagged %s; the branch is now v%d", out.Tag, out.NextRevision)
		e.notef("describe what changes in v%d with 'kprep cover'; compare with 'kprep diff'", out.NextRevision)
	}
	if status != 0 || e.stdout.err != nil {
		return &exitError{status: status}
	}
	return nil
}

func (e *env) reportJSON(ctx context.Context, journal string, status int) error {
	one, err := submission.ReadStatus(ctx, e.repo, journal, e.verbose)
	if err != nil {
		return err
	}
	one.Status = status
	return e.printSends(one)
}

// printSends prints the JSON document of sends.
func (e *env) printSends(sends ...submission.SendStatus) error {
	return e.printJSON(sendsJSON{Schema: 1, Sends: append([]submission.SendStatus{}, sends...)})
}

// writeRefusals lists who was refused what, and why.
func writeRefusals(w io.Writer, out submission.Outcome, showBcc bool) {
	type refusal struct{ recipient, answer string }
	var order []refusal
	messages := map[refusal][]string{}
	for _, r := range out.Receipts {
		if r.State != sendmail.Refused {
			continue
		}
		pair := submission.PairOf(r, out.Messages[r.Message].Bcc, showBcc)
		one := refusal{pair.Recipient, pair.Answer()}
		if messages[one] == nil {
			order = append(order, one)
		}
		messages[one] = append(messages[one], fmt.Sprintf("%04d", r.Message))
	}
	for _, r := range order {
		fmt.Fprintf(w, "refused for %s: %s (%s)\n", patchmail.PrintableLine(r.recipient), patchmail.PrintableLine(r.answer), strings.Join(messages[r], ", "))
	}
}

// sendsJSON is the JSON document of sends.
type sendsJSON struct {
	Schema int                     `json:"schema"` // 1
	Sends  []submission.SendStatus `json:"sends"`
}

// sendStatus shows the sends of the series that is checked out; elsewhere
// those of all series that are not over.
func (e *env) sendStatus(c *cli.Context) error {
	repo, err := e.openRepo(c.Context)
	if err != nil {
		return err
	}
	ids, err := e.seriesHere(c.Context)
	if err != nil {
		return err
	}
	sends := []submission.SendStatus{}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		of, err := submission.Statuses(c.Context, repo, id, ids[id], e.verbose)
		if err != nil {
			return err
		}
		sends = append(sends, of...)
	}
	if c.Bool("json") {
		return e.printSends(sends...)
	}
	if len(sends) == 0 {
		e.notef("nothing was sent yet")
		return nil
	}
	var text strings.Builder
	for i, s := range sends {
		if i > 0 {
			text.WriteByte('\n')
		}
		writeStatus(&text, s)
	}
	return e.page(c.Context, repo, []byte(text.String()))
}

// seriesHere is the change-id of the series that is checked out, and its
// revision; where there is none, those of all with a send that is not over,
// whose revisions are 0.
func (e *env) seriesHere(ctx context.Context) (map[string]int, error) {
	s, err := series.LoadToLook(ctx, e.repo)
	if err != nil && !noSeries(err) && !errors.As(err, new(*gitrepo.BusyError)) {
		return nil, err
	}
	if err == nil {
		return map[string]int{s.Tracking.ChangeID: s.Tracking.Revision}, nil
	}
	open, listErr := submission.OpenSends(ctx, e.repo)
	if listErr != nil {
		return nil, listErr
	}
	if len(open) == 0 {
		return nil, err
	}
	ids := map[string]int{}
	for _, id := range open {
		ids[id] = 0
	}
	return ids, nil
}

// noSeries says that what is checked out is no series, nor one that is damaged.
func noSeries(err error) bool {
	return errors.As(err, new(*series.NotPreparedError)) || errors.Is(err, series.ErrDetached) || errors.As(err, new(*series.UnbornError))
}

func writeStatus(b *strings.Builder, s submission.SendStatus) {
	fmt.Fprintf(b, "%s v%d, %s, %s since %s\n", patchmail.PrintableLine(s.ChangeID), s.Revision, s.Kind, s.State, clock(s.Changed))
	if s.Route != "" {
		fmt.Fprintf(b, "begun %s, through %s", clock(s.Created), patchmail.PrintableLine(s.Route))
		if s.Signer != nil {
			fmt.Fprintf(b, ", signed by %s as %s", patchmail.PrintableLine(s.Signer.Key), patchmail.PrintableLine(s.Signer.Identity))
		}
		b.WriteByte('\n')
	}
	for _, what := range s.Damage {
		fmt.Fprintf(b, "damaged: %s\n", patchmail.PrintableLine(what))
	}
	for _, m := range s.Messages {
		fmt.Fprintf(b, "  %s\n    <%s>\n", patchmail.PrintableLine(m.Subject), patchmail.PrintableLine(m.ID))
		if m.OnWire != "" && m.OnWire != m.ID {
			fmt.Fprintf(b, "    renamed by the server to <%s>\n", patchmail.PrintableLine(m.OnWire))
		}
		for len(m.Recipients) > 0 {
			first := m.Recipients[0]
			var who []string
			m.Recipients = slices.DeleteFunc(slices.Clone(m.Recipients), func(p submission.PairStatus) bool {
				same := p.State == first.State && p.Answer() == first.Answer()
				if same {
					who = append(who, patchmail.PrintableLine(p.Recipient))
				}
				return same
			})
			fmt.Fprintf(b, "    %s", first.State)
			if first.Time != nil {
				fmt.Fprintf(b, " %s", clock(*first.Time))
			}
			fmt.Fprintf(b, "  %s", strings.Join(who, ", "))
			if answer := first.Answer(); answer != "" {
				fmt.Fprintf(b, ": %s", patchmail.PrintableLine(answer))
			}
			b.WriteByte('\n')
		}
	}
	switch {
	case s.Running != nil:
		fmt.Fprintf(b, "kprep with process id %d is sending since %s\n", s.Running.PID, clock(s.Running.Since))
		b.WriteString(s.Summary + "\n")
	case s.IsOver():
		b.WriteString(s.Summary + "\n")
	case s.CanContinue():
		b.WriteString(s.Summary + "; kprep send --continue\n")
	default:
		b.WriteString(s.Summary + "; kprep send --abandon\n")
	}
}

func clock(t time.Time) string { return t.Local().Format(time.DateTime) }

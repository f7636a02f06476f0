package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

func feedbackCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "feedback",
		Category:  groupReview,
		Usage:     "show what others have said, by patch and line",
		ArgsUsage: "[PATCH]",
		Description: "Looks for replies to every revision of the series in the archives of kprep.archive,\n" +
			"and shows those that are new, and those about which something is left to do:\n" +
			"  * new   o open   x done   - nothing to do\n" +
			"File and line are those of the branch as it is now. PATCH is the number of a patch,\n" +
			"the beginning of its commit, or \"cover\". An ID is the word in front of a reply, its\n" +
			"message-id, or a URL with that.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "all replies, also those that are done, and your own"},
			&cli.BoolFlag{Name: "new", Usage: "only those that were not shown yet"},
			&cli.StringSliceFlag{Name: "done", Usage: "nothing is left to do about `ID`, and more of them behind it"},
			&cli.StringSliceFlag{Name: "undone", Usage: "take --done of `ID` back, and more of them behind it"},
			&cli.StringFlag{Name: "open", Usage: "show the message `ID` in the program of kprep.mailer or $MAILER, or print it"},
			offlineFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print JSON; nothing counts as shown"},
		},
		Action: func(c *cli.Context) error {
			job, err := parseFeedback(c)
			if err != nil {
				return err
			}
			s, err := e.loadCurrent(c.Context)
			if err != nil {
				return err
			}
			switch {
			case len(job.done)+len(job.undone) > 0:
				return e.markDone(c, s, job)
			case c.IsSet("open"):
				return e.openReply(c, s, c.String("open"))
			}
			return e.feedback(c, s, job.patch)
		},
	}
}

// A feedbackJob is what the words ask for.
type feedbackJob struct {
	patch        string
	done, undone []string
}

// parseFeedback refuses what is wrong by the words alone. Words behind the options
// belong to --done or --undone where one of them is there.
func parseFeedback(c *cli.Context) (feedbackJob, error) {
	words, err := argsBetween(c, 0, -1)
	if err != nil {
		return feedbackJob{}, err
	}
	job := feedbackJob{done: c.StringSlice("done"), undone: c.StringSlice("undone")}
	marks := c.IsSet("done") || c.IsSet("undone")
	switch {
	case marks && c.IsSet("done") && c.IsSet("undone") && len(words) > 0:
		return job, usagef("feedback", "say with --done or --undone what to do with %q", words[0])
	case c.IsSet("done"):
		job.done = append(job.done, words...)
	case c.IsSet("undone"):
		job.undone = append(job.undone, words...)
	case len(words) > 1:
		return job, usagef("feedback", "it takes at most one PATCH, not %d", len(words))
	case len(words) == 1:
		job.patch = words[0]
	}
	if marks {
		for _, other := range []string{"all", "new", "open", "json"} {
			if c.IsSet(other) {
				return job, usagef("feedback", "--done and --undone go alone, not with --%s", other)
			}
		}
	}
	if c.IsSet("open") && (c.Bool("all") || c.Bool("new") || c.Bool("json") || job.patch != "") {
		return job, usagef("feedback", "--open goes alone")
	}
	return job, exclusive(c, "all", "new")
}

// markDone notes that something, or nothing, is left to do about replies.
func (e *env) markDone(c *cli.Context, s *series.Series, job feedbackJob) error {
	done, err := e.replyIDs(s, "feedback", job.done)
	if err != nil {
		return err
	}
	undone, err := e.replyIDs(s, "feedback", job.undone)
	if err != nil {
		return err
	}
	if err := s.UpdateState(c.Context, "feedback", e.now(), func(st *series.State) {
		st.MarkDone(done...)
		st.MarkUndone(undone...)
	}); err != nil {
		return err
	}
	if err := s.MarkSeen(append(done, undone...)...); err != nil {
		return err
	}
	left, err := feedback.Summarize(e.repo, s)
	if err != nil {
		return err
	}
	e.notef("%s open", plural(left.Open, "reply is", "replies are"))
	return nil
}

// feedback shows the replies that are asked for, and notes that they were shown.
func (e *env) feedback(c *cli.Context, s *series.Series, word string) error {
	about, err := aboutPatch(s, word)
	if err != nil {
		return err
	}
	r, err := e.lookForFeedback(c, s)
	if err != nil {
		return err
	}
	var chosen []feedback.Reply
	for _, one := range r.all.Replies {
		if about(&one) && (c.Bool("all") || one.New || !c.Bool("new") && one.Open()) {
			chosen = append(chosen, one)
		}
	}
	if c.Bool("json") {
		return e.printJSON(r.report(chosen))
	}
	if len(chosen) == 0 {
		if err := unanswered(r.sources, false); err != nil {
			return err // that there is nothing is not known
		}
		e.noteNoFeedback(c, r)
		return nil
	}
	if err := e.page(c.Context, e.repo, []byte(e.drawFeedback(r, chosen))); err != nil {
		return err
	}
	var shown []string
	for _, one := range chosen {
		if one.New {
			shown = append(shown, one.ID)
		}
	}
	return s.MarkSeen(shown...)
}

// noteNoFeedback says why nothing is shown.
func (e *env) noteNoFeedback(c *cli.Context, r *review) {
	switch {
	case len(r.all.Replies) == 0 && len(r.history.FirstIDs) == 0:
		e.notef("nothing of this series was sent from here, and nobody has said anything that names it")
	case len(r.all.Replies) == 0:
		e.notef("nobody has answered yet")
	case c.Bool("new"):
		e.notef("nothing is new")
	default:
		e.notef("nothing is open; 'kprep feedback --all' shows %s", plural(len(r.all.Replies), "reply", "replies"))
	}
}

// aboutPatch reads which patch is meant; all are by "".
func aboutPatch(s *series.Series, word string) (func(*feedback.Reply) bool, error) {
	at := -1
	number, err := strconv.Atoi(word)
	switch {
	case word == "":
		return func(*feedback.Reply) bool { return true }, nil
	case word == "cover" || word == "0":
		return func(r *feedback.Reply) bool { return r.Place.Cover }, nil
	case err == nil && number >= 1 && number <= len(s.Patches):
		at = number - 1
	case len(word) >= 4:
		for i, p := range s.Patches {
			if strings.HasPrefix(string(p.ID), strings.ToLower(word)) {
				if at >= 0 {
					return nil, usagef("feedback", "%q can be several patches", word)
				}
				at = i
			}
		}
	}
	if at < 0 {
		return nil, usagef("feedback", "there is no patch %q; the series has %s", word, plural(len(s.Patches), "patch", "patches"))
	}
	return func(r *feedback.Reply) bool { return r.Place.Patch == at }, nil
}

// drawFeedback is the text of a list of replies.
func (e *env) drawFeedback(r *review, chosen []feedback.Reply) string {
	var out strings.Builder
	heading := ""
	for _, one := range chosen {
		if now := r.heading(&one); now != heading {
			if heading != "" {
				out.WriteByte('\n')
			}
			fmt.Fprintf(&out, "%s\n", now)
			heading = now
		}
		drawReply(&out, &one)
	}
	return out.String()
}

// heading names what a reply is about.
func (r *review) heading(one *feedback.Reply) string {
	p := &one.Place
	switch {
	case p.Cover:
		return "cover letter"
	case p.Patch >= 0:
		return fmt.Sprintf("%d/%d %s %s", p.Patch+1, len(r.all.Patches), r.series.Patches[p.Patch].ID.Short(), patchmail.PrintableLine(r.all.Patches[p.Patch]))
	case one.Title != "":
		return fmt.Sprintf("v%d %d (not in the branch) %s", p.Revision, p.Number, patchmail.PrintableLine(one.Title))
	}
	return fmt.Sprintf("v%d %d (not in the branch)", p.Revision, p.Number)
}

// maxShown is how many lines of what somebody says in one place are shown.
const maxShown = 8

func drawReply(out *strings.Builder, r *feedback.Reply) {
	indent := "  " + strings.Repeat("  ", min(r.Depth, 8))
	fmt.Fprintf(out, "%s%s %s %s, %s, on v%d", indent, replyMark(r), r.Short(), patchmail.PrintableLine(nameOf(r.From)), dayOf(r), r.Place.Revision)
	switch {
	case r.Kind == feedback.Own:
		out.WriteString(" (you)")
	case r.Report != nil:
		fmt.Fprintf(out, " (CI: %s, %s)", patchmail.PrintableLine(r.Report.Robot), r.Report.Verdict)
	case r.Kind == feedback.Bot:
		out.WriteString(" (a program)")
	case r.Answered && !r.Done:
		out.WriteString(" (answered)")
	}
	out.WriteByte('\n')
	for _, remark := range r.Remarks {
		if at := whereText(remark.At); at != "" {
			fmt.Fprintf(out, "%s    %s\n", indent, at)
			fmt.Fprintf(out, "%s    > %s\n", indent, patchmail.Printable(remark.Quote))
		}
		for i, line := range remark.Text {
			if i == maxShown && len(remark.Text) > maxShown+1 {
				fmt.Fprintf(out, "%s    [%d more lines]\n", indent, len(remark.Text)-maxShown)
				break
			}
			fmt.Fprintln(out, strings.TrimRight(indent+"    "+patchmail.Printable(line), " "))
		}
	}
	if len(r.Remarks) == 0 {
		fmt.Fprintf(out, "%s    [nothing but what it quotes or appends]\n", indent)
	}
}

func replyMark(r *feedback.Reply) string {
	switch {
	case r.New:
		return "*"
	case r.Done:
		return "x"
	case r.Open():
		return "o"
	}
	return "-"
}

func nameOf(a patchmail.Address) string {
	switch {
	case a.Name != "":
		return a.Name
	case a.Mailbox != "":
		return a.Mailbox
	}
	return "somebody"
}

func dayOf(r *feedback.Reply) string {
	if r.Date.IsZero() {
		return "no date"
	}
	return r.Date.Format("2006-01-02")
}

// whereText is "core.c:8", as editors take it, and what is to be known of it.
func whereText(at *feedback.Location) string {
	switch {
	case at == nil:
		return ""
	case at.File == "":
		return patchmail.PrintableLine(at.SentFile) + ":" + strconv.Itoa(at.SentLine) + " as it was sent"
	}
	text := patchmail.PrintableLine(at.File) + ":" + strconv.Itoa(at.Line)
	switch {
	case at.Gone:
		text += " (the line is gone)"
	case at.Patch > 0:
		text += fmt.Sprintf(" after patch %d (a later one changes it)", at.Patch)
	}
	return text
}

package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/landing"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

func statusCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "status",
		Category: groupLook,
		Usage:    "tell how far the series is, and what comes next",
		Description: "What was sent, what others have said, which patches the project has applied, and\n" +
			"what the series waits for. It tells what kprep has seen already; --fetch looks for\n" +
			"replies first, and asks the Patchwork server of kprep.patchwork. 'git fetch' brings\n" +
			"the branches that patches land in.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "fetch", Usage: "look for replies and checks first"},
			&cli.BoolFlag{Name: "diff", Usage: "show what the maintainer has changed in what was applied"},
			offlineFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			if err := exclusive(c, "diff", "json"); err != nil {
				return err
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			s, err := series.LoadToLook(c.Context, repo)
			if err != nil {
				return err
			}
			var unfetched error
			if c.Bool("fetch") {
				if unfetched, err = e.fetchStatus(c, s); err != nil {
					return err
				}
			}
			standing, err := dashboard.ReadSeries(c.Context, repo, s.Branch, e.dashboardOptions())
			if err != nil {
				return err
			}
			if standing == nil {
				return &series.NotPreparedError{Branch: s.Branch}
			}
			for _, trouble := range standing.Trouble {
				e.warnf("%s", patchmail.PrintableLine(trouble))
			}
			if err := e.showStatus(c, standing); err != nil {
				return err
			}
			return unfetched
		},
	}
}

func (e *env) showStatus(c *cli.Context, s *dashboard.Standing) error {
	if c.Bool("json") {
		return e.printJSON(statusReport{Schema: 1, Standing: s})
	}
	if _, err := fmt.Fprint(e.reader(), e.drawStatus(s)); err != nil || !c.Bool("diff") {
		return err
	}
	return e.printLandings(c, s)
}

// A statusReport is the JSON document of one series.
type statusReport struct {
	Schema int `json:"schema"` // 1
	*dashboard.Standing
}

// drawStatus shows the way of the series, the facts line by line, then the patches.
func (e *env) drawStatus(s *dashboard.Standing) string {
	var b strings.Builder
	line := func(name, format string, words ...any) {
		fmt.Fprintf(&b, "  %-9s %s\n", name, patchmail.PrintableLine(fmt.Sprintf(format, words...)))
	}
	fmt.Fprintf(&b, "%s, v%d: %s\n", patchmail.PrintableLine(s.Branch), s.Revision, patchmail.PrintableLine(s.Title))
	b.WriteString(drawTimeline(e.canvas(), s.Timeline()))
	next := e.nextWords(s)
	if s.Next.Command != "" {
		next += ": '" + s.Next.Command + "'"
	}
	line("next", "%s", next)
	if s.LastSent > 0 {
		line("sent", "v%d on %s%s", s.LastSent, s.SentOn, recipientWords(s.Recipients))
	} else {
		line("sent", "not yet%s", recipientWords(s.Recipients))
	}
	if s.LastSent > 0 || s.Replies.Total > 0 {
		line("replies", "%s", e.replyWords(&s.Replies))
	}
	if ci := ciWords(&s.CI); ci != "" {
		line("CI", "%s", ci)
	}
	line("base", "%s", baseWords(&s.Base))
	for _, p := range s.DependsOn {
		text := p.Line
		if p.Newer > 0 {
			text += fmt.Sprintf(", which is v%d by now", p.Newer)
		}
		line("needs", "%s", text)
	}
	if todo := needWords(s); todo != "" {
		line("to do", "%s", todo)
	}
	for i := range s.Each {
		drawPatch(&b, i+1, &s.Each[i], s)
	}
	if s.Partial {
		b.WriteString("  (the branches have too many commits to search all of them for what was applied)\n")
	}
	return b.String()
}

func recipientWords(all []string) string {
	switch len(all) {
	case 0:
		return ""
	case 1:
		return ", to " + all[0]
	}
	return fmt.Sprintf(", to %s and %s", all[0], plural(len(all)-1, "other", "others"))
}

func (e *env) replyWords(r *dashboard.Replies) string {
	if r.AsOf == nil {
		return "nobody has looked yet, 'kprep status --fetch' does"
	}
	text := "none"
	if r.Total > 0 {
		text = fmt.Sprintf("%d, %d new, %d open", r.Total, r.New, r.Open)
	}
	if r.Last != nil {
		text += fmt.Sprintf("; the last from %s, %s", r.Last.Who(), r.Last.When.UTC().Format("2006-01-02"))
	}
	return text + "; as of " + r.AsOf.Local().Format("2006-01-02 15:04")
}

func baseWords(b *dashboard.Base) string {
	switch {
	case b.Branch == "":
		return b.Commit.Short() + ", in no branch of the project that is known here"
	case b.Behind == 0:
		return fmt.Sprintf("%s, the tip of %s", b.Commit.Short(), b.Branch)
	}
	return fmt.Sprintf("%s, %s behind %s", b.Commit.Short(), plural(b.Behind, "commit", "commits"), b.Branch)
}

// needWords lists what a send would warn of.
func needWords(s *dashboard.Standing) string {
	var words []string
	for _, need := range []struct {
		is   bool
		word string
	}{
		{s.Needs.Editing, "the cover letter"},
		{s.Needs.Recipients || s.Needs.Collecting, "recipients"},
		{s.Needs.Checking, "checks"},
		{s.Needs.CheckDeps, "a check of what it depends on"},
	} {
		if need.is {
			words = append(words, need.word)
		}
	}
	return strings.Join(words, ", ")
}

func drawPatch(b *strings.Builder, number int, p *dashboard.Patch, s *dashboard.Standing) {
	title := patchmail.PrintableLine(p.Title)
	var notes []string
	if p.Applied != nil {
		notes = append(notes, appliedNote(p.Applied, s))
	}
	if p.Changed {
		notes = append(notes, fmt.Sprintf("changed since v%d", s.LastSent))
	}
	if p.Tracked != "" {
		notes = append(notes, "in Patchwork: "+p.Tracked)
	}
	if p.Open > 0 {
		notes = append(notes, plural(p.Open, "reply open", "replies open"))
	}
	fmt.Fprintf(b, "%3d %s\n", number, title)
	if len(notes) > 0 {
		fmt.Fprintf(b, "    %s\n", patchmail.PrintableLine(strings.Join(notes, "; ")))
	}
	drawChecks(b, p.Checks)
	for _, t := range p.Has {
		fmt.Fprintf(b, "    %s\n", patchmail.PrintableLine(t))
	}
	for _, t := range p.Given {
		fmt.Fprintf(b, "    + %s\n", patchmail.PrintableLine(t))
	}
}

// appliedNote says where a patch has landed.
func appliedNote(l *landing.Landing, s *dashboard.Standing) string {
	text := fmt.Sprintf("applied as %s in %s", l.Commit.Short(), l.Branch)
	if l.Revision > 0 && l.Revision < s.LastSent {
		text += fmt.Sprintf(", from v%d", l.Revision)
	}
	if l.Part {
		var others []string
		for i, p := range s.Each {
			if i != l.Patch && p.Applied != nil && p.Applied.Commit == l.Commit {
				others = append(others, fmt.Sprint(i+1))
			}
		}
		text += ", together with " + strings.Join(others, " and ")
	}
	if !l.Same {
		text += ", changed"
	}
	if l.Reverted != "" {
		text += ", and taken back by " + l.Reverted.Short()
	}
	return text
}

// printLandings shows what was changed in the patches that were applied with
// changes.
func (e *env) printLandings(c *cli.Context, s *dashboard.Standing) error {
	printer, err := e.diffPrinter(c.Context, "")
	if err != nil {
		return err
	}
	for i := 0; i < len(s.Each); i++ {
		l := s.Each[i].Applied
		if l == nil || l.Same {
			continue
		}
		last := i
		for last+1 < len(s.Each) && s.Each[last+1].Applied != nil && s.Each[last+1].Applied.Commit == l.Commit {
			last++
		}
		pairs, err := landing.Change(c.Context, e.repo, s.Each[i].Commit, s.Each[last].Commit, l.Commit)
		if err != nil {
			return err
		}
		fmt.Fprintln(e.stdout)
		if err := printer.Print(e.stdout, pairs); err != nil {
			return err
		}
		i = last
	}
	return nil
}

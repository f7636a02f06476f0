package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/submission"
)

func listCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "list",
		Category: groupLook,
		Usage:    "list all my series, and what each waits for",
		Description: "Tells of each series how far it is, what was said and applied as far as kprep has\n" +
			"looked, and what comes next. Nothing is fetched; 'kprep status' says more of one.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "those of all clones in kprep.repos, and of this one"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			if c.Bool("all") {
				return e.listClones(c)
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			all, err := dashboard.ReadRepository(c.Context, repo, e.dashboardOptions())
			if err != nil {
				return err
			}
			e.warnStrays(c.Context, repo, all)
			if c.Bool("json") {
				return e.printJSON(listing{Schema: 1, Series: append([]*dashboard.Standing{}, all...)})
			}
			if len(all) == 0 {
				e.notef("there is no series in this repository; start one with 'kprep new NAME'")
				return nil
			}
			_, err = fmt.Fprint(e.stdout, e.drawList(all))
			return err
		},
	}
}

// A listing is the JSON document of a list of series.
type listing struct {
	Schema int                   `json:"schema"` // 1
	Series []*dashboard.Standing `json:"series"`
}

// A clonesReport is the JSON document of the series of several clones.
type clonesReport struct {
	Schema int               `json:"schema"` // 1
	Clones []dashboard.Clone `json:"clones"`
}

func (e *env) dashboardOptions() dashboard.Options {
	var mu sync.Mutex
	looked, total := 0, 0
	looking := func(done, more int) {
		mu.Lock()
		defer mu.Unlock()
		looked, total = looked+done, total+more
		e.progress.count("looking at series", looked, total)
	}
	return dashboard.Options{Home: e.getenv("HOME"), Broken: func(err error) { e.warnf("%s", withHint(err)) }, Looking: looking}
}

// errNoClones means that there is nothing to list.
var errNoClones = errors.New("this is no git repository, and kprep.repos names none")

// listClones lists the series of the clones in kprep.repos, and of the one that we
// are in.
func (e *env) listClones(c *cli.Context) error {
	here, paths, err := e.clonePaths(c.Context)
	if err != nil {
		return err
	}
	if here == nil && len(paths) == 0 {
		return errNoClones
	}
	clones, err := dashboard.ReadClones(c.Context, here, paths, gitrepo.Options{Env: e.environ, Config: e.config}, e.dashboardOptions())
	if err != nil {
		return err
	}
	failed := 0
	for _, clone := range clones {
		for _, warning := range clone.Warnings {
			e.warnf("%s: %s", patchmail.PrintableLine(clone.Path), patchmail.PrintableLine(warning))
		}
		if clone.Error != "" {
			failed++
			words := strings.Join(strings.Fields(clone.Error), " ") // git says some things in several lines
			e.warnf("%s: %s", patchmail.PrintableLine(clone.Path), patchmail.PrintableLine(words))
		}
	}
	text := e.drawClones(clones)
	switch {
	case c.Bool("json"):
		err = e.printJSON(clonesReport{Schema: 1, Clones: clones})
	case text == "" && failed == 0:
		e.notef("there is no series in any of these clones; start one with 'kprep new NAME'")
	default:
		_, err = fmt.Fprint(e.stdout, text)
	}
	if err == nil && failed > 0 {
		err = &exitError{status: statusFailed}
	}
	return err
}

// clonePaths are those of kprep.repos, and the clone that we are in, nil for none.
func (e *env) clonePaths(ctx context.Context) (here *gitrepo.Repo, paths []string, err error) {
	here, err = e.openRepo(ctx)
	reader := here
	if errors.Is(err, gitrepo.ErrNotRepository) {
		here = nil
		reader, err = gitrepo.Attach(ctx, e.dir, gitrepo.Options{Env: e.environ, Config: e.config})
	}
	if err != nil {
		return nil, nil, err
	}
	config, err := reader.Config()
	if err != nil {
		return nil, nil, err
	}
	return here, e.mailPaths(config.All("kprep.repos")), nil
}

func (e *env) drawClones(clones []dashboard.Clone) string {
	var b strings.Builder
	for _, clone := range clones {
		if len(clone.Series) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s\n%s", patchmail.PrintableLine(clone.Path), e.drawList(clone.Series))
	}
	return b.String()
}

// drawList shows each series in two lines: which it is, and what it waits for; where
// there is no room for that, in more.
func (e *env) drawList(all []*dashboard.Standing) string {
	on := e.canvas()
	rows := make([][]string, len(all))
	widths := make([]int, 4)
	for i, s := range all {
		const longest = 32 // of a name
		rows[i] = []string{cutName(on, s.Branch, longest), fmt.Sprintf("v%d", s.Revision), plural(s.Patches, "patch", "patches"), sentState(s)}
		for n, text := range rows[i] {
			widths[n] = max(widths[n], cells(text))
		}
	}
	room := on.columns - 2 // for the title, behind the rest
	for _, n := range widths {
		room -= n + 2
	}
	const shortest = 6
	var b strings.Builder
	for i, s := range all {
		if room < shortest {
			e.drawNarrow(&b, on, s)
			continue
		}
		line := currentMark(s)
		for n, text := range rows[i] {
			line += padTo(text, widths[n]) + "  "
		}
		fmt.Fprintf(&b, "%s\n%s\n", on.fit(line+patchmail.PrintableLine(s.Title)), e.waitingLine(on, s))
	}
	return b.String()
}

func cutName(on canvas, name string, longest int) string {
	return canvas{longest, on.ascii}.fit(patchmail.PrintableLine(name))
}

func currentMark(s *dashboard.Standing) string {
	if s.Current {
		return "* "
	}
	return "  "
}

// drawNarrow shows a series a fact a line.
func (e *env) drawNarrow(b *strings.Builder, on canvas, s *dashboard.Standing) {
	revision := fmt.Sprintf("  v%d", s.Revision)
	fmt.Fprintf(b, "%s%s%s\n", currentMark(s), cutName(on, s.Branch, on.columns-2-len(revision)), revision)
	facts := append([]string{patchmail.PrintableLine(s.Title), plural(s.Patches, "patch", "patches") + ", " + sentState(s), e.nextWords(s)}, factWords(s)...)
	for _, fact := range facts {
		for _, line := range on.narrowed(4).wrap(fact) {
			fmt.Fprintf(b, "    %s\n", line)
		}
	}
}

// waitingLine says what a series waits for, and as much else as there is room for.
func (e *env) waitingLine(on canvas, s *dashboard.Standing) string {
	line := on.fit("    " + e.nextWords(s))
	for _, fact := range factWords(s) {
		if longer := line + "; " + fact; cells(longer) <= on.columns {
			line = longer
		}
	}
	return line
}

func sentState(s *dashboard.Standing) string {
	if s.LastSent == 0 {
		return "not sent"
	}
	return fmt.Sprintf("v%d sent %s", s.LastSent, patchmail.PrintableLine(s.SentOn))
}

// nextWords say what comes next, and since when it could have.
func (e *env) nextWords(s *dashboard.Standing) string {
	text := patchmail.PrintableLine(s.Next.Text)
	switch {
	case s.Next.Since == nil:
	case s.Next.Action == dashboard.Wait:
		text += " " + e.sinceWords(*s.Next.Since)
	default:
		text += ", open " + e.sinceWords(*s.Next.Since)
	}
	return text
}

// sinceWords are "for 3 days".
func (e *env) sinceWords(when time.Time) string {
	days := int(e.now().Sub(when) / (24 * time.Hour))
	switch {
	case days <= 0:
		return "since today"
	case days == 1:
		return "since yesterday"
	}
	return fmt.Sprintf("for %d days", days)
}

// factWords are the rest of what is worth a word in a list, the best first.
func factWords(s *dashboard.Standing) []string {
	var words []string
	if n := s.Replies.Total; n > 0 {
		text := plural(n, "reply", "replies")
		if s.Replies.New > 0 {
			text += fmt.Sprintf(", %d new", s.Replies.New)
		}
		if s.Replies.Open > 0 {
			text += fmt.Sprintf(", %d open", s.Replies.Open)
		}
		words = append(words, text)
	}
	has := 0
	for _, p := range s.Each {
		has += len(p.Has) + len(p.Given)
	}
	if has > 0 {
		words = append(words, plural(has, "trailer", "trailers"))
	}
	if s.Base.Behind > 0 {
		words = append(words, fmt.Sprintf("%d behind", s.Base.Behind))
	}
	if s.LastSent > 0 && len(s.Recipients) > 0 {
		words = append(words, "to "+patchmail.PrintableLine(s.Recipients[0]))
	}
	return words
}

// warnStrays tells of sends that are not over and whose branches are gone.
func (e *env) warnStrays(ctx context.Context, repo *gitrepo.Repo, all []*dashboard.Standing) {
	var ids []string
	for _, s := range all {
		ids = append(ids, s.ChangeID)
	}
	strays, err := submission.Strays(ctx, repo, ids)
	for _, stray := range strays {
		e.warnf("%s", withHint(stray))
	}
	if err != nil {
		e.warnf("look for sends that are not over: %s", withHint(err))
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

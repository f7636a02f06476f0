package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/patchwork"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
)

// fetchStatus looks for replies in the archives, and asks Patchwork, as far as
// either is configured. Where one does not answer, what it said before is told all
// the same, and unfetched ends the program.
func (e *env) fetchStatus(c *cli.Context, s *series.Series) (unfetched, err error) {
	server, err := e.patchworkServer(c, s)
	if err != nil {
		return nil, err
	}
	_, err = e.lookForFeedback(c, s)
	if errors.Is(err, errNoArchive) && server != nil {
		err = nil
	}
	if err != nil || server == nil {
		return nil, err
	}
	err = dashboard.AskPatchwork(c.Context, e.repo, s, server, e.now())
	if failed := (*patchwork.ServerError)(nil); errors.As(err, &failed) && c.Context.Err() == nil {
		return &patchworkError{failed}, nil
	}
	return nil, err
}

// A patchworkError says that what is shown of Patchwork is what it said before.
type patchworkError struct{ cause *patchwork.ServerError }

func (e *patchworkError) Error() string {
	return fmt.Sprintf("Patchwork was not asked, and what it said before counts: %v", e.cause)
}
func (e *patchworkError) Unwrap() error { return e.cause }

// patchworkServer is the one that the user has configured, nil for none or where
// nobody is to be asked. A project may name its own project there, and no server.
func (e *env) patchworkServer(c *cli.Context, s *series.Series) (*patchwork.Client, error) {
	settings, err := project.Load(c.Context, e.repo, s.Base)
	if err != nil {
		return nil, err
	}
	config, err := e.repo.Config()
	if err != nil {
		return nil, err
	}
	get := func(names ...string) (text, key string) {
		for _, name := range names {
			if v, ok := settings.Get(name); ok {
				return strings.TrimSpace(v.Text), v.Key
			}
		}
		return "", ""
	}
	server, key := get("patchwork", "pw-url")
	offline, err := config.Bool("kprep.offline", false)
	if err != nil || offline || c.Bool("offline") || server == "" {
		return nil, err
	}
	if err := patchwork.CheckURL(server); err != nil {
		return nil, fmt.Errorf("configuration %s: %w", key, err)
	}
	name, _ := get("patchwork-project", "pw-project")
	return &patchwork.Client{URL: server, Project: name, Agent: "kprep/" + programVersion()}, nil
}

func ciWords(ci *dashboard.CI) string {
	var words []string
	for _, count := range []struct {
		n    int
		word string
	}{{ci.Fail, "failed"}, {ci.Warning, "with warnings"}, {ci.Pending, "pending"}, {ci.Success, "passed"}} {
		if count.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", count.n, count.word))
		}
	}
	text := strings.Join(words, ", ")
	if ci.AsOf != nil {
		if text == "" {
			text = "no checks"
		}
		text += "; Patchwork as of " + ci.AsOf.Local().Format("2006-01-02 15:04")
	}
	return text
}

// drawChecks shows the checks of a patch that have not simply passed, the first of
// many.
func drawChecks(b *strings.Builder, checks []dashboard.Check) {
	const most = 10
	shown := 0
	for _, c := range checks {
		if c.State == patchwork.Success || c.State == patchwork.Pending {
			continue
		}
		if shown++; shown <= most {
			drawCheck(b, &c)
		}
	}
	if shown > most {
		fmt.Fprintf(b, "    and %d more checks\n", shown-most)
	}
}

func drawCheck(b *strings.Builder, c *dashboard.Check) {
	text := fmt.Sprintf("CI %s: %s", c.State, c.Context)
	if c.Text != "" {
		text += ": " + c.Text
	}
	switch {
	case c.URL != "":
		text += " <" + c.URL + ">"
	case c.Reply != "":
		text += " <" + c.Reply + ">"
	}
	fmt.Fprintf(b, "    %s\n", patchmail.PrintableLine(text))
}

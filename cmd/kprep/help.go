package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/docs"
	"github.com/kprep/kprep/gitrepo"
)

// topicList is the word that lists the topics, and that tells a topic from the
// verb of the same name.
const topicList = "topics"

// helpCommand tells about topics. Help about the program and its verbs is
// printed before any verb runs, see [normalise].
func helpCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "help",
		Category:  groupSetUp,
		Usage:     "tell about a verb or a topic",
		ArgsUsage: "[VERB|TOPIC]",
		Description: "'kprep help topics' lists the topics. A topic that has the name of a verb is\n" +
			"asked for as in 'kprep help topics diff'.",
		Action: func(c *cli.Context) error {
			words, err := argsBetween(c, 0, 2)
			if err != nil {
				return err
			}
			pages, err := docs.Pages()
			if err != nil {
				return err
			}
			switch {
			case len(words) == 0:
				return e.printHelp(c.App, nil)
			case words[0] != topicList && len(words) == 2:
				return usagef("help", "there is no verb %q%s", words[0], suggestion(words[0], names(c.App.Commands)))
			case len(words) == 1 && words[0] == topicList:
				return e.read(c.Context, topicTable(pages, e.helpColumns()))
			}
			topic := words[len(words)-1]
			page, found := docs.Find(pages, topic)
			if !found {
				return usagef("help", "there is no verb and no topic %q%s", topic, suggestion(topic, append(names(c.App.Commands), topicNames(pages)...)))
			}
			return e.read(c.Context, page.Text)
		},
	}
}

func topicTable(pages []docs.Page, columns int) string {
	var b strings.Builder
	var rows [][2]string
	for _, p := range pages {
		rows = append(rows, [2]string{p.Topic, p.Title})
	}
	table(&b, rows, columns)
	return b.String()
}

func topicNames(pages []docs.Page) []string {
	topics := []string{topicList}
	for _, p := range pages {
		topics = append(topics, p.Topic)
	}
	return topics
}

// read shows a text of ours, on a terminal in its width and by the pager of the repository here.
// Where there is none, nothing says which pager.
func (e *env) read(ctx context.Context, text string) error {
	text = e.inLocale(text)
	if e.terminal.stdout {
		text = refill(text, e.canvas().columns)
	}
	if e.terminal.stdout && !e.noPager {
		if repo, err := gitrepo.Open(ctx, e.dir, gitrepo.Options{Env: e.environ, Config: e.config}); err == nil {
			defer repo.Close()
			return e.page(ctx, repo, []byte(text))
		}
	}
	_, err := e.stdout.Write([]byte(text))
	return err
}

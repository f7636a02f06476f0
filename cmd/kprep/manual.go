package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/docs"
	"github.com/kprep/kprep/manual"
)

// manualCommand is what the Makefile calls: it writes the manual pages below a
// directory, dated by SOURCE_DATE_EPOCH where that is set, so that they can be
// made again.
func manualCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "manual", Hidden: true, ArgsUsage: "DIR",
		Action: func(c *cli.Context) error {
			words, err := args(c, 1)
			if err != nil {
				return err
			}
			date, err := e.sourceDate()
			if err != nil {
				return err
			}
			topics, err := docs.Pages()
			if err != nil {
				return err
			}
			for name, text := range manualPages(newApp(e, commands(e)), topics, date) {
				name = filepath.Join(e.path(words[0]), "man"+name[len(name)-1:], name)
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (e *env) sourceDate() (time.Time, error) {
	text := e.getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return e.now(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %q is no number of seconds", text)
	}
	return time.Unix(seconds, 0), nil
}

// manualPages returns the manual, by names of files: a page of section 1 for
// the program and for each verb, with what docs/ has about it, and a page of
// section 7 for each other topic.
func manualPages(app *cli.App, topics []docs.Page, date time.Time) map[string]string {
	m := manualBook{app: app, topics: topics}
	pages := map[string]string{
		"kprep.1":     m.programPage(),
		"git-kprep.1": "", // what 'git kprep --help' looks for
	}
	for _, v := range app.Commands {
		if !v.Hidden {
			pages["kprep-"+v.Name+".1"] = m.verbPage(v)
		}
	}
	for _, t := range topics {
		if find(app.Commands, t.Topic) == nil {
			pages["kprep-"+t.Topic+".7"] = m.topicPage(t)
		}
	}
	for file, text := range pages {
		name, section, _ := strings.Cut(file, ".")
		h := manual.Head{Name: name, Date: date.UTC().Format(time.DateOnly), Source: "kprep " + programVersion()}
		h.Section, _ = strconv.Atoi(section)
		pages[file] = manual.Roff(h, text, m.page)
	}
	pages["git-kprep.1"] = ".so man1/kprep.1\n"
	return pages
}

// A manualBook knows what there are pages about. Its pages are Markdown.
type manualBook struct {
	app    *cli.App
	topics []docs.Page
}

// page is where a link of a page in docs/ leads in the manual.
func (m manualBook) page(link string) string {
	topic, isPage := strings.CutSuffix(strings.SplitN(link, "#", 2)[0], ".md")
	topic = strings.TrimPrefix(topic, "docs/")
	switch {
	case !isPage:
		return ""
	case find(m.app.Commands, topic) != nil:
		return "kprep-" + topic + "(1)"
	}
	if _, there := docs.Find(m.topics, topic); !there {
		return ""
	}
	return "kprep-" + topic + "(7)"
}

func (m manualBook) programPage() string {
	var b strings.Builder
	manualName(&b, "kprep", m.app.Usage)
	b.WriteString("## SYNOPSIS\n\n`kprep` [*OPTIONS*] *VERB* [*ARGUMENTS*]\n\n`git kprep` [*OPTIONS*] *VERB* [*ARGUMENTS*]\n")
	b.WriteString("\n## DESCRIPTION\n\nA page kprep-*VERB*(1) tells about each verb.\n")
	for _, group := range verbGroups(m.app.Commands) {
		b.WriteString("\n### " + group.title + "\n\n")
		manualTable(&b, group.rows)
	}
	b.WriteString("\n## OPTIONS\n\nThese stand before the verb.\n\n")
	manualTable(&b, optionRows(m.app.Flags))
	b.WriteString("\n## TOPICS\n\nPages about more than one verb:\n\n")
	var rows [][2]string
	for _, t := range m.topics {
		if find(m.app.Commands, t.Topic) == nil {
			rows = append(rows, [2]string{"kprep-" + t.Topic + "(7)", t.Title})
		}
	}
	manualTable(&b, rows)
	b.WriteString("\n## SEE ALSO\n\ngit(1), git-send-email(1)\n")
	return b.String()
}

func (m manualBook) verbPage(v *cli.Command) string {
	var b strings.Builder
	manualName(&b, "kprep-"+v.Name, v.Usage)
	b.WriteString("## SYNOPSIS\n\n" + manualSynopsis([]*cli.Command{v}) + "\n\n## DESCRIPTION\n\n")
	manualProse(&b, v)
	for _, group := range optionGroups(v.Flags) {
		b.WriteString("\n## " + strings.ToUpper(group.title) + "\n\n")
		manualTable(&b, group.rows)
	}
	for i, action := range v.Subcommands {
		if i == 0 {
			b.WriteString("\n## ACTIONS\n")
		}
		if action.Hidden {
			continue
		}
		b.WriteString("\n### " + manualSynopsis([]*cli.Command{v, action}) + "\n\n")
		manualProse(&b, action)
		manualTable(&b, optionRows(action.Flags))
	}
	if t, ok := docs.Find(m.topics, v.Name); ok {
		b.WriteString("\n" + deeper(t.Text))
	}
	b.WriteString("\n## SEE ALSO\n\nkprep(1), kprep-exit-statuses(7)\n")
	return b.String()
}

func (m manualBook) topicPage(t docs.Page) string {
	var b strings.Builder
	manualName(&b, "kprep-"+t.Topic, t.Title)
	_, text, _ := strings.Cut(t.Text, "\n")
	b.WriteString("## DESCRIPTION\n" + text)
	b.WriteString("\n## SEE ALSO\n\nkprep(1)\n")
	return b.String()
}

// deeper makes a page a section of another: each heading is one level lower.
func deeper(markdown string) string {
	var b strings.Builder
	literal := false
	for line := range strings.Lines(markdown) {
		literal = literal != strings.HasPrefix(line, "```")
		if !literal && strings.HasPrefix(line, "#") {
			b.WriteByte('#')
		}
		b.WriteString(line)
	}
	return b.String()
}

func manualName(b *strings.Builder, name, does string) {
	fmt.Fprintf(b, "## NAME\n\n%s - %s\n\n", name, manual.Escape(does))
}

func manualSynopsis(path []*cli.Command) string {
	verb := path[len(path)-1]
	line := "`kprep " + pathName(path) + "`"
	if len(verb.Flags) > 0 {
		line += " [*OPTIONS*]"
	}
	if len(verb.Subcommands) > 0 {
		line += " *ACTION*"
	}
	return strings.TrimSpace(line + " " + manual.Escape(verb.ArgsUsage))
}

// manualProse writes what a verb does. Lines of a description that are indented
// stay as they are.
func manualProse(b *strings.Builder, v *cli.Command) {
	if v.Description == "" {
		b.WriteString(manual.Escape(sentence(v.Usage)) + "\n\n")
		return
	}
	literal := false
	for line := range strings.Lines(strings.Trim(v.Description, "\n") + "\n") {
		if indented := strings.HasPrefix(line, " "); indented != literal {
			b.WriteString("```\n")
			literal = indented
		}
		if !literal {
			line = manual.Escape(line)
		}
		b.WriteString(line)
	}
	if literal {
		b.WriteString("```\n")
	}
	b.WriteString("\n")
}

// sentence begins with a capital letter and ends with a point.
func sentence(s string) string {
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// manualTable writes rows of what is typed and what that does.
func manualTable(b *strings.Builder, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	b.WriteString("| | |\n|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(b, "| **%s** | %s |\n", manual.Escape(r[0]), manual.Escape(r[1]))
	}
}

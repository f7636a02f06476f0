package main

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

func diffCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:        "diff",
		Category:    groupLook,
		Usage:       "compare a sent revision with the branch",
		ArgsUsage:   "[vN]",
		Description: "Prints git's range-diff between revision N, otherwise the last one sent, and the\nbranch as it is now.",
		Action: func(c *cli.Context) error {
			given, err := argsBetween(c, 0, 1)
			if err != nil {
				return err
			}
			revision := 0
			if len(given) == 1 {
				if revision, err = parseRevision("diff", given[0]); err != nil {
					return err
				}
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			s, err := series.Load(c.Context, repo, "")
			if err != nil {
				return err
			}
			sent, err := s.SentRevision(c.Context, revision)
			if err != nil {
				return err
			}
			config, err := repo.Config()
			if err != nil {
				return err
			}
			configured, _ := config.Get("color.ui")
			text, err := s.Diff(c.Context, sent, e.useColour(configured))
			if err != nil {
				return err
			}
			return e.page(c.Context, repo, e.shownColoured(text))
		},
	}
}

// parseRevision reads "v2" or "2".
func parseRevision(verb, word string) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(word, "v"))
	if err != nil || n < 1 {
		return 0, usagef(verb, "%q is no revision: they are called v1, v2 …", word)
	}
	return n, nil
}

// shownColoured is shown for output of git that has git's own colours in it:
// these stay, everything else is escaped.
func (e *env) shownColoured(text []byte) []byte {
	if !e.terminal.stdout {
		return text
	}
	var out []byte
	for len(text) > 0 {
		at := gitColour(text)
		if at < 0 {
			return append(out, patchmail.Printable(string(text))...)
		}
		out = append(out, patchmail.Printable(string(text[:at]))...)
		end := at + bytes.IndexByte(text[at:], 'm') + 1
		out = append(out, text[at:end]...)
		text = text[end:]
	}
	return out
}

// gitColour finds the first "ESC [ digits and semicolons m", -1 for none.
func gitColour(text []byte) int {
	for at := 0; ; at++ {
		next := bytes.Index(text[at:], []byte("\x1b["))
		if next < 0 {
			return -1
		}
		at += next
		rest := bytes.TrimLeft(text[at+2:], "0123456789;")
		if len(rest) > 0 && rest[0] == 'm' {
			return at
		}
	}
}

package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// printHelp prints the help of the verb at the end of path, or of the program
// when path is empty.
func (e *env) printHelp(app *cli.App, path []*cli.Command) error {
	var b strings.Builder
	columns := e.helpColumns()
	if len(path) == 0 {
		programHelp(&b, app, columns)
	} else {
		verbHelp(&b, path, columns)
	}
	_, err := io.WriteString(e.stdout, refill(e.inLocale(b.String()), columns))
	return err
}

// helpColumns is how wide help may be: as the terminal, and no wider than is good to
// read.
func (e *env) helpColumns() int {
	if !e.terminal.stdout {
		return lineWidth
	}
	return min(e.canvas().columns, lineWidth)
}

func programHelp(b *strings.Builder, app *cli.App, columns int) {
	fmt.Fprintf(b, "usage: kprep [OPTIONS] VERB [ARGUMENTS]\n\n%s\n", app.Usage)
	for _, group := range verbGroups(app.Commands) {
		b.WriteString("\n" + group.title + "\n")
		table(b, group.rows, columns)
	}
	b.WriteString("\noptions, before the verb\n")
	table(b, optionRows(app.Flags), columns)
	b.WriteString("\n'kprep VERB --help' tells more about a verb, 'kprep help topics' what else there\nis to read.\n")
}

func verbHelp(b *strings.Builder, path []*cli.Command, columns int) {
	verb := path[len(path)-1]
	line := "usage: kprep " + pathName(path)
	if len(verb.Flags) > 0 {
		line += " [OPTIONS]"
	}
	if len(verb.Subcommands) > 0 {
		line += " ACTION"
	}
	if verb.ArgsUsage != "" {
		line += " " + verb.ArgsUsage
	}
	b.WriteString(line + "\n\n" + verb.Usage + "\n")
	if verb.Description != "" {
		b.WriteString("\n" + strings.Trim(verb.Description, "\n") + "\n")
	}
	if len(verb.Subcommands) > 0 {
		b.WriteString("\nactions\n")
		table(b, verbRows(verb.Subcommands), columns)
	}
	for _, group := range optionGroups(verb.Flags) {
		b.WriteString("\n" + group.title + "\n")
		table(b, group.rows, columns)
	}
}

// A helpGroup is a heading with its rows, each of two columns.
type helpGroup struct {
	title string
	rows  [][2]string
}

// add puts row under title, keeping the order in which titles first appear.
func add(groups []helpGroup, title string, row [2]string) []helpGroup {
	for i := range groups {
		if groups[i].title == title {
			groups[i].rows = append(groups[i].rows, row)
			return groups
		}
	}
	return append(groups, helpGroup{title, [][2]string{row}})
}

func verbGroups(verbs []*cli.Command) []helpGroup {
	var groups []helpGroup
	for _, v := range verbs {
		if !v.Hidden {
			title := v.Category
			if title == "" {
				title = "verbs"
			}
			groups = add(groups, title, [2]string{v.Name, v.Usage})
		}
	}
	return groups
}

func verbRows(verbs []*cli.Command) [][2]string {
	var rows [][2]string
	for _, v := range verbs {
		if !v.Hidden {
			rows = append(rows, [2]string{strings.TrimSpace(v.Name + " " + v.ArgsUsage), v.Usage})
		}
	}
	return rows
}

func optionGroups(flags []cli.Flag) []helpGroup {
	var groups []helpGroup
	for _, f := range flags {
		if visible(f) {
			title := "options"
			if cf, ok := f.(cli.CategorizableFlag); ok && cf.GetCategory() != "" {
				title = cf.GetCategory()
			}
			groups = add(groups, title, optionRow(f))
		}
	}
	return groups
}

func optionRows(flags []cli.Flag) [][2]string {
	var rows [][2]string
	for _, f := range flags {
		if visible(f) {
			rows = append(rows, optionRow(f))
		}
	}
	return rows
}

// optionRow shows an option as it is typed, short names first. The name of its
// value is the `quoted` word of its usage text.
func optionRow(f cli.Flag) [2]string {
	value, usage := describe(f)
	var short, long []string
	for _, name := range f.Names() {
		if utf8.RuneCountInString(name) == 1 {
			short = append(short, "-"+name)
		} else {
			long = append(long, "--"+name)
		}
	}
	left := strings.Join(append(short, long...), ", ")
	switch _, optional := f.(*optionalFlag); {
	case optional:
		left += "[=" + value + "]"
	case takesValue(f):
		left += " " + value
	}
	return [2]string{left, usage}
}

// describe returns the name of the value of an option, and its usage text
// without quotes.
func describe(f cli.Flag) (value, usage string) {
	if df, ok := f.(cli.DocGenerationFlag); ok {
		usage = df.GetUsage()
	}
	if before, rest, ok := strings.Cut(usage, "`"); ok {
		if word, after, closed := strings.Cut(rest, "`"); closed {
			return word, before + word + after
		}
	}
	return "VALUE", usage
}

// table prints rows of two columns, in so many columns of a terminal; a long first
// one gets a line of its own.
func table(b *strings.Builder, rows [][2]string, columns int) {
	const between = "  "
	widest := min(24, columns/2-2*len(between))
	width := 0
	for _, r := range rows {
		if n := cells(r[0]); n <= widest {
			width = max(width, n)
		}
	}
	hang := width + 2*len(between)
	for _, r := range rows {
		left := between + padTo(r[0], width) + between
		if cells(r[0]) > widest {
			b.WriteString(foldLine(between+r[0], columns, 2*len(between)) + "\n")
			left = strings.Repeat(" ", hang)
		}
		b.WriteString(foldLine(left+r[1], columns, hang) + "\n")
	}
}

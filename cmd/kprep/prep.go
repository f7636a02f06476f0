package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
)

// prepCommand takes the options of 'b4 prep' and carries them out by kprep's
// own verbs, for fingers and scripts that know b4 (spec/b4-interop 2 and 10).
func prepCommand(e *env) *cli.Command {
	const (
		begin   = "start or enroll a series"
		change  = "change the series"
		instead = "do this alone"
	)
	word := func(category, name, alias, bare, usage string) cli.Flag {
		f := cli.StringFlag{Name: name, Usage: usage, Category: category}
		if alias != "" {
			f.Aliases = []string{alias}
		}
		return &optionalFlag{StringFlag: f, bare: bare, accepts: func(string) bool { return true }}
	}
	words := func(category, name, usage string, least int) cli.Flag {
		return &severalFlag{least: least, StringSliceFlag: cli.StringSliceFlag{Name: name, Usage: usage, Category: category}}
	}
	return &cli.Command{
		Name:     "prep",
		Category: groupOthers,
		Usage:    "take the options of 'b4 prep'",
		Description: "Each stands for a verb of kprep, which is named behind it. One line may start a\n" +
			"series and change it: what it asks for is done in b4's order, each as one\n" +
			"operation of 'kprep undo', up to the first that fails.",
		Flags: []cli.Flag{
			&cli.StringFlag{Category: begin, Name: "new", Aliases: []string{"n"}, Usage: "new `NAME`"},
			&cli.StringFlag{Category: begin, Name: "fork-point", Aliases: []string{"f"}, Usage: "new --fork-point `FORK`"},
			&cli.StringFlag{Category: begin, Name: "from-thread", Aliases: []string{"F"}, Usage: "new --from-thread `MSGID`"},
			word(begin, "enroll", "e", "", "enroll `BASE`"),

			&cli.BoolFlag{Category: change, Name: "auto-to-cc", Aliases: []string{"c"}, Usage: "collect"},
			&cli.IntFlag{Category: change, Name: "force-revision", Usage: "set revision `N`"},
			words(change, "set-prefixes", "set prefixes `WORD...`; none clears them", 0),
			words(change, "add-prefixes", "set add-prefixes `WORD...`", 1),
			&cli.StringFlag{Category: change, Name: "set-presubject", Usage: "set presubject `TEXT`"},
			&cli.BoolFlag{Category: change, Name: "edit-cover", Usage: "cover"},
			&cli.BoolFlag{Category: change, Name: "edit-deps", Usage: "deps --edit"},
			&cli.BoolFlag{Category: change, Name: "check-deps", Usage: "deps --check"},
			&cli.BoolFlag{Category: change, Name: "check", Usage: "check"},

			word(instead, "claim", "", "", "claim `BRANCH`"),
			&cli.StringFlag{Category: instead, Name: "manual-reroll", Usage: "reroll --manual `MSGID`"},
			&cli.BoolFlag{Category: instead, Name: "show-revision", Usage: "print the revision, as v2"},
			word(instead, "show-info", "", "", "info; `WHICH` is KEY, BRANCH, BRANCH:KEY, BRANCH: or :KEY"),
			&cli.IntFlag{Category: instead, Name: "cleanup-older-than", Usage: "cleanup --older-than `DAYS`"},
			words(instead, "cleanup", "cleanup `BRANCH...`", 0),
			&cli.StringFlag{Category: instead, Name: "format-patch", Aliases: []string{"p"}, Usage: "preview --plain -o `DIR`"},
			&cli.StringFlag{Category: instead, Name: "compare-to", Usage: "diff `REV`"},
			&cli.StringFlag{Category: instead, Name: "range-diff-opts", Usage: "with --compare-to: `OPTIONS` of kprep diff"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			steps, err := prepSteps(c)
			if err != nil {
				return err
			}
			if c.Bool("show-revision") {
				return e.showRevision(c)
			}
			return e.carryOut(c.Context, steps)
		},
	}
}

// carryOut runs command lines of kprep one after the other, up to the first
// that fails.
func (e *env) carryOut(ctx context.Context, lines [][]string) error {
	for i, words := range lines {
		if i > 0 { // the line before has changed what was read
			e.close()
			e.repo, e.rebased = nil, nil
		}
		if err := dispatch(ctx, newApp(e, commands(e)), e, words); err != nil {
			return err
		}
	}
	return nil
}

// prepSteps are the command lines of kprep that do what the options of
// 'b4 prep' ask for, in the order in which b4 does it.
func prepSteps(c *cli.Context) ([][]string, error) {
	if c.IsSet("range-diff-opts") && !c.IsSet("compare-to") {
		return nil, usagef("prep", "--range-diff-opts goes with --compare-to")
	}
	if alone, err := prepAlone(c); alone != nil || err != nil {
		return [][]string{alone}, err
	}
	steps, err := prepBegin(c)
	if err != nil {
		return nil, err
	}
	if c.IsSet("force-revision") {
		steps = append(steps, []string{"set", "--", setRevision, strconv.Itoa(c.Int("force-revision"))})
	}
	if c.IsSet("set-prefixes") {
		steps = append(steps, append([]string{"set", "--", setPrefixes}, nonEmpty(c.StringSlice("set-prefixes"))...))
	}
	if c.IsSet("add-prefixes") {
		steps = append(steps, append([]string{"set", "--", setAddPrefixes}, c.StringSlice("add-prefixes")...))
	}
	if c.IsSet("set-presubject") {
		steps = append(steps, append([]string{"set", "--", setPresubject}, nonEmpty([]string{c.String("set-presubject")})...))
	}
	if c.Bool("auto-to-cc") {
		steps = append(steps, []string{"collect"})
	}
	last, err := prepOne(c, map[string][]string{
		"edit-cover": {"cover"}, "edit-deps": {"deps", "--edit"}, "check-deps": {"deps", "--check"}, "check": {"check"}})
	if last != nil {
		steps = append(steps, last)
	}
	if len(steps) == 0 && err == nil {
		err = usagef("prep", "say what to do, such as --edit-cover; 'kprep prep --help' lists it all")
	}
	return steps, err
}

// prepAlone is the command line for an option of which b4 does nothing else in
// one run; nil when there is none.
func prepAlone(c *cli.Context) ([]string, error) {
	lines := map[string][]string{
		"claim":              append([]string{"claim", "--"}, nonEmpty([]string{c.String("claim")})...),
		"manual-reroll":      {"reroll", "--manual=" + c.String("manual-reroll")},
		"show-revision":      {"info", "revision"},
		"show-info":          infoLine(c.String("show-info")),
		"cleanup-older-than": {"cleanup", "--older-than=" + c.String("cleanup-older-than")},
		"cleanup":            append([]string{"cleanup", "--"}, nonEmpty(c.StringSlice("cleanup"))...),
		"format-patch":       {"preview", "--plain", "--output=" + c.String("format-patch")},
		"compare-to":         append(append([]string{"diff"}, strings.Fields(c.String("range-diff-opts"))...), "--", sentRevision(c.String("compare-to"))),
	}
	alone, err := prepOne(c, lines)
	if alone == nil || err != nil {
		return nil, err
	}
	for _, name := range []string{"new", "from-thread", "enroll", "auto-to-cc", "force-revision", "set-prefixes", "add-prefixes", "set-presubject",
		"edit-cover", "edit-deps", "check-deps", "check"} {
		if c.IsSet(name) {
			return nil, usagef("prep", "--%s is for a line of its own, without what 'kprep %s' does", name, alone[0])
		}
	}
	return alone, nil
}

// prepOne picks the line of the one option that is set; two of them are an
// error, none is nil.
func prepOne(c *cli.Context, lines map[string][]string) ([]string, error) {
	var line []string
	chosen := ""
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		if !c.IsSet(name) {
			continue
		}
		if chosen != "" {
			return nil, usagef("prep", "--%s and --%s cannot be used together", chosen, name)
		}
		chosen, line = name, lines[name]
	}
	return line, nil
}

// prepBegin starts the series, when that is asked for.
func prepBegin(c *cli.Context) ([][]string, error) {
	starts := c.IsSet("new") || c.IsSet("from-thread")
	switch {
	case c.IsSet("enroll") && starts:
		return nil, usagef("prep", "--enroll takes the current branch, --new makes another one")
	case c.IsSet("enroll"):
		return [][]string{append([]string{"enroll", "--"}, nonEmpty([]string{c.String("enroll")})...)}, nil
	case !starts && c.IsSet("fork-point"):
		return nil, usagef("prep", "--fork-point goes with --new")
	case !starts:
		return nil, nil
	}
	line := []string{"new"}
	for _, name := range []string{"fork-point", "from-thread"} {
		if c.IsSet(name) {
			line = append(line, "--"+name+"="+c.String(name))
		}
	}
	return [][]string{append(append(line, "--"), nonEmpty([]string{c.String("new")})...)}, nil
}

// infoLine reads which facts --show-info asks for.
func infoLine(which string) []string {
	branch, key, colon := strings.Cut(which, ":")
	if !colon && series.IsFact(which) {
		branch, key = "", which
	}
	line := []string{"info"}
	if branch != "" {
		line = append(line, "--branch="+branch)
	}
	return append(append(line, "--"), nonEmpty([]string{key})...)
}

// sentRevision reads v2, 2, and a tag that ends with -v2, as v2; anything else
// is passed on as it is.
func sentRevision(word string) string {
	number := strings.TrimPrefix(word[strings.LastIndexByte(word, '-')+1:], "v")
	if n, err := strconv.Atoi(number); err == nil && n > 0 {
		return "v" + number
	}
	return word
}

func nonEmpty(words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(word string) bool { return word == "" })
}

// showRevision prints the revision, and on stderr, as b4, where earlier ones
// can be read.
func (e *env) showRevision(c *cli.Context) error {
	s, err := e.loadCurrent(c.Context)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "v%d\n", s.Tracking.Revision)
	settings, err := project.Load(c.Context, e.repo, s.Base)
	if err != nil {
		return err
	}
	mask, err := settings.LinkMask()
	if err != nil {
		return err
	}
	for n := 1; n < s.Tracking.Revision; n++ {
		revision := fmt.Sprintf("v%d", n)
		for _, id := range s.Tracking.History[revision] {
			e.notef("  %s: %s", revision, strings.Replace(mask, "%s", id, 1))
		}
	}
	return nil
}

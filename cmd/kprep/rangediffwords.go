package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/rangediff"
	"github.com/kprep/kprep/rangediff/xdiff"
)

// rangeDiffWords is a command line of git range-diff, as far as kprep does
// itself what it asks for.
type rangeDiffWords struct {
	arguments []string // ranges or commits: one, two or three
	paths     []string // after "--"
	dashed    bool     // there was a "--"

	creationFactor      int
	leftOnly, rightOnly bool
	noPatch, stat       bool
	notes               []string // options for git log
	colour              string   // always, never, auto; "" when not said
	plainColour         bool
	context, interHunk  int // -1 when not said
	indent              *bool
	algorithms          []string // minimal, patience …
	functions           bool
	space               xdiff.Whitespace
	blankLines          bool
}

// readRangeDiffWords reads a command line; false when git is to do it.
func readRangeDiffWords(words []string, colour string) (*rangeDiffWords, bool) {
	g := &rangeDiffWords{creationFactor: rangediff.DefaultCreationFactor, context: -1, interHunk: -1}
	if colour != "auto" {
		g.colour = colour
	}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if word == "--" {
			g.dashed, g.paths = true, words
			break
		}
		if len(word) < 2 || word[0] != '-' {
			g.arguments = append(g.arguments, word)
			continue
		}
		if name, separate := g.takesNumber(word); separate && len(words) > 0 {
			word, words = name+words[0], words[1:]
		}
		if !g.option(word) {
			return nil, false
		}
	}
	return g, len(g.arguments) >= 1 && len(g.arguments) <= 3 && !g.ambiguous()
}

// ambiguous reports options of which the order counts, or which mean more
// together.
func (g *rangeDiffWords) ambiguous() bool {
	forms := 0
	for _, asked := range []bool{g.noPatch, g.stat, g.context >= 0 || g.functions} { // the last is the patch
		if asked {
			forms++
		}
	}
	return forms > 1 || g.leftOnly && g.rightOnly || len(g.algorithms) > 1
}

// takesNumber reports whether word is an option whose number is the next word,
// and how the option is written with its number attached.
func (g *rangeDiffWords) takesNumber(word string) (attached string, separate bool) {
	switch word {
	case "--creation-factor", "--inter-hunk-context":
		return word + "=", true
	}
	return "", false
}

func (g *rangeDiffWords) option(word string) bool {
	yes, no := true, false
	switch word {
	case "--left-only":
		g.leftOnly = true
	case "--right-only":
		g.rightOnly = true
	case "-s", "--no-patch":
		g.noPatch = true
	case "--stat":
		g.stat = true
	case "--no-dual-color":
		g.plainColour = true
	case "--notes", "--no-notes":
		g.notes = append(g.notes, word)
	case "--color":
		g.colour = "always"
	case "--no-color":
		g.colour = "never"
	case "--minimal", "--patience", "--histogram":
		g.algorithms = append(g.algorithms, word[2:])
	case "-W", "--function-context":
		g.functions = true
	case "--ignore-blank-lines":
		g.blankLines = true
	case "--indent-heuristic":
		g.indent = &yes
	case "--no-indent-heuristic":
		g.indent = &no
	case "-w", "--ignore-all-space":
		g.space = max(g.space, xdiff.IgnoreAll)
	case "-b", "--ignore-space-change":
		g.space = max(g.space, xdiff.IgnoreChange)
	case "--ignore-space-at-eol":
		g.space = max(g.space, xdiff.IgnoreSpaceAtEOL)
	case "--ignore-cr-at-eol":
		g.space = max(g.space, xdiff.IgnoreCRAtEOL)
	default:
		return g.valueOption(word)
	}
	return true
}

func (g *rangeDiffWords) valueOption(word string) bool {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "--notes":
		g.notes = append(g.notes, word)
		return true
	case "--color":
		g.colour = value
		return slices.Contains([]string{"always", "never", "auto"}, value)
	case "--diff-algorithm":
		g.algorithms = append(g.algorithms, value)
		return true
	case "--creation-factor":
		return plainNumber(value, &g.creationFactor)
	case "--unified":
		return plainNumber(value, &g.context)
	case "--inter-hunk-context":
		return plainNumber(value, &g.interHunk)
	}
	number, ok := strings.CutPrefix(word, "-U")
	return ok && plainNumber(number, &g.context)
}

// plainNumber reads a number that can be misunderstood by nobody.
func plainNumber(text string, number *int) bool {
	if len(text) == 0 || len(text) > 6 || strings.Trim(text, "0123456789") != "" || len(text) > 1 && text[0] == '0' {
		return false
	}
	n, err := strconv.Atoi(text)
	*number = n
	return err == nil
}

// logArgs are what git log is told after a range.
func (g *rangeDiffWords) logArgs() []string {
	args := slices.Clone(g.notes)
	if g.dashed {
		args = append(append(args, "--"), g.paths...)
	}
	return args
}

// rangeDiffPrinter follows options, then configuration, then git's defaults.
func (e *env) rangeDiffPrinter(ctx context.Context, repo *gitrepo.Repo, g *rangeDiffWords) (*rangediff.Printer, error) {
	config, err := repo.Config()
	if err != nil || e.leftToGit(config) {
		return nil, errNotOurs
	}
	settings := rangeDiffSettings{config: config}
	utf8, _ := e.utf8Locale()
	p := &rangediff.Printer{
		NoPatch: g.noPatch, Stat: g.stat, LeftOnly: g.leftOnly, RightOnly: g.rightOnly,
		SuppressBlankEmpty: settings.boolean("diff.suppressBlankEmpty", false),
		Diff: rangediff.DiffOptions{
			Context:   settings.number("diff.context", g.context, 3),
			InterHunk: settings.number("diff.interHunkContext", g.interHunk, 0),
			Space:     g.space,
			UTF8:      utf8,
			Algorithm: settings.algorithm(g.algorithms),

			IgnoreBlankLines: g.blankLines, Functions: g.functions,
		},
	}
	if g.indent != nil {
		p.Diff.Algorithm.IndentHeuristic = *g.indent
	}
	if e.rangeDiffColour(config, g.colour) {
		if g.plainColour {
			return nil, errNotOurs
		}
		if p.Colours, err = configuredColours(ctx, repo, config); err != nil {
			return nil, errors.Join(ctx.Err(), errNotOurs)
		}
	}
	if settings.strange {
		return nil, errNotOurs
	}
	return p, nil
}

// leftToGit reports settings whose effect kprep does not reproduce.
func (e *env) leftToGit(config *gitrepo.Config) bool {
	for _, key := range []string{"GIT_DIFF_OPTS", "GIT_EXTERNAL_DIFF", "GIT_PAGER_IN_USE"} {
		if e.getenv(key) != "" {
			return true
		}
	}
	for _, key := range config.Keys() {
		switch key {
		case "diff.colormoved", "diff.colormovedws", "diff.wserrorhighlight",
			"diff.external", "diff.relative", "log.showsignature", "pager.range-diff":
			return true
		}
	}
	return false
}

// rangeDiffSettings reads configuration; strange when git might read another
// value than we do, or refuse it.
type rangeDiffSettings struct {
	config  *gitrepo.Config
	strange bool
}

func (s *rangeDiffSettings) boolean(key string, def bool) bool {
	value, err := s.config.Bool(key, def)
	s.strange = s.strange || err != nil
	return value
}

// number is the option if there is one, else what is configured.
func (s *rangeDiffSettings) number(key string, option, def int) int {
	if s.config.Scope(key) != "" {
		text, _ := s.config.Get(key)
		s.strange = !plainNumber(text, &def) || s.strange
	}
	if option >= 0 {
		return option
	}
	return def
}

// algorithm is the one option if there is one, or what is configured. Together
// they may mean more.
func (s *rangeDiffSettings) algorithm(options []string) xdiff.Options {
	o := xdiff.Options{IndentHeuristic: s.boolean("diff.indentHeuristic", true)}
	names := slices.Clone(options)
	if s.config.Scope("diff.algorithm") != "" {
		configured, _ := s.config.Get("diff.algorithm")
		names = append(names, configured)
	}
	switch name := strings.Join(names, " and "); name {
	case "", "myers", "default":
	case "minimal":
		o.Minimal = true
	case "patience":
		o.Algorithm = xdiff.Patience
	case "histogram":
		o.Algorithm = xdiff.Histogram
	default:
		s.strange = true
	}
	return o
}

// configuredColours are git's colours with those that the user has chosen.
func configuredColours(ctx context.Context, repo *gitrepo.Repo, config *gitrepo.Config) (*rangediff.Colours, error) {
	c := rangediff.DefaultColours()
	slots := map[string]*string{
		"context": &c.Context, "old": &c.Old, "new": &c.New,
		"frag": &c.Fragment, "func": &c.Function, "commit": &c.Commit,
		"contextdimmed": &c.ContextDimmed, "olddimmed": &c.OldDimmed, "newdimmed": &c.NewDimmed,
		"contextbold": &c.ContextBold, "oldbold": &c.OldBold, "newbold": &c.NewBold,
	}
	for _, key := range config.Keys() {
		name, chosen := strings.CutPrefix(key, "color.diff.")
		if strings.HasPrefix(key, "diff.color.") || chosen && slots[name] == nil {
			return nil, errNotOurs // old spellings, and what shows in other output
		}
		if chosen {
			sequence, err := repo.Colour(ctx, key)
			if err != nil {
				return nil, err
			}
			*slots[name] = sequence
		}
	}
	return c, nil
}

// rangeDiffColour decides on colours as git diff does.
func (e *env) rangeDiffColour(config *gitrepo.Config, option string) bool {
	when := option
	for _, key := range []string{"color.diff", "diff.color", "color.ui"} {
		if when == "" && config.Scope(key) != "" {
			when, _ = config.Get(key)
			if on, err := config.Bool(key, true); err == nil {
				when = map[bool]string{true: "auto", false: "never"}[on]
			}
		}
	}
	switch strings.ToLower(when) {
	case "always":
		return true
	case "never":
		return false
	}
	term := e.getenv("TERM")
	paged, err := config.Bool("color.pager", true)
	return e.terminal.stdout && term != "" && term != "dumb" && (paged || err != nil)
}

// utf8Locale reports whether git's expressions run in a UTF-8 locale. It is
// certain of the locales that are everywhere; another one may not be
// installed, and then git falls back to C.
func (e *env) utf8Locale() (utf8, certain bool) {
	locale := e.locale()
	if locale == "" {
		return false, true
	}
	name, charset, _ := strings.Cut(strings.ToLower(locale), ".")
	charset, _, _ = strings.Cut(charset, "@")
	return charset == "utf-8" || charset == "utf8", name == "c" || name == "posix"
}

// locale is that of characters, "" when none is named.
func (e *env) locale() string {
	return cmp.Or(e.getenv("LC_ALL"), e.getenv("LC_CTYPE"), e.getenv("LANG"))
}

// localeDecides reports whether the heading of a hunk may depend on a locale
// that we are not certain of.
func (e *env) localeDecides(commits [][]rangediff.Commit) bool {
	if _, certain := e.utf8Locale(); certain {
		return false
	}
	return slices.ContainsFunc(slices.Concat(commits...), func(c rangediff.Commit) bool { return rangediff.LocaleDecides(c.Text) })
}

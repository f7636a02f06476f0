package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/patchmail"
)

// An optionalFlag is an option whose value may be left out: --resend alone
// means --resend=<bare>. A value is attached with "="; a separate word is taken
// only when accepts says that it looks like one, because it could be an
// argument as well.
type optionalFlag struct {
	cli.StringFlag
	bare    string
	accepts func(word string) bool // nil: never
}

// A severalFlag is an option that takes all words up to the next option, as b4's
// --to and --set-prefixes do. It fits only verbs without arguments. least is how
// many words it needs.
type severalFlag struct {
	cli.StringSliceFlag
	least int
}

// addressFlag is an option that takes addresses as RFC 5322 lists, in which
// aliases may stand, one or more of them, and may be repeated. What could be no
// alias either is refused before the verb runs.
func addressFlag(name, usage string) *severalFlag {
	return &severalFlag{least: 1, StringSliceFlag: cli.StringSliceFlag{Name: name, Usage: usage, Action: func(c *cli.Context, lists []string) error {
		for _, list := range lists {
			_, err := patchmail.Aliases(nil).Expand(list)
			if err != nil && !errors.As(err, new(*patchmail.AliasError)) {
				return usagef(c.Command.Name, "--%s: %v", name, err)
			}
		}
		return nil
	}}}
}

// args returns the n arguments of a verb; any other number is an error.
func args(c *cli.Context, n int) ([]string, error) { return argsBetween(c, n, n) }

// argsBetween returns the arguments of a verb that takes least to most of
// them; most < 0 means any number.
func argsBetween(c *cli.Context, least, most int) ([]string, error) {
	got := c.Args().Slice()
	if len(got) >= least && (most < 0 || len(got) <= most) {
		return got, nil
	}
	takes := c.Command.Name + " takes "
	switch {
	case most == 0:
		return nil, usagef("", "%sno arguments, not %q", takes, got[0])
	case most < 0:
		takes += "at least " + count(least)
	case least == most:
		takes += count(least)
	case least == 0:
		takes += "at most " + count(most)
	default:
		takes += strconv.Itoa(least) + " to " + count(most)
	}
	if c.Command.ArgsUsage != "" {
		takes += " (" + c.Command.ArgsUsage + ")"
	}
	return nil, usagef("", "%s, not %d", takes, len(got))
}

func count(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return strconv.Itoa(n) + " arguments"
}

// The library knows these things of a flag only in several interfaces.

func takesValue(f cli.Flag) bool {
	df, ok := f.(cli.DocGenerationFlag)
	return !ok || df.TakesValue()
}

func repeatable(f cli.Flag) bool {
	df, ok := f.(cli.DocGenerationSliceFlag)
	return ok && df.IsSliceFlag()
}

func visible(f cli.Flag) bool {
	vf, ok := f.(cli.VisibleFlag)
	return !ok || vf.IsVisible()
}

// checkValue refuses what the library would refuse, in better words: it names
// the option with one dash and Go's types.
func checkValue(f cli.Flag, value string) string {
	switch f.(type) {
	case *cli.IntFlag, *cli.Int64Flag, *cli.IntSliceFlag:
		if _, err := strconv.ParseInt(value, 0, 64); err != nil {
			return "a number"
		}
	case *cli.UintFlag, *cli.Uint64Flag:
		if _, err := strconv.ParseUint(value, 0, 64); err != nil {
			return "a number from 0"
		}
	case *cli.DurationFlag:
		if _, err := time.ParseDuration(value); err != nil {
			return "a duration such as 90s or 2h"
		}
	}
	return ""
}

// looksLikeOption is true for any dashed word but "-", which means stdin.
func looksLikeOption(word string) bool {
	return len(word) > 1 && strings.HasPrefix(word, "-")
}

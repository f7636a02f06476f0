package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

// The facts that 'kprep set' changes, in the order of its help.
const (
	setPrefixes     = "prefixes"
	setAddPrefixes  = "add-prefixes"
	setPresubject   = "presubject"
	setRevision     = "revision"
	setCoverStorage = "cover-storage"
	setBaseBranch   = "base-branch"
	setBaseCommit   = "base-commit"
)

func setCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "set",
		Category:  groupWork,
		Usage:     "change a fact about the series",
		ArgsUsage: "KEY [VALUE...]",
		Description: "  prefixes [WORD...]      the words behind PATCH; none clears them\n" +
			"  add-prefixes WORD...    more of them\n" +
			"  presubject [TEXT]       what stands in front of [PATCH], in brackets\n" +
			"  revision N              the next revision, above every one that was sent\n" +
			"  cover-storage STORAGE   commit, tip-commit or branch-description; naming the one\n" +
			"                          it has puts a cover letter right that got out of place\n" +
			"  base-branch BRANCH      what the series is based on\n" +
			"  base-commit COMMIT      the commit below the first patch, where no cover-letter\n" +
			"                          commit says it",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "base-branch", Usage: "with cover-storage: the series is based on `BRANCH`"},
		},
		Action: func(c *cli.Context) error {
			given, err := argsBetween(c, 1, -1)
			if err != nil {
				return err
			}
			key, values := given[0], given[1:]
			if c.IsSet("base-branch") && key != setCoverStorage {
				return usagef("set", "--base-branch goes with cover-storage")
			}
			if err := checkSet(key, values); err != nil {
				return err
			}
			s, err := e.loadCurrent(c.Context)
			if err != nil {
				return err
			}
			if key == setRevision { // what is being sent has its number
				if err := submission.CheckNotSending(c.Context, e.repo, s); err != nil {
					return err
				}
			}
			changed, err := setFact(c.Context, s, key, values, c.String("base-branch"))
			if err != nil {
				return err
			}
			if !changed {
				e.notef("nothing to change")
				return nil
			}
			e.notef("%s is set; see the result with 'kprep info'", strings.TrimPrefix(key, "add-"))
			return nil
		},
	}
}

func setKeys() []string {
	return []string{setPrefixes, setAddPrefixes, setPresubject, setRevision, setCoverStorage, setBaseBranch, setBaseCommit}
}

// checkSet refuses what is wrong by the words alone.
func checkSet(key string, values []string) error {
	keys := setKeys()
	if !slices.Contains(keys, key) {
		return usagef("set", "unknown key %q; there are %s%s", key, strings.Join(keys, ", "), suggestion(key, keys))
	}
	least, most := 1, 1
	switch key {
	case setPrefixes:
		least, most = 0, len(values)
	case setAddPrefixes:
		most = max(1, len(values))
	case setPresubject:
		least = 0
	}
	if len(values) < least || len(values) > most {
		return usagef("set", "%s takes %s, not %d", key, plural(max(least, most), "value", "values"), len(values))
	}
	if key == setCoverStorage {
		if _, err := series.ParseStorage(values[0]); err != nil {
			return usagef("set", "%v", err)
		}
	}
	if key == setRevision {
		if _, err := parseRevision("set", values[0]); err != nil {
			return err
		}
	}
	return nil
}

func setFact(ctx context.Context, s *series.Series, key string, values []string, base string) (changed bool, err error) {
	switch key {
	case setPrefixes:
		return s.SetPrefixes(ctx, values)
	case setAddPrefixes:
		return s.AddPrefixes(ctx, values)
	case setPresubject:
		return s.SetPresubject(ctx, strings.Join(values, ""))
	case setRevision:
		n, _ := strconv.Atoi(strings.TrimPrefix(values[0], "v"))
		return s.SetRevision(ctx, n)
	case setBaseBranch:
		return s.SetBaseBranch(ctx, values[0])
	case setBaseCommit:
		return s.SetBaseCommit(ctx, values[0])
	case setCoverStorage:
		return s.Convert(ctx, series.Storage(values[0]), base, "kprep: set cover-storage "+values[0])
	}
	return false, fmt.Errorf("key %q", key)
}

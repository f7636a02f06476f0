package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
)

func newCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "new",
		Category:  groupStart,
		Usage:     "start a series on a branch of its own",
		ArgsUsage: "NAME",
		Description: "Makes the branch b4/NAME with an empty commit that carries the cover letter,\n" +
			"and checks it out. On the branch of another series it depends on that one, unless\n" +
			"-f says where to start. With -F the series is one that was mailed, and its next\n" +
			"revision begins: patches, cover letter, recipients and history are taken over;\n" +
			"NAME is made of it. With --from-pr it is a pull request, whose title and description\n" +
			"become the cover letter; once more, on its branch, it takes what was pushed since.\n" +
			"On any failure nothing has changed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "fork-point", Aliases: []string{"f"}, Usage: "start at `FORK`, a tag, branch or commit; otherwise at HEAD"},
			&cli.StringFlag{Name: "from-thread", Aliases: []string{"F"}, Usage: "go on with the series that was mailed, in `MSGID|FILE`"},
			&cli.IntFlag{Name: "revision", Usage: "with -F: go on from revision `N` of it"},
			offlineFlag(),
			&cli.StringFlag{Name: "from-pr", Usage: "take a pull request that was fetched: `FILE|REF`, what the forge says of it, or its head"},
			&cli.StringFlag{Name: "head", Usage: "with --from-pr FILE: its commits are those of `REF`"},
			&cli.BoolFlag{Name: "autosquash", Usage: "with --from-pr: fold fixup! and squash! commits into those that they mend"},
		},
		Action: func(c *cli.Context) error {
			from := c.IsSet("from-thread")
			least := 1
			if from {
				least = 0
			} else if c.IsSet("revision") || c.IsSet("offline") {
				return usagef("new", "--revision and --offline go with --from-thread")
			}
			pull := c.IsSet("from-pr")
			if pull {
				least = 0
			} else if c.IsSet("head") || c.IsSet("autosquash") {
				return usagef("new", "--head and --autosquash go with --from-pr")
			}
			if err := exclusive(c, "from-pr", "from-thread"); err != nil {
				return err
			}
			names, err := argsBetween(c, least, 1)
			if err != nil {
				return err
			}
			if c.IsSet("revision") && c.Int("revision") < 1 {
				return usagef("new", "--revision is a number from 1")
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			if repo.TopLevel == "" {
				return errNoWorkTree
			}
			if pull {
				return e.newPull(c, repo, strings.Join(names, ""), c.String("from-pr"))
			}
			if from {
				return e.newFrom(c, repo, strings.Join(names, ""), c.String("from-thread"))
			}
			origin, err := e.origin(c, repo, names[0], c.String("fork-point"))
			if err != nil {
				return err
			}
			s, err := series.Start(c.Context, repo, origin)
			if err != nil {
				return err
			}
			e.notef("on the new branch %q, from %s", s.Name(), s.Base.Short())
			if needed := s.Tracking.Prerequisites; len(needed) > 0 {
				e.notef("it depends on the series it starts from (%s); 'kprep deps' shows and changes that", strings.TrimPrefix(needed[0], series.NeedsSeries+": "))
			}
			e.notef("commit your patches, write the cover letter with 'kprep cover', find recipients with 'kprep collect'")
			e.suggestInit(c.Context, repo, s.Base)
			return nil
		},
	}
}

// origin says what a new series starts with: the user's and the project's
// prefixes, read from the commit it starts at.
func (e *env) origin(c *cli.Context, repo *gitrepo.Repo, name, fork string) (series.Origin, error) {
	random, err := e.randomHex(12)
	if err != nil {
		return series.Origin{}, err
	}
	o := series.Origin{Name: name, Fork: fork, BranchPrefix: "b4/", Today: e.now(), Random: random}
	at := fork
	if at == "" {
		at = "HEAD"
	}
	var base gitrepo.ID
	if commit, err := repo.Commit(at + "^{commit}"); err == nil {
		base = commit.ID
	}
	settings, err := project.Load(c.Context, repo, base)
	if err != nil {
		return o, err
	}
	if v, ok := settings.Get("branch-prefix"); ok && !v.FromTree() {
		o.BranchPrefix = v.Text
	}
	if v, ok := settings.Get("prep-cover-strategy"); ok && !v.FromTree() {
		if o.Storage, err = series.ParseStorage(v.Text); err != nil {
			return o, fmt.Errorf("configuration %s: %w", v.Key, err)
		}
	}
	if o.LinkMask, err = settings.LinkMask(); err != nil {
		return o, err
	}
	if o.CompatTags, err = settings.Bool("compat-tags", false); err != nil {
		return o, err
	}
	o.Prefixes, o.Presubject, err = settings.Prefixes()
	return o, err
}

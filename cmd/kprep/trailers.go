package main

import (
	"context"
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/trailers"
)

func trailersCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "trailers",
		Category:  groupReview,
		Usage:     "show and take what reviewers gave",
		ArgsUsage: "[MSGID]",
		Description: "Looks for replies to every revision of the series in the archives of kprep.archive,\n" +
			"and shows the trailers in them, patch by patch:\n" +
			"  + new     = there already     x refused or ignored before\n" +
			"  ! names somebody else than its sender, or can never be taken\n" +
			"  ? needs your judgement: under a condition, an advice, or for a patch that has\n" +
			"    changed since; what has changed is shown\n" +
			"With -u those with + go into the commit messages, in one rewrite that 'kprep undo'\n" +
			"takes back. On a branch that is no series your own last commits are meant.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "update", Aliases: []string{"u"}, Usage: "put the new trailers into the commits"},
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "with -u: do not ask"},
			&cli.BoolFlag{Name: "interactive", Aliases: []string{"i"}, Usage: "with -u: choose in the editor; what you refuse is not offered again"},
			&cli.StringFlag{Name: "trailers-from", Aliases: []string{"F"}, Usage: "look into the thread of `MSGID|FILE` alone"},
			&cli.StringFlag{Name: "use-local-mbox", Aliases: []string{"m"}, Usage: "look into the mail in `FILE` alone, or on standard input for -"},
			&cli.BoolFlag{Name: "sloppy-trailers", Aliases: []string{"S"}, Usage: "take also what names somebody else than its sender, and advice"},
			&cli.BoolFlag{Name: "fuzzy", Usage: "take also what was given to a patch that has changed since"},
			&cli.StringFlag{Name: "since", Value: "1.month", Usage: "outside a series: your commits are those above the newest one of others in this `TIME`"},
			&cli.StringFlag{Name: "since-commit", Usage: "outside a series: your commits begin with `COMMIT`"},
			offlineFlag(),
			&cli.BoolFlag{Name: "no-cache", Aliases: []string{"C"}, Usage: "ask servers even if they were asked a moment ago"},
			&cli.StringFlag{Name: "stdin-pipe-sep", Usage: "with -m -: `TEXT` stands between messages, \\n in it being a new line"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: func(c *cli.Context) error {
			from, err := trailersFrom(c)
			if err != nil {
				return err
			}
			if _, err := e.openRepo(c.Context); err != nil {
				return err
			}
			return e.trailers(c, from)
		},
	}
}

// trailersFrom is the thread that is asked for, and refuses what is wrong by the
// words alone.
func trailersFrom(c *cli.Context) (string, error) {
	given, err := argsBetween(c, 0, 1)
	if err != nil {
		return "", err
	}
	from := c.String("trailers-from")
	if len(given) > 0 {
		if c.IsSet("trailers-from") {
			return "", usagef("trailers", "%q and --trailers-from both name a thread", given[0])
		}
		from = given[0]
	}
	for _, name := range []string{"trailers-from", "use-local-mbox", "stdin-pipe-sep", "since", "since-commit"} {
		if c.IsSet(name) && c.String(name) == "" {
			return "", usagef("trailers", "--%s needs a value", name)
		}
	}
	if from != "" && c.IsSet("use-local-mbox") {
		return "", usagef("trailers", "--use-local-mbox and --trailers-from cannot be used together")
	}
	if c.IsSet("stdin-pipe-sep") && c.String("use-local-mbox") != "-" {
		return "", usagef("trailers", "--stdin-pipe-sep goes with --use-local-mbox -")
	}
	for _, name := range []string{"yes", "interactive"} {
		if c.Bool(name) && !c.Bool("update") {
			return "", usagef("trailers", "--%s goes with --update", name)
		}
	}
	if c.Bool("interactive") {
		if err := exclusive(c, "interactive", "json"); err != nil {
			return "", err
		}
	}
	return from, errors.Join(exclusive(c, "yes", "interactive"), exclusive(c, "since", "since-commit"))
}

// A reviewedBranch is what trailers are for: a series, or the user's own last
// commits.
type reviewedBranch interface {
	Reviewed(ctx context.Context) (*series.Reviewed, error)
	AddTrailers(ctx context.Context, add map[gitrepo.ID][]trailers.Trailer, c series.Custody) (int, error)
}

// A takingJob is one run of 'kprep trailers'.
type takingJob struct {
	settings trailerSettings
	branch   reviewedBranch
	series   *series.Series // nil outside of one
	commits  []*gitrepo.Commit
	reviewed *series.Reviewed
	mail     *reviewMail
	found    []trailers.Found
	signed   map[int]signatureState // by post
}

func (e *env) trailers(c *cli.Context, from string) error {
	job := &takingJob{}
	if err := e.findReviewed(c, job); err != nil {
		return err
	}
	var err error
	if job.settings, err = e.trailerSettings(c.Context); err != nil {
		return err
	}
	rejections, err := series.Rejections(e.repo)
	if err != nil {
		if c.Bool("update") {
			return err
		}
		e.warnf("%v", err)
		rejections = &trailers.Rejections{}
	}
	if job.mail, err = e.reviewMail(c, job, from); err != nil {
		return err
	}
	if err := e.collectTrailers(c, job, rejections); err != nil {
		return err
	}
	e.warnForged(job)
	if c.Bool("update") {
		return e.takeTrailers(c, job)
	}
	if c.Bool("json") {
		err = e.printJSON(job.report(nil))
	} else {
		err = e.printTrailers(c.Context, job)
	}
	if err == nil {
		err = job.incomplete()
	}
	return err
}

// collectTrailers finds what the mail gives, and who signed that.
func (e *env) collectTrailers(c *cli.Context, job *takingJob, rejections *trailers.Rejections) error {
	check := &sourceCheck{env: e, job: job, close: func() {}, checked: map[int]*checkedMail{}}
	defer func() { check.close() }()
	var failed error
	signed := func(post int) bool {
		sure, err := check.isSure(c.Context, post)
		failed = errors.Join(failed, err)
		return sure
	}
	all := trailers.Collect(job.mail.posts, job.reviewed.Branch, trailers.Options{Sloppy: c.Bool("sloppy-trailers"), Fuzzy: c.Bool("fuzzy"),
		Ignore: job.settings.ignore, Rejected: rejections.All, Signed: signed})
	if failed != nil {
		return failed
	}
	job.found = slices.DeleteFunc(all, func(f trailers.Found) bool { return f.Patch < 0 && !job.mail.related[job.mail.posts[f.Post].ID] })
	var err error
	job.signed, err = check.states(c.Context)
	return err
}

// findReviewed finds out what trailers are for.
func (e *env) findReviewed(c *cli.Context, job *takingJob) error {
	s, err := series.Load(c.Context, e.repo, "")
	switch {
	case err == nil:
		job.series, job.branch, job.commits = s, s, s.Patches
		if c.IsSet("since") || c.IsSet("since-commit") {
			e.notef("the patches are those of the series; --since and --since-commit say nothing here")
		}
	case errors.As(err, new(*series.NotPreparedError)):
		since, err := e.parseSince(c.String("since"))
		if err != nil {
			return err
		}
		line, err := series.FindOwnLine(c.Context, e.repo, series.LineOptions{From: c.String("since-commit"), Since: since})
		if err != nil {
			return err
		}
		job.branch, job.commits = line, line.Patches
	default:
		return err
	}
	job.reviewed, err = job.branch.Reviewed(c.Context)
	return err
}

// news are the trailers that are taken unasked.
func (job *takingJob) news() []trailers.Found {
	return slices.DeleteFunc(slices.Clone(job.found), func(f trailers.Found) bool { return f.Fate != trailers.New })
}

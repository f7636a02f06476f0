package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
)

// The groups of verbs in the help text, by the job that a contributor has at
// hand. Groups and verbs are shown in the order of [commands].
const (
	groupStart  = "start a series"
	groupWork   = "work on it"
	groupLook   = "look at it"
	groupSend   = "send it"
	groupReview = "follow the review"
	groupState  = "put away and take back"
	groupSetUp  = "set up"
	groupOthers = "engines on their own"
)

// commands lists every verb, in the order of the help text.
func commands(e *env) []*cli.Command {
	return []*cli.Command{
		newCommand(e), enrollCommand(e),
		coverCommand(e), depsCommand(e), collectCommand(e), setCommand(e), rerollCommand(e), rebaseCommand(e), restackCommand(e),
		previewCommand(e), checkCommand(e), diffCommand(e), infoCommand(e), listCommand(e), statusCommand(e), uiCommand(e),
		sendCommand(e), signCommand(e),
		trailersCommand(e), feedbackCommand(e), replyCommand(e), followCommand(e), verifyCommand(e),
		undoCommand(e), redoCommand(e), logCommand(e), cleanupCommand(e), forgetCommand(e), claimCommand(e),
		initCommand(e), configCommand(e), keyCommand(e), authCommand(e), doctorCommand(e), completionCommand(e), tourCommand(e), helpCommand(e),
		rangeDiffCommand(e), maintainersCommand(e), endpointCommand(e), prepCommand(e), completeCommand(e), manualCommand(e),
	}
}

// run carries out one command line, argv[0] being the name of the program, and
// returns the exit status. Errors have been reported when it returns.
func run(ctx context.Context, e *env, verbs func(*env) []*cli.Command, argv []string) int {
	err := dispatch(ctx, newApp(e, verbs(e)), e, argv[1:])
	err = e.nearby(ctx, err)
	e.close()
	e.progress.end()
	err = withLost(err, e.stdout.err)
	editor := (*gitrepo.EditorError)(nil)
	stopped := ctx.Err() != nil || errors.As(err, &editor) && editor.Interrupted
	if err != nil && stopped && status(err) == statusFailed {
		err = &interruptedError{cause: err}
	}
	report(e.stderr, err)
	return status(err)
}

// withLost adds to how a verb ended that its results could not be written; lost
// is nil when they could. A status that the verb chose stands: what became of
// mail counts more than that nobody reads of it.
func withLost(err, lost error) error {
	chosen := (*exitError)(nil)
	switch {
	case lost != nil && errors.As(err, &chosen) && (chosen.err == nil || errors.Is(chosen.err, lost)):
		return &exitError{status: chosen.status, err: &outputError{cause: lost}}
	case lost != nil && (err == nil || errors.Is(err, lost)):
		return &outputError{cause: lost}
	}
	return err
}

func dispatch(ctx context.Context, app *cli.App, e *env, words []string) error {
	inv, err := normalise(app, words)
	switch {
	case err != nil:
		return helpedBy(err, inv.path)
	case inv.version:
		_, err := fmt.Fprintln(e.stdout, "kprep", programVersion())
		return err
	case inv.help:
		return e.printHelp(app, inv.path)
	case len(inv.path) == 0:
		// As git: the help answers, but nothing was asked for.
		if err := e.printHelp(app, nil); err != nil {
			return err
		}
		return &exitError{status: statusUsage}
	}
	return helpedBy(app.RunContext(ctx, inv.argv), inv.path)
}

// newApp builds the app in the one place that has the settings which keep us
// safe. It parses only what normalise wrote.
func newApp(e *env, verbs []*cli.Command) *cli.App {
	hideLibraryHelp(verbs)
	return &cli.App{
		Name:  "kprep",
		Usage: "prepare, send and follow patch series by e-mail",
		Flags: globalFlags(),
		Before: func(c *cli.Context) error {
			err := e.applyGlobals(c)
			if err == nil && !e.quiet {
				e.progress.begin(c.Args().First())
			}
			return err
		},
		Commands: verbs,
		Reader:   e.stdin,
		// The library's own words would be out of place wherever they
		// appeared; run reports instead.
		Writer:    io.Discard,
		ErrWriter: io.Discard,
		HideHelp:  true, HideVersion: true, HideHelpCommand: true,
		// "Doe, Jane" <jane@example.org> is one address, not two values.
		DisableSliceFlagSeparator: true,
		// The default handler prints and exits on its own for any error with
		// an ExitCode method, such as an unknown command; run reports instead.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   usageFailure,
	}
}

// hideLibraryHelp keeps the library from adding a "help" and an "h" verb below
// every verb, which would swallow an argument of that name.
func hideLibraryHelp(verbs []*cli.Command) {
	for _, v := range verbs {
		v.HideHelp, v.HideHelpCommand = true, true
		hideLibraryHelp(v.Subcommands)
	}
}

// usageFailure turns what the library says of a value into our usage error.
func usageFailure(c *cli.Context, err error, isVerb bool) error {
	if isVerb {
		return usagef(c.Command.Name, "%v", err)
	}
	return programUsagef("%v", err)
}

func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "C", Usage: "run as if started in `DIR`"},
		&cli.StringSliceFlag{Name: "c", Aliases: []string{"config"}, Usage: "set a git configuration value: `KEY=VALUE`"},
		&cli.BoolFlag{Name: "no-pager", Usage: "do not pipe output into a pager"},
		&optionalFlag{StringFlag: cli.StringFlag{Name: "color", Usage: "`WHEN` to use colours: always, never or auto"}, bare: "always"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print errors and results only"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "say more about what is done"},
		&cli.BoolFlag{Name: "no-interactive", Aliases: []string{"n"}, Usage: "ask nothing; every answer is no"},
		&cli.BoolFlag{Name: "offline-mode", Usage: "ask no server for mail, in any verb"},
		// b4's other words; the first is its --verbose, the second is the rule here.
		&cli.BoolFlag{Name: "debug", Aliases: []string{"d"}, Hidden: true},
		&cli.BoolFlag{Name: "no-stdin", Hidden: true},
		&cli.BoolFlag{Name: "version", Usage: "print the version"},
		&cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "print this text, or that of a verb"},
	}
}

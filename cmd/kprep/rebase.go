package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

func rebaseCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "rebase",
		Category:  groupWork,
		Usage:     "move the patches to another base, or edit them",
		ArgsUsage: "[ONTO]",
		Description: "Git rebases the patches onto ONTO, a branch, tag or commit; without it, onto the\n" +
			"upstream of the branch or the recorded base branch. The cover letter is not in\n" +
			"git's list, and stays as it is. Where git stops, resolve and go on with\n" +
			"--continue or --abort; 'git rebase --continue' and '--abort' do as well.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "interactive", Aliases: []string{"i"}, Usage: "edit the list of patches"},
			&cli.BoolFlag{Name: "autosquash", Usage: "put fixup! and squash! commits where they belong"},
			&cli.BoolFlag{Name: "autostash", Usage: "put changes that are not committed aside meanwhile"},
			&cli.StringSliceFlag{Name: "exec", Aliases: []string{"x"}, Usage: "run `COMMAND` after each patch"},
			&cli.BoolFlag{Name: "drop-applied", Usage: "leave out patches that were applied there, also where they were changed"},
			&cli.StringFlag{Name: "base-branch", Usage: "ONTO belongs to `BRANCH`, where the cover letter's storage needs to know"},
			&cli.BoolFlag{Name: "continue", Usage: "go on after a stop"},
			&cli.BoolFlag{Name: "skip", Usage: "go on without the patch that it stopped at"},
			&cli.BoolFlag{Name: "abort", Usage: "put everything back as it was"},
			// For git, which calls us back.
			&cli.BoolFlag{Name: "todo", Hidden: true},
			&cli.BoolFlag{Name: "put-cover", Hidden: true},
		},
		Action: func(c *cli.Context) error {
			given, err := argsBetween(c, 0, 1)
			if err != nil {
				return err
			}
			mode, err := rebaseMode(c, given)
			if err != nil {
				return err
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			if repo.TopLevel == "" {
				return errNoWorkTree
			}
			var done *series.Rebased
			if e.rebased != nil && mode != "" {
				return e.rebaseOver(mode)
			}
			switch mode {
			case "todo":
				return e.editRebaseList(repo, given[0])
			case "put-cover":
				return series.PutCover(c.Context, repo)
			case "continue", "skip":
				done, err = series.ContinueRebase(c.Context, repo, e.streams(false), mode == "skip")
			case "abort":
				done, err = series.AbortRebase(c.Context, repo, e.streams(false))
			default:
				done, err = e.rebase(c, repo, strings.Join(given, ""))
			}
			if err != nil {
				return err
			}
			e.tellRebased(done)
			return nil
		},
	}
}

// rebaseMode is the option that says what to do, "" for a new rebase.
func rebaseMode(c *cli.Context, given []string) (string, error) {
	mode := ""
	for _, name := range []string{"continue", "skip", "abort", "todo", "put-cover"} {
		if !c.Bool(name) {
			continue
		}
		if mode != "" {
			return "", usagef("rebase", "--%s and --%s exclude each other", mode, name)
		}
		mode = name
	}
	if mode == "" {
		return "", nil
	}
	for _, name := range []string{"interactive", "autosquash", "autostash", "exec", "drop-applied", "base-branch"} {
		if c.IsSet(name) {
			return "", usagef("rebase", "--%s goes with a new rebase, not with --%s", name, mode)
		}
	}
	if (len(given) == 1) != (mode == "todo") {
		return "", usagef("rebase", "--%s goes on with a rebase and takes no argument", mode)
	}
	return mode, nil
}

func (e *env) rebase(c *cli.Context, repo *gitrepo.Repo, onto string) (*series.Rebased, error) {
	program, err := e.selfCommand("rebase")
	if err != nil {
		return nil, err
	}
	config, err := repo.Config()
	if err != nil {
		return nil, err
	}
	autostash, err := config.Bool("rebase.autoStash", false)
	if err != nil {
		return nil, err
	}
	if c.IsSet("autostash") {
		autostash = c.Bool("autostash")
	}
	s, err := series.Load(c.Context, repo, "")
	if err != nil {
		return nil, err
	}
	o := series.RebaseOptions{Onto: onto, BaseBranch: c.String("base-branch"), Interactive: c.Bool("interactive"),
		Autosquash: c.Bool("autosquash"), Autostash: autostash, Exec: c.StringSlice("exec"), Quiet: e.quiet,
		Program: program, Streams: e.streams(c.Bool("interactive"))}
	if err := e.dropApplied(c, repo, s, &o); err != nil {
		return nil, err
	}
	return s.Rebase(c.Context, o)
}

// streams are for a git that talks to the user. What it prints is no result
// of ours; only an editor needs the terminal as its output.
func (e *env) streams(editor bool) gitrepo.Streams {
	s := gitrepo.Streams{Stdin: asFile(e.stdin), Stdout: asFile(e.stderr), Stderr: asFile(e.stderr)}
	if editor || e.terminal.stdout {
		s.Stdout = asFile(e.stdout.w)
	}
	return s
}

// selfCommand is a shell command that runs this program.
func (e *env) selfCommand(words ...string) (string, error) {
	path, err := exec.LookPath(os.Args[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", err
	}
	return strings.Join(append([]string{shellQuote(path)}, words...), " "), nil
}

func shellQuote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// editRebaseList is what git runs as the editor of its list.
func (e *env) editRebaseList(repo *gitrepo.Repo, file string) error {
	program, err := e.selfCommand("rebase", "--put-cover")
	if err != nil {
		return err
	}
	return series.EditRebaseList(repo, e.path(file), program, func() error {
		editor := e.getenv("KPREP_TODO_EDITOR")
		if editor == ":" {
			return nil
		}
		return repo.EditWith(editor, e.path(file), gitrepo.Streams{Stdin: asFile(e.stdin), Stdout: asFile(e.stdout.w), Stderr: asFile(e.stderr)})
	})
}

// completeRebase completes a rebase that the user ended with git's own words.
// Where that fails, whoever loads the series says so.
func (e *env) completeRebase(ctx context.Context) {
	done, err := series.PendingRebase(ctx, e.repo)
	if err != nil || done == nil {
		return
	}
	e.rebased = done
	if done.Aborted {
		e.debugf("the rebase of %q was aborted", strings.TrimPrefix(done.Branch, "refs/heads/"))
		return
	}
	e.tellRebased(done)
}

// errRebaseOver means that there is nothing to abort any more.
var errRebaseOver = errors.New("the rebase had come to its end already")

// rebaseOver answers who wants to end a rebase that git has ended: openRepo
// has completed it, and told.
func (e *env) rebaseOver(mode string) error {
	switch {
	case e.rebased.Aborted:
		e.tellRebased(e.rebased)
	case mode == "abort":
		return errRebaseOver
	}
	return nil
}

func (e *env) tellRebased(r *series.Rebased) {
	name := strings.TrimPrefix(r.Branch, "refs/heads/")
	switch {
	case r.Same:
		e.notef("%q is based on %s already", name, r.Base.Short())
		return
	case r.Aborted:
		e.notef("%q is as it was", name)
		return
	}
	e.notef("%q is now %s on %s", name, plural(r.Patches, "patch", "patches"), r.Base.Short())
	for _, c := range r.Left {
		if r.Chosen {
			e.notef("no longer in it: %s %s", c.ID.Short(), patchmail.PrintableLine(c.Subject()))
		} else {
			e.notef("left out, the new base has it already or it was skipped: %s %s", c.ID.Short(), patchmail.PrintableLine(c.Subject()))
		}
	}
	for _, note := range r.Notes {
		e.warnf("%s", note)
	}
	if r.Patches == 0 {
		e.notef("no patches are left: 'kprep cleanup' puts the series away")
		return
	}
	e.notef("see the result with 'kprep preview'")
}

// rebaseHint helps with a rebase that did not come to its end.
func rebaseHint(err error) string {
	const goOn = "'kprep rebase --continue' goes on, 'kprep rebase --abort' puts everything back"
	rebasing, stopped := (*series.RebasingError)(nil), (*series.StoppedError)(nil)
	switch {
	case errors.As(err, &stopped) && stopped.Conflict:
		return "resolve it, see 'git status', and 'git add' the files; " + goOn
	case errors.As(err, &stopped):
		return "see 'git status'; " + goOn
	case errors.As(err, &rebasing) && rebasing.Running:
		return "wait for it"
	case errors.As(err, &rebasing) && rebasing.CutOff:
		return "'kprep rebase --abort' puts everything back; then begin again"
	case errors.As(err, &rebasing):
		return goOn
	case errors.Is(err, errRebaseOver):
		return "'kprep undo' takes it back"
	case errors.Is(err, series.ErrNoRebase):
		return "a rebase that git itself began is continued with 'git rebase --continue', see 'git status'"
	case errors.As(err, new(*series.OntoError)):
		return "name a branch, tag or commit that the patches shall be on: 'kprep rebase ONTO'; 'kprep info base-commit' is where they are"
	}
	return ""
}

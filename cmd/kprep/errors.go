package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/archive"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/maintainers"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

// The exit statuses of docs/exit-statuses.md.
const (
	statusFailed      = 1   // refused or failed, nothing sent, nothing changed
	statusUsage       = 2   // wrong usage
	statusOutstanding = 3   // mail went out, and --continue is safe
	statusUnknown     = 4   // at least one message of unknown fate
	statusUnfinished  = 5   // mail complete, tag or reroll not
	statusConflict    = 6   // the user must resolve
	statusInterrupted = 130 // interrupted with nothing sent
	statusBrokenPipe  = 141 // the reader of our output went away: as a shell reports SIGPIPE
)

// status maps an error to the exit status of the program.
func status(err error) int {
	if err == nil {
		return 0
	}
	if exit := (*exitError)(nil); errors.As(err, &exit) {
		return exit.status
	}
	if interrupted := (*interruptedError)(nil); errors.As(err, &interrupted) {
		return statusInterrupted
	}
	if unfinished := (*submission.UnfinishedError)(nil); errors.As(err, &unfinished) {
		return unfinished.Status()
	}
	if errors.As(err, new(*series.StoppedError)) {
		return statusConflict
	}
	if usage := (*usageError)(nil); errors.As(err, &usage) {
		return statusUsage
	}
	if out := (*outputError)(nil); errors.As(err, &out) && out.brokenPipe() {
		return statusBrokenPipe
	}
	return statusFailed
}

// hint returns what the user can do about err, or "".
func hint(err error) string {
	away, burn := (*submission.AwayError)(nil), (*submission.BurnError)(nil)
	switch {
	case errors.As(err, &burn):
		return cmp.Or(hint(burn.Err), "nothing was changed; mend that") + "; then 'kprep send --abandon' again"
	case errors.Is(err, gitrepo.ErrNotRepository):
		return "run kprep inside a git repository, or name one with 'kprep -C DIR'"
	case errors.Is(err, errNoWorkTree):
		return "run kprep in a clone or a work tree of it, see 'git worktree add'"
	case errors.Is(err, errNoClones):
		return "run kprep inside a git repository, or name your clones with 'git config --global --add kprep.repos DIR'"
	case errors.Is(err, submission.ErrNothingOpen):
		return "'kprep send' starts one"
	case errors.Is(err, submission.ErrNoChecks):
		return "name one with 'git config --add kprep.prep-perpatch-check-cmd COMMAND': it reads a patch mail on standard input"
	case errors.As(err, new(*submission.UnknownFateError)):
		return unknownHint
	case errors.As(err, &away) && away.Gone && away.Tip != "":
		return fmt.Sprintf("'git checkout -b %s %s' brings it back", away.Short(), away.Tip.Short())
	case errors.As(err, &away):
		return fmt.Sprintf("go there with 'git checkout %s'", away.Short())
	case errors.As(err, new(*sendmail.DamagedError)) && !errors.As(err, new(*archive.DamagedError)):
		return "nothing more is sent from it; bring it back from a backup, or 'kprep send --abandon' gives it up"
	case errors.As(err, new(*submission.OutstandingError)):
		return "'kprep send --status' shows what is left, 'kprep send --continue' goes on with it"
	case errors.As(err, new(*series.StateError)):
		return "move that file away: kprep then has to be told again, by 'kprep check' and 'kprep collect'"
	}
	if unfinished := (*submission.UnfinishedError)(nil); errors.As(err, &unfinished) && !(unfinished.Over && unfinished.Refs) {
		return unfinishedHint(unfinished) // mail is out: that comes first, whatever else failed
	}
	for _, h := range []func(error) string{keptTextHint, maintainersHint, compareHint, rebaseHint, seriesHint, archiveHint, mailHint, gitHint, sendHint, attestHint, trailersHint, feedbackHint, endpointHint, uiHint, initHint, usageHint} {
		if text := h(err); text != "" {
			return text
		}
	}
	return ""
}

func keptTextHint(err error) string {
	if kept := (*keptTextError)(nil); errors.As(err, &kept) {
		return fmt.Sprintf("your text is kept; store it with 'kprep %s --from %s'", kept.draft.verb, kept.file)
	}
	return ""
}

// maintainersHint helps with questions that the MAINTAINERS query cannot answer.
func maintainersHint(err error) string {
	option := (*maintainers.OptionError)(nil)
	switch {
	case errors.As(err, new(*maintainers.NotFoundError)):
		return "go to the top of a project that has the file, or name it with --maintainer-path PATH"
	case errors.As(err, &option) && option.NeedsScript:
		return "'kprep maintainers --script' runs the project's own script, with all its options"
	case errors.As(err, &option) && option.File != "":
		return "'kprep maintainers --script' runs the project's own script, which may know it"
	case errors.As(err, &option) && option.Reason == "is unknown":
		return "'kprep maintainers --help' lists the options; --script runs the project's own script with any"
	}
	return ""
}

// seriesHint helps with what is wrong with a branch.
func seriesHint(err error) string {
	broken, exists := (*series.BrokenError)(nil), (*series.ExistsError)(nil)
	tagged, unsent := (*series.TaggedError)(nil), (*series.NotSentError)(nil)
	lost, unmarked, stray := (*series.LostBranchError)(nil), (*series.UnmarkedError)(nil), (*series.TwoCoversError)(nil)
	plain, tip := (*plainBranchError)(nil), (*series.LostTipError)(nil)
	switch {
	case errors.As(err, &plain):
		return fmt.Sprintf("'%s' makes it a series with that on record; name what was mailed instead of HEAD where it has changed since", plain.command)
	case errors.As(err, new(*series.NotEarlierError)):
		return "'kprep reroll --manual MSGID' records the revision that the branch is"
	case errors.As(err, new(*series.EarlierError)) && !errors.As(err, new(*series.TaggedError)):
		return "--sent takes vN=REF[,MSGID], REF being a tag, branch or commit, or a range BASE..TIP"
	case errors.As(err, new(*series.NotPreparedError)):
		return "run 'kprep enroll BASE' to make this branch a series, or 'kprep new NAME' to start one"
	case errors.Is(err, series.ErrDetached):
		return "check out the branch of the series, or start one here with 'kprep new NAME'"
	case errors.As(err, new(*series.UnbornError)):
		return "make a first commit, or start at another one with 'kprep new NAME -f FORK'"
	case errors.As(err, &broken):
		return brokenHint(broken)
	case errors.As(err, new(*series.ForkError)):
		return "name a tag, branch or commit; 'git fetch --tags' brings those that are missing"
	case errors.As(err, new(*series.PostedError)):
		return "nothing was changed; with the patches on a branch, by 'git am', 'kprep rebase BRANCH' moves this series onto them"
	case errors.As(err, new(*series.StackError)):
		return "'kprep info' shows what the series is based on, 'kprep rebase ONTO' moves it"
	case errors.As(err, new(*series.MisplacedError)):
		return "'kprep set cover-storage tip-commit' moves the cover letter back to the tip"
	case errors.As(err, &stray):
		return fmt.Sprintf("'git rebase --onto %s^ %[1]s %s' takes it out", stray.Stray.ID.Short(), strings.TrimPrefix(stray.Branch, "refs/heads/"))
	case errors.As(err, new(*series.BelowError)):
		return "if they belong to the series, 'kprep set cover-storage commit' takes them in"
	case errors.As(err, &unmarked):
		return fmt.Sprintf("'kprep set cover-storage %s' writes it again", unmarked.Storage)
	case errors.As(err, new(*series.CoverContentError)):
		return "take them out of it, into a patch of their own: 'git rebase -i' onto its parent, and edit it there"
	case errors.As(err, &lost) && len(lost.Copies) > 0:
		return fmt.Sprintf("nothing is left to send; 'kprep set revision %d' on the one that goes on", lost.Revision)
	case errors.As(err, &lost):
		return fmt.Sprintf("nothing is left to send; 'git branch NAME %s' brings the patches back", lost.Tag)
	case errors.As(err, new(*series.LostPatchesError)):
		return "nothing is left to send; 'kprep send --status --json' names the folder with the messages that went out"
	case errors.As(err, new(*series.BaseBranchError)):
		return "name it with --base-branch, or record it with 'kprep set base-branch BRANCH'"
	case errors.As(err, new(*series.HoldsPatchesError)):
		return "name a base branch without them, or keep the cover letter in a commit, with 'kprep set cover-storage commit'"
	case errors.As(err, new(*series.OnCoverError)):
		return "'kprep rebase ONTO' moves it"
	case errors.As(err, new(*series.RevisionError)):
		return "choose a higher number; what was on the wire cannot be taken back"
	case errors.As(err, new(*series.NoBaseError)):
		return "name it: 'kprep enroll BASE', a branch, tag or commit"
	case errors.As(err, new(*series.TooManyError)):
		return "name a base nearer to your patches, or fetch the branch first"
	case errors.As(err, new(*series.NotAncestorError)):
		return "name a commit that the branch contains, or rebase the branch first"
	case errors.As(err, new(*series.NameError)):
		return "give it a short name, such as 'fix-leak'"
	case errors.As(err, &tip):
		return fmt.Sprintf("'git update-ref refs/heads/%s %s@{1}' goes back to the state before it, 'git fsck' tells what else is missing", tip.Branch, tip.Branch)
	case errors.As(err, new(*series.UnknownBranchError)):
		return "'kprep list' shows the branches that are a series"
	case errors.As(err, &exists):
		return fmt.Sprintf("choose another name, or go there with 'git checkout %s'", strings.TrimPrefix(exists.Branch, "refs/heads/"))
	case errors.As(err, new(*series.EnrolledError)):
		return "see it with 'kprep info'; 'kprep enroll --sent vN=REF', without BASE, adds what was sent before"
	case errors.As(err, new(*series.MergeError)):
		return "'git rebase' leaves merges out: run it onto the commit below the first patch, 'kprep info start-commit'"
	case errors.As(err, new(*series.ForeignError)):
		return "if an address is yours, say so with 'git config --add kprep.my-address ADDRESS'; 'kprep claim' takes over what is not"
	case errors.Is(err, series.ErrEmpty):
		return "commit your patches on top of the cover letter first"
	case errors.Is(err, series.ErrBlank):
		return "nothing was changed"
	case errors.As(err, &unsent) && unsent.Revision == 0 && unsent.Before == 0:
		return "'kprep send' sends the first one; see it with 'kprep preview'"
	case errors.As(err, &unsent):
		return "'kprep info' lists the revisions that were sent"
	case errors.As(err, &tagged) && tagged.Revision > 0:
		return fmt.Sprintf("'kprep set revision %d' makes the branch the next one, which can be sent", tagged.Revision+1)
	case errors.As(err, &tagged):
		return fmt.Sprintf("if that tag is a mistake, delete it with 'git tag -d %s'", tagged.Tag)
	}
	return ""
}

// archiveHint helps with putting a series away and bringing it back.
func archiveHint(err error) string {
	out := (*archive.CheckedOutError)(nil)
	switch {
	case errors.As(err, &out) && out.WorkTree != "":
		return "check out another branch there, or remove that work tree with 'git worktree remove'"
	case errors.As(err, &out):
		return "check out another branch first"
	case errors.As(err, new(*archive.WriteError)):
		return "nothing was changed; XDG_DATA_HOME says where archives go"
	case errors.As(err, new(*archive.ConflictError)):
		return "nothing was changed; rename or remove what is in the way"
	case errors.As(err, new(*archive.DamagedError)):
		return "nothing was changed; 'kprep cleanup --list' shows the archives there are"
	}
	return ""
}

// brokenHint says where the cover letter can still be had from.
func brokenHint(e *series.BrokenError) string {
	branch := strings.TrimPrefix(e.Branch, "refs/heads/")
	text := fmt.Sprintf("older states of the branch are in 'git reflog %s', the damage in 'git log -1 --format=%%B %s'", branch, e.Commit.Short())
	if e.Sent != "" {
		text = fmt.Sprintf("the cover letter as it was sent is in 'git cat-file tag %s'; %s", e.Sent, text)
	}
	return text
}

// gitHint helps with the state of the repository.
func gitHint(err error) string {
	busy := (*gitrepo.BusyError)(nil)
	locked, elsewhere := (*gitrepo.LockedError)(nil), (*oplog.WorkTreeError)(nil)
	config := (*gitrepo.ConfigBusyError)(nil)
	switch {
	case errors.As(err, new(*gitrepo.ConfigReadError)):
		return "nothing was changed; git refuses it too: mend it in an editor, and see with 'git config --list' that git can read it"
	case errors.As(err, &locked):
		return fmt.Sprintf("nothing was changed; wait until it is done, or remove %s if no git is running any more", locked.File)
	case errors.As(err, &config):
		return fmt.Sprintf("nothing was changed; wait until it is done, or remove %s if no git is running any more", config.Lock)
	case errors.As(err, &elsewhere):
		return fmt.Sprintf("nothing was changed; run it there, with 'kprep -C %s'", elsewhere.Path)
	case errors.As(err, new(*gitrepo.StoreError)), errors.As(err, new(*gitrepo.ScratchError)):
		return "nothing was changed; see that the repository can be written to, and has room"
	case errors.As(err, new(*oplog.StorageError)):
		return "kprep keeps its files in 'kprep' in the git directory: see that it is a directory, can be written to, and has room"
	case errors.As(err, &busy):
		return fmt.Sprintf("finish or abort the %s first, see 'git status'", busy.Operation)
	case errors.As(err, new(*gitrepo.MissingError)):
		return "if the clone is shallow, 'git fetch --unshallow' brings what is missing"
	case errors.As(err, new(*gitrepo.OverwriteError)):
		return "nothing was changed; commit, stash or move them first"
	case errors.As(err, new(*oplog.MovedError)):
		return "nothing was changed; '--force' takes it back all the same, and 'kprep redo' brings that back"
	case errors.As(err, new(*oplog.BarrierError)):
		return "mail cannot be called back; '--past-send' restores patches and cover letter alone"
	case errors.As(err, new(*oplog.GoneError)):
		return "nothing was changed; something deleted the ref " + oplog.KeepRef + ", and git gc what it kept. 'kprep forget' drops what cannot be undone any more"
	case errors.As(err, new(*oplog.DamagedError)):
		return "nothing was changed; move that file out of the folder: only what it recorded cannot be undone then"
	case errors.As(err, new(*oplog.NothingError)):
		return "'kprep log --all' lists what was done, on any branch"
	case errors.As(err, new(*oplog.UnfinishedError)):
		return "run the command again"
	case errors.As(err, new(*gitrepo.DirtyError)):
		return "commit or stash them first"
	case errors.As(err, new(*gitrepo.RefChangedError)):
		return "nothing was changed; run the command again"
	case errors.As(err, new(*gitrepo.IdentityError)):
		return "set them with 'git config --global user.name NAME' and 'git config --global user.email ADDRESS'"
	case errors.As(err, new(*gitrepo.SignError)):
		return "nothing was changed; 'git commit -S' signs with the same program and key, see gpg.format and user.signingKey in git-config(1)"
	case errors.As(err, new(*gitrepo.EditorError)):
		return "nothing was changed; 'git config core.editor' chooses the editor, 'kprep cover --from FILE' needs none"
	}
	return ""
}

// report says on the terminal what went wrong, and what can be done about it.
func report(w io.Writer, err error) {
	if exit := (*exitError)(nil); err == nil || errors.As(err, &exit) && exit.err == nil {
		return
	}
	if out := (*outputError)(nil); errors.As(err, &out) && out.brokenPipe() {
		return // nobody is listening
	}
	for _, each := range joined(err) {
		text := strings.TrimRight(patchmail.Printable(each.Error()), "\n")
		fmt.Fprintln(w, "kprep: "+strings.ReplaceAll(text, "\n", "\n  "))
	}
	if h := hint(err); h != "" {
		fmt.Fprintln(w, "hint: "+patchmail.Printable(h))
	}
}

// joined returns the errors that errors.Join put together, or err alone.
func joined(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		// fmt.Errorf with several %w has the method as well, and words of its own.
		if errs := j.Unwrap(); errors.Join(errs...).Error() == err.Error() {
			return errs
		}
	}
	return []error{err}
}

// A usageError reports a command line that cannot be understood.
type usageError struct {
	verb string // "" for the program itself, and where text names it
	text string // one line
	help string // what has a --help about it, such as "kprep key new"
}

func usagef(verb, format string, args ...any) error {
	return &usageError{verb: verb, text: fmt.Sprintf(format, args...)}
}

// programUsagef is usagef for what stands before the verb.
func programUsagef(format string, args ...any) error {
	return &usageError{text: fmt.Sprintf(format, args...), help: "kprep"}
}

// helpedBy adds to wrong usage of a verb whose help tells more; path is empty where
// none was understood.
func helpedBy(err error, path []*cli.Command) error {
	if usage := (*usageError)(nil); errors.As(err, &usage) && usage.help == "" {
		usage.help = strings.TrimSpace("kprep " + pathName(path))
	}
	return err
}

func usageHint(err error) string {
	usage := (*usageError)(nil)
	switch {
	case !errors.As(err, &usage) || usage.help == "":
		return ""
	case usage.help == "kprep":
		return "'kprep --help' lists the verbs, and the options that stand before them"
	}
	return fmt.Sprintf("'%s --help' tells how it is used", usage.help)
}

func (e *usageError) Error() string {
	text := patchmail.PrintableLine(e.text)
	if e.verb == "" {
		return text
	}
	return e.verb + ": " + text
}

// An exitError ends the program with a status of its own. The verb has said
// all there is to say when err is nil.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// An interruptedError reports that the user stopped a verb before it had sent
// anything; run makes one only of an error of status 1.
type interruptedError struct{ cause error }

func (e *interruptedError) Error() string {
	if errors.Is(e.cause, context.Canceled) {
		return "interrupted"
	}
	return fmt.Sprintf("interrupted: %v", e.cause)
}

func (e *interruptedError) Unwrap() error { return e.cause }

// An outputError reports that results could not be written.
type outputError struct{ cause error }

func (e *outputError) Error() string    { return fmt.Sprintf("write standard output: %v", cause(e.cause)) }
func (e *outputError) Unwrap() error    { return e.cause }
func (e *outputError) brokenPipe() bool { return isBrokenPipe(e.cause) }

// cause strips the operation and path that package os puts before an error,
// for a message that names both in its own words.
func cause(err error) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

// An env is everything that a verb touches: a test hands over buffers, a fixed
// clock and a scratch directory.
type env struct {
	stdin  io.Reader
	stdout *output // results
	stderr io.Writer
	now    func() time.Time
	random io.Reader // unguessable in use, fixed in tests

	environ  []string // KEY=VALUE as in os.Environ; the last of a key counts
	terminal terminals
	progress *progress // of the verb; nil: nobody is told

	// From the global options.
	dir            string   // where we are: relative names start here
	config         []string // KEY=VALUE overrides of git's configuration
	colour         string   // always, never or auto
	noPager        bool
	quiet, verbose bool
	unattended     bool // nobody is asked, whatever the terminal

	repo *gitrepo.Repo // nil until openRepo

	rebased *series.Rebased // what openRepo completed; usually nil
}

// terminals says which of the standard streams are terminals.
type terminals struct{ stdin, stdout, stderr bool }

// processEnv is the env of this process.
func processEnv() *env {
	isTerminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	e := &env{
		stdin:    os.Stdin,
		stdout:   &output{w: os.Stdout},
		stderr:   os.Stderr,
		now:      time.Now,
		random:   rand.Reader,
		environ:  os.Environ(),
		terminal: terminals{isTerminal(os.Stdin), isTerminal(os.Stdout), isTerminal(os.Stderr)},
		dir:      ".",
		colour:   "auto",
	}
	e.progress = &progress{tell: func(line string) { e.notef("%s", line) }}
	width := func() int { return columnsOf(e.getenv("COLUMNS"), os.Stderr) }
	switch {
	case e.terminal.stderr && e.getenv("TERM") != "dumb":
		s := &screen{w: os.Stderr, width: width, ours: func() bool { return inForeground(os.Stderr) }}
		e.stderr, e.progress.screen = s, s
		if e.terminal.stdout {
			e.stdout.screen = s
		}
	case e.terminal.stderr:
		e.stderr = folding{os.Stderr, width}
	}
	return e
}

// applyGlobals takes over the options that stand before the verb.
func (e *env) applyGlobals(c *cli.Context) error {
	for _, dir := range c.StringSlice("C") {
		// As git: each is relative to the one before, the empty one says nothing.
		e.dir = e.path(dir)
	}
	if info, err := os.Stat(e.dir); err != nil {
		return fmt.Errorf("change to %q: %w", e.dir, cause(err))
	} else if !info.IsDir() {
		return fmt.Errorf("change to %q: not a directory", e.dir)
	}
	for _, setting := range c.StringSlice("c") {
		key, _, _ := strings.Cut(setting, "=")
		if section, name, dotted := strings.Cut(key, "."); !dotted || section == "" || name == "" {
			return programUsagef(`-c wants SECTION.KEY=VALUE, not %q`, setting)
		}
		e.config = append(e.config, setting)
	}
	if when := c.String("color"); c.IsSet("color") {
		if when != "always" && when != "never" && when != "auto" {
			return programUsagef("--color is always, never or auto, not %q", when)
		}
		e.colour = when
	}
	if c.Bool("offline-mode") {
		e.config = append(e.config, "kprep.offline=true")
	}
	// A verb may carry out others, whose command lines say nothing of these.
	e.noPager = e.noPager || c.Bool("no-pager")
	e.quiet = e.quiet || c.Bool("quiet")
	e.verbose = e.verbose || c.Bool("verbose") || c.Bool("debug")
	e.unattended = e.unattended || c.Bool("no-interactive")
	return nil
}

// openRepo opens the repository that we are in, once; run closes it.
func (e *env) openRepo(ctx context.Context) (*gitrepo.Repo, error) {
	if e.repo != nil {
		return e.repo, nil
	}
	repo, err := gitrepo.Open(ctx, e.dir, gitrepo.Options{Env: e.environ, Config: e.config, Rewrite: e.rewriteHooks(), Asks: e.gitAsking()})
	if err != nil {
		return nil, err
	}
	e.repo = repo
	if err := e.recoverLog(ctx); err != nil {
		return repo, err
	}
	e.completeRebase(ctx)
	return repo, nil
}

func (e *env) close() {
	if e.repo != nil {
		e.repo.Close()
	}
}

// getenv returns the value of an environment variable, "" when it is not set.
func (e *env) getenv(key string) string {
	for i := len(e.environ) - 1; i >= 0; i-- {
		if k, v, _ := strings.Cut(e.environ[i], "="); k == key {
			return v
		}
	}
	return ""
}

// randomHex returns n random lower-case hexadecimal digits; n is even.
func (e *env) randomHex(n int) (string, error) {
	b := make([]byte, n/2)
	if _, err := io.ReadFull(e.random, b); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return hex.EncodeToString(b), nil
}

// path resolves a file name given on the command line.
func (e *env) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.dir, name)
}

// mayPrompt reports whether the user can be asked. Without a terminal on both
// sides nothing prompts, and the answer is no.
func (e *env) mayPrompt() bool {
	return !e.unattended && e.terminal.stdin && e.terminal.stderr && e.getenv("GIT_TERMINAL_PROMPT") != "0"
}

// notef tells the user how things go, unless -q silences it. A newline is added.
func (e *env) notef(format string, args ...any) {
	if !e.quiet {
		e.printLine(format, args...)
	}
}

// debugf tells more, under -v.
func (e *env) debugf(format string, args ...any) {
	if e.verbose {
		e.printLine(format, args...)
	}
}

// warnf tells what the user should know whatever -q says.
func (e *env) warnf(format string, args ...any) {
	e.printLine("warning: "+format, args...)
}

func (e *env) printLine(format string, args ...any) {
	fmt.Fprintln(e.stderr, patchmail.Printable(fmt.Sprintf(format, args...)))
}

// An output is a writer that remembers its first error, so that a full disk is
// not mistaken for success by a verb that does not look.
type output struct {
	w      io.Writer
	screen *screen // w is its terminal; nil: it is not
	err    error
}

func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	write := o.w.Write
	if o.screen != nil {
		write = func(p []byte) (int, error) { return o.screen.beside(p, o.w) }
	}
	n, err := write(p)
	o.err = err
	return n, err
}

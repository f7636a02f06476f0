package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/internal/mailtest"
)

func tourCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "tour",
		Category: groupSetUp,
		Usage:    "see the life of a series, in a throw-away repository",
		Description: "Makes a small project and a mail server of its own in a new directory, and\n" +
			"performs every step from the first commit to v2 on the list, printing each\n" +
			"command with its real output; then a newcomer sends through a web endpoint,\n" +
			"without SMTP. Nothing outside that directory is touched, nothing leaves the\n" +
			"machine.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dir", Usage: "work in the new directory `DIR` and keep it"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			dir, err := e.tourDir(c.String("dir"))
			if err != nil {
				return err
			}
			if !c.IsSet("dir") {
				defer os.RemoveAll(dir)
			}
			server, err := mailtest.New(mailtest.Options{})
			if err != nil {
				return fmt.Errorf("start the mail server: %w", err)
			}
			defer server.Close()
			t := &tour{e: e, dir: dir, server: server}
			if err := t.perform(c.Context); err != nil {
				return err
			}
			if c.IsSet("dir") {
				e.notef("everything is still in %s", dir)
			}
			return nil
		},
	}
}

// tourDir makes the directory that everything happens in.
func (e *env) tourDir(name string) (string, error) {
	if name == "" {
		return os.MkdirTemp("", "kprep-tour-")
	}
	dir, err := filepath.Abs(e.path(name))
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err != nil {
		return "", fmt.Errorf("make the directory %q: %w", name, cause(err))
	}
	return dir, nil
}

// A tour performs the chapters of [tourChapters] in its directory.
type tour struct {
	e      *env
	dir    string
	server *mailtest.Server
	mailed int    // messages written to mail/ so far
	listen string // host:port of the web endpoint
}

func (t *tour) perform(ctx context.Context) error {
	if err := t.setUp(ctx); err != nil {
		return fmt.Errorf("prepare the tour: %w", err)
	}
	serving, end := context.WithCancelCause(ctx)
	var services sync.WaitGroup
	defer services.Wait()
	defer end(nil)
	for i, chapter := range tourChapters(t.endpoint()) {
		fmt.Fprintf(t.e.stdout, "\n%d. %s\n", i+1, chapter.title)
		for _, line := range chapter.commands {
			fmt.Fprintf(t.e.stdout, "\n$ %s\n", strings.ReplaceAll(line, "\n", "\n> "))
			var err error
			if service, serves := strings.CutSuffix(line, " &"); serves {
				services.Go(func() { end(t.shell(serving, chapter.in, "exec "+service, io.Discard)) })
				err = t.awaitEndpoint(serving, chapter.in)
			} else {
				err = t.shell(ctx, chapter.in, line, t.e.stdout)
			}
			if err != nil {
				return fmt.Errorf("the tour ends here: %w", err)
			}
		}
		if err := t.deliver(ctx, chapter.mailbox, chapter.mails); err != nil {
			return err
		}
		if err := t.compare(ctx, chapter.in, chapter.like); err != nil {
			return err
		}
	}
	return nil
}

// setUp makes the program, a home and the project, without showing it.
func (t *tour) setUp(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, name := range []string{"bin", "home", "mail", "endpoint"} {
		if err := os.Mkdir(filepath.Join(t.dir, name), 0o700); err != nil {
			return err
		}
	}
	if err := os.Symlink(self, filepath.Join(t.dir, "bin", "kprep")); err != nil {
		return err
	}
	if t.listen, err = mailtest.FreeAddress(); err != nil {
		return err
	}
	for _, f := range t.files() {
		path := filepath.Join(t.dir, f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(f.text), f.mode); err != nil {
			return err
		}
	}
	return t.shell(ctx, "", tourProject, io.Discard)
}

// files are the project, the web endpoint's configuration, and everybody's.
func (t *tour) files() []tourFile {
	smtp := fmt.Sprintf("[sendemail]\n\tsmtpServer = %s\n\tsmtpServerPort = %s\n", t.server.Host(), t.server.Port())
	all := append(tourFiles(), tourFile{"endpoint/endpoint.conf", tourEndpoint(t.endpoint(), t.listen, smtp), 0o600})
	for _, p := range tourPeople(smtp) {
		all = append(all, tourFile{filepath.Join("home", p.in, "gitconfig"), p.config(), 0o600})
	}
	return all
}

// shell runs a line of the tour, cut off from the user's own configuration, in a
// directory and with the home that belongs to it. When ctx ends, so does the
// program, in peace if it can.
func (t *tour) shell(ctx context.Context, in, line string, out io.Writer) error {
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", line)
	cmd.Dir = filepath.Join(t.dir, in)
	home := filepath.Join(t.dir, "home", in)
	cmd.Env = []string{
		"PATH=" + filepath.Join(t.dir, "bin") + string(os.PathListSeparator) + t.e.getenv("PATH"),
		"HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_DATA_HOME=" + home, "XDG_CACHE_HOME=" + home,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + filepath.Join(home, "gitconfig"), "GIT_TERMINAL_PROMPT=0",
		"LC_ALL=C.UTF-8", "TZ=" + t.e.getenv("TZ"), "TERM=dumb",
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, 10*time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%q: %w", line, err)
	}
	return nil
}

// deliver puts what the server received meanwhile into mail/NAME, once it is all
// there: a web endpoint mails by itself.
func (t *tour) deliver(ctx context.Context, name string, mails int) error {
	if name == "" {
		return nil
	}
	box := filepath.Join(t.dir, "mail", name)
	if err := os.Mkdir(box, 0o700); err != nil {
		return err
	}
	if err := await(ctx, "the mail", func() bool { return len(t.server.Messages()) >= t.mailed+mails }); err != nil {
		return err
	}
	arrived := t.server.Messages()[t.mailed:]
	fmt.Fprintf(t.e.stdout, "\nThe server received:\n")
	for i, m := range arrived {
		if err := os.WriteFile(filepath.Join(box, fmt.Sprintf("%04d.eml", i)), m.Data, 0o600); err != nil {
			return err
		}
		fmt.Fprintf(t.e.stdout, "  mail/%s/%04d.eml  for %s\n", name, i, strings.Join(m.To, ", "))
	}
	t.mailed += len(arrived)
	return nil
}

// compare shows that what was applied in one directory is what another has.
func (t *tour) compare(ctx context.Context, in, like string) error {
	if like == "" {
		return nil
	}
	var mine, theirs strings.Builder
	if err := t.shell(ctx, like, "git rev-parse HEAD^{tree}", &mine); err != nil {
		return err
	}
	if err := t.shell(ctx, in, "git rev-parse HEAD^{tree}", &theirs); err != nil {
		return err
	}
	if mine.String() != theirs.String() {
		return fmt.Errorf("the trees differ: %s and %s", strings.TrimSpace(mine.String()), strings.TrimSpace(theirs.String()))
	}
	fmt.Fprintf(t.e.stdout, "\nThe trees are identical: %s\n", strings.TrimSpace(mine.String()))
	return nil
}

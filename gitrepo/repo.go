package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Options says how git is run.
type Options struct {
	// Env is the environment of every git process, in the form of
	// os.Environ. Empty means the process's own environment.
	Env []string
	// Config holds KEY=VALUE overrides, given to git as "-c KEY=VALUE".
	Config []string
	// Rewrite holds what the user wants run around every rewrite of history.
	Rewrite RewriteHooks
	// Asks, which may be nil, is told of a program that may ask the user on the
	// terminal by itself, before it runs; it returns what is called afterwards.
	Asks func(program string) (done func())
	// Glance is set by who may need no object of the repository: git is started
	// for them when one is asked for, and not beforehand.
	Glance bool
}

// A Repo is an open repository, seen from one work tree.
type Repo struct {
	Dir          string // where git runs: the directory given to Open
	GitDir       string // absolute; of this work tree
	CommonDir    string // absolute; shared by all work trees
	TopLevel     string // absolute; "" when there is no work tree here
	ObjectFormat string // "sha1" or "sha256"
	Head         Head

	git       runner
	configMu  sync.Mutex
	config    func() (*Config, error)
	committer func() (Ident, error)
	author    func() (Ident, error)
	signer    func() (*signer, error)
	editor    func() (string, error)
	refFiles  func() bool // nil: not known
	rewrite   RewriteHooks
	asks      func(program string) (done func())

	objectsMu sync.Mutex
	objects   *objectReader

	patchIDsMu sync.Mutex
	patchIDs   map[ID]string // that were found out
}

// A Head says what is checked out.
type Head struct {
	// Branch is the full ref name, "refs/heads/…"; "" when HEAD is detached.
	Branch string
	// Unborn is true on a branch without commits.
	Unborn bool
}

// ErrNotRepository means that the directory is in no git repository.
var ErrNotRepository = errors.New("not a git repository")

// Open finds the repository that dir lies in, as git does. The configuration
// is read at the same time. It returns ErrNotRepository, wrapped with git's
// reason, when there is none, and a *ConfigReadError when git cannot read the
// configuration.
func Open(ctx context.Context, dir string, opts Options) (*Repo, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	env := opts.Env
	if len(env) == 0 {
		env = os.Environ()
	}
	r := &Repo{Dir: abs, git: newRunner(abs, env, opts.Config), rewrite: opts.Rewrite, asks: opts.Asks}
	r.config = inBackground(func() (*Config, error) { return r.readConfig(ctx) })
	r.committer = sync.OnceValues(func() (Ident, error) { return r.ident(ctx, "GIT_COMMITTER_IDENT") })
	r.author = sync.OnceValues(func() (Ident, error) { return r.ident(ctx, "GIT_AUTHOR_IDENT") })
	r.signer = sync.OnceValues(func() (*signer, error) { return r.findSigner(ctx) })
	r.editor = sync.OnceValues(func() (string, error) { return r.findEditor(ctx) })
	r.refFiles = sync.OnceValue(r.hasRefFiles)
	// The reader starts before the repository is known to exist: a failed
	// Open then costs one more process, every other verb gains its start.
	if !opts.Glance {
		r.objects = startObjectReader(r.git)
	}
	if err := r.discover(ctx); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// asking is called before a program that may ask the user; see [Options].
func (r *Repo) asking(program string) (done func()) {
	if r.asks == nil {
		return func() {}
	}
	return r.asks(program)
}

// Close ends the processes that the repository keeps running.
func (r *Repo) Close() error {
	r.objectsMu.Lock()
	defer r.objectsMu.Unlock()
	if r.objects != nil {
		r.objects.close()
		r.objects = nil
	}
	return nil
}

// notRepository keeps what git says beyond the plain fact, such as an owner
// that it does not trust.
func notRepository(reason string) error {
	if strings.HasPrefix(reason, ErrNotRepository.Error()) {
		return ErrNotRepository
	}
	return fmt.Errorf("%w: %s", ErrNotRepository, reason)
}

func (r *Repo) discover(ctx context.Context) error {
	out, err := r.git.output(ctx, "rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir",
		"--show-object-format", "--is-inside-work-tree", "--show-cdup", "--symbolic-full-name", "HEAD")
	lines := strings.Split(string(out), "\n")
	if len(lines) < 4 {
		if err == nil {
			err = fmt.Errorf("git rev-parse answered %q", out)
		}
		if ge := (*Error)(nil); errors.As(err, &ge) && ge.ExitCode == 128 {
			// git tells what it cannot read of its configuration as it tells of no repository.
			if _, unread := r.Config(); errors.As(unread, new(*ConfigReadError)) {
				return unread
			}
			return notRepository(ge.reason())
		}
		return err
	}
	r.GitDir, r.CommonDir, r.ObjectFormat = lines[0], lines[1], lines[2]
	rest := lines[4:]
	if lines[3] == "true" && len(rest) > 0 { // elsewhere --show-cdup prints no line
		r.TopLevel = filepath.Clean(filepath.Join(r.Dir, rest[0]))
		rest = rest[1:]
	}
	if err != nil { // HEAD names no commit
		out, symErr := r.git.output(ctx, "symbolic-ref", "-q", "HEAD")
		if symErr != nil {
			return err
		}
		r.Head = Head{Branch: string(bytes.TrimSpace(out)), Unborn: true}
		return nil
	}
	if len(rest) > 0 && rest[0] != "HEAD" {
		r.Head.Branch = rest[0]
	}
	return nil
}

// Config returns the user's configuration, read once.
func (r *Repo) Config() (*Config, error) {
	r.configMu.Lock()
	read := r.config
	r.configMu.Unlock()
	return read()
}

// ForgetConfig has the configuration read again when it is next asked for.
func (r *Repo) ForgetConfig() {
	r.configMu.Lock()
	defer r.configMu.Unlock()
	r.config = sync.OnceValues(func() (*Config, error) { return r.readConfig(context.Background()) })
}

// Hex returns the length of an object id in hexadecimal digits: 40 or 64.
func (r *Repo) Hex() int { return len(r.Null()) }

// Null returns the all-zero object id, which stands for "no such ref".
func (r *Repo) Null() ID {
	if r.ObjectFormat == "sha256" {
		return ID(strings.Repeat("0", 64))
	}
	return ID(strings.Repeat("0", 40))
}

// inBackground starts f at once and hands its result to every caller.
func inBackground[T any](f func() (T, error)) func() (T, error) {
	var value T
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		value, err = f()
	}()
	return func() (T, error) {
		<-done
		return value, err
	}
}

// Version returns the version of the git program, such as "2.39.5".
func (r *Repo) Version(ctx context.Context) (string, error) {
	out, err := r.git.output(ctx, "version")
	return strings.TrimSpace(strings.TrimPrefix(string(out), "git version ")), err
}

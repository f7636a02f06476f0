package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A HookError reports a hook of the user's that said no.
type HookError struct {
	Hook   string
	Reason string // what the hook printed last, or its exit status
}

func (e *HookError) Error() string { return fmt.Sprintf("the hook %s refused: %s", e.Hook, e.Reason) }

// RunHook runs a hook as git would: from core.hooksPath or the hooks
// directory, in the work tree, with GIT_DIR set and env added. A hook that is
// not there, or not executable, agrees. It returns a *HookError when the hook
// ends with another status than 0.
func (r *Repo) RunHook(ctx context.Context, name string, env []string, args ...string) error {
	hook, err := r.hook(ctx, name)
	if hook == "" {
		return err
	}
	cmd := script(ctx, hook, args)
	cmd.Dir = r.workDir()
	cmd.Env = append(r.git.env[:len(r.git.env):len(r.git.env)], "GIT_DIR="+r.GitDir)
	cmd.Env = append(cmd.Env, env...)
	return runHook(ctx, name, cmd)
}

// HasHook says whether RunHook would run anything.
func (r *Repo) HasHook(ctx context.Context, name string) (bool, error) {
	hook, err := r.hook(ctx, name)
	return hook != "", err
}

// hook is the file of a hook; "" where there is none that can be run.
func (r *Repo) hook(ctx context.Context, name string) (string, error) {
	config, err := r.Config()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(r.CommonDir, "hooks")
	if path, ok := config.Get("core.hooksPath"); ok {
		if dir, err = r.hooksPath(ctx, path); err != nil {
			return "", err
		}
	}
	hook := filepath.Join(dir, name)
	if info, err := os.Stat(hook); err != nil || !Executable(info) {
		return "", nil
	}
	return hook, nil
}

// RunCommand runs a command of the user's, a program and its arguments, in
// the top directory. The name, such as that of its setting, is for people. It
// returns a *HookError when the command ends with another status than 0.
func (r *Repo) RunCommand(ctx context.Context, name string, words []string) error {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Env = r.workDir(), r.git.env
	return runHook(ctx, name, cmd)
}

func runHook(ctx context.Context, name string, cmd *exec.Cmd) error {
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) { // a child that it left behind is its own affair
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	reason := strings.TrimSpace(string(out))
	if reason == "" {
		reason = err.Error()
	}
	if errors.As(err, new(*exec.ExitError)) {
		return &HookError{Hook: name, Reason: reason}
	}
	return fmt.Errorf("run the hook %s: %w", name, err)
}

// RewriteHooks run around a rewrite of history; each may be nil.
type RewriteHooks struct {
	Before func(ctx context.Context, r *Repo) error // an error stops the rewrite
	After  func(ctx context.Context, r *Repo)       // whatever came of a rewrite that Before let begin
}

// BeforeRewrite asks whether history may be rewritten now. What it returns is
// the hook's own error; nothing may be changed then.
func (r *Repo) BeforeRewrite(ctx context.Context) error {
	if r.rewrite.Before == nil {
		return nil
	}
	return r.rewrite.Before(ctx, r)
}

// AfterRewrite tells that the rewrite is over, also after an interrupt.
func (r *Repo) AfterRewrite(ctx context.Context) {
	if r.rewrite.After != nil {
		r.rewrite.After(context.WithoutCancel(ctx), r)
	}
}

// hooksPath expands the value of core.hooksPath. A relative one is meant from
// where hooks run (githooks(5)).
func (r *Repo) hooksPath(ctx context.Context, path string) (string, error) {
	if strings.HasPrefix(path, "~") {
		var err error
		if path, err = r.expandPath(ctx, path); err != nil {
			return "", err
		}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.workDir(), path)
	}
	return path, nil
}

// expandPath expands "~/", "~user/" and "%(prefix)/" as git does in its
// settings of the type path.
func (r *Repo) expandPath(ctx context.Context, path string) (string, error) {
	if !strings.HasPrefix(path, "~") && !strings.HasPrefix(path, "%(prefix)/") {
		return path, nil
	}
	out, err := r.git.output(ctx, "-c", "kprep.path="+path, "config", "--type=path", "--get", "kprep.path")
	return string(trimNewline(out)), err
}

func (r *Repo) workDir() string {
	if r.TopLevel != "" {
		return r.TopLevel
	}
	return r.GitDir
}

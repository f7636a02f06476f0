package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	config, err := r.Config()
	if err != nil {
		return err
	}
	dir := filepath.Join(r.CommonDir, "hooks")
	if path, ok := config.Get("core.hooksPath"); ok {
		if dir, err = r.hooksPath(ctx, path); err != nil {
			return err
		}
	}
	hook := filepath.Join(dir, name)
	if info, err := os.Stat(hook); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		return nil
	}
	cmd := exec.CommandContext(ctx, hook, args...)
	cmd.Dir = r.workDir()
	cmd.Env = append(r.git.env[:len(r.git.env):len(r.git.env)], "GIT_DIR="+r.GitDir)
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	if err == nil {
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

// hooksPath expands the value of core.hooksPath. A relative one is meant from
// where hooks run (githooks(5)).
func (r *Repo) hooksPath(ctx context.Context, path string) (string, error) {
	if strings.HasPrefix(path, "~") {
		out, err := r.git.output(ctx, "config", "--type=path", "--get", "core.hooksPath")
		if err != nil {
			return "", err
		}
		path = string(trimNewline(out))
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.workDir(), path)
	}
	return path, nil
}

func (r *Repo) workDir() string {
	if r.TopLevel != "" {
		return r.TopLevel
	}
	return r.GitDir
}

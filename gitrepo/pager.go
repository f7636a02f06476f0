package gitrepo

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Page shows text in the pager that git would use, on the terminal behind
// stdout; preferred, unless it is "", comes before the one of the configuration.
// Without a pager it is copied there. Ctrl-C belongs to the pager.
func (r *Repo) Page(ctx context.Context, text io.Reader, preferred string, stdout, stderr *os.File) error {
	ask := []string{"var", "GIT_PAGER"}
	if preferred != "" {
		ask = append([]string{"-c", "core.pager=" + preferred}, ask...)
	}
	out, err := r.git.output(ctx, ask...)
	pager := string(trimNewline(out))
	if err != nil || pager == "" || pager == "cat" {
		_, err := io.Copy(stdout, text)
		return err
	}
	// Through a shell, as git does: core.pager may be a pipeline.
	cmd := exec.CommandContext(ctx, "sh", "-c", pager)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = r.Dir, text, stdout, stderr
	cmd.Env = append(r.git.env[:len(r.git.env):len(r.git.env)], "GIT_PAGER_IN_USE=1")
	for _, preset := range []string{"LESS=FRX", "LV=-c"} {
		key, _, _ := strings.Cut(preset, "=")
		if !hasKey(r.git.env, key) {
			cmd.Env = append(cmd.Env, preset)
		}
	}
	if err := runOnTerminal(cmd); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return err
	}
	return nil // how the user left the pager says nothing about us
}

func hasKey(env []string, key string) bool {
	for _, entry := range env {
		if strings.HasPrefix(entry, key+"=") {
			return true
		}
	}
	return false
}

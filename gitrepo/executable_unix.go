//go:build !windows

package gitrepo

import (
	"context"
	"io/fs"
	"os/exec"
)

// Executable says whether a file can be run.
func Executable(info fs.FileInfo) bool { return info.Mode().IsRegular() && info.Mode()&0o111 != 0 }

// script runs a file that is executable.
func script(ctx context.Context, file string, args []string) *exec.Cmd {
	return exec.CommandContext(ctx, file, args...)
}

package gitrepo

import (
	"context"
	"io/fs"
	"os/exec"
	"path/filepath"
)

// Executable says whether a file can be run; no bit tells that here.
func Executable(info fs.FileInfo) bool { return info.Mode().IsRegular() }

// script runs a file that is executable. Git's shell knows by its first line how;
// Windows does not.
func script(ctx context.Context, file string, args []string) *exec.Cmd {
	return exec.CommandContext(ctx, "sh", append([]string{"-c", `exec "$0" "$@"`, filepath.ToSlash(file)}, args...)...)
}

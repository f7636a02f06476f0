package gittest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// WithProgram runs the tests of a package with a freshly built kprep in front of
// PATH, and returns the status for a TestMain to exit with.
func WithProgram(run func() int) (status int) {
	dir, err := os.MkdirTemp("", "kprep-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(dir, "kprep"), "github.com/kprep/kprep/cmd/kprep")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return run()
}

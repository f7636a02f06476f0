package loadtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMain builds kprep and puts it in front of PATH.
func TestMain(m *testing.M) {
	os.Exit(withProgram(m.Run))
}

func withProgram(run func() int) int {
	dir, err := os.MkdirTemp("", "kprep-load-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(dir, "kprep"), "../../cmd/kprep")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return run()
}

// sized is small, but large where the load is wanted.
func sized(small, large int) int {
	if os.Getenv("KPREP_LOAD") != "" {
		return large
	}
	return small
}

// small forms run at once; large ones are measured.
func small(t *testing.T) {
	if sized(1, 0) == 1 {
		t.Parallel()
	}
}

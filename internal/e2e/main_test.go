package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// TestMain builds kprep and puts it in front of PATH.
func TestMain(m *testing.M) {
	os.Exit(withProgram(m.Run))
}

func withProgram(run func() int) int {
	dir, err := os.MkdirTemp("", "kprep-e2e-")
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

// needPeer skips the test when a program is not installed.
func needPeer(t *testing.T, program, peer string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	gittest.NoPeer(t, "the peer "+peer+" is not installed ('make peers' does it)")
}

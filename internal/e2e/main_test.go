package e2e

import (
	"os"
	"os/exec"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// TestMain builds kprep and puts it in front of PATH.
func TestMain(m *testing.M) {
	os.Exit(gittest.WithProgram(m.Run))
}

// needPeer skips the test when a program is not installed.
func needPeer(t *testing.T, program, peer string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	gittest.NoPeer(t, "the peer "+peer+" is not installed ('make peers' does it)")
}

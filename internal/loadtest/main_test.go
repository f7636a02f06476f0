package loadtest

import (
	"os"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// TestMain builds kprep and puts it in front of PATH.
func TestMain(m *testing.M) {
	os.Exit(gittest.WithProgram(m.Run))
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

package gittest

import (
	"os"
	"os/exec"
	"testing"
)

// Peer skips the test when a program that judges it is not installed; under
// CI=true its absence is a failure.
func Peer(t testing.TB, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			NoPeer(t, program+" is not installed ('make peers' does it)")
		}
	}
}

// NoPeer is Peer for what a test finds missing by itself.
func NoPeer(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

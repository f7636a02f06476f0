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

// Patatt is the command line that runs the real patatt; its peers are skipped as
// by [Peer] where there is none. Debian's package brings the library alone.
func Patatt(t testing.TB) []string {
	t.Helper()
	if path, err := exec.LookPath("patatt"); err == nil {
		return []string{path}
	}
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import patatt").Run() == nil {
			return []string{python, "-c", "import patatt; patatt.command()"}
		}
	}
	NoPeer(t, "patatt is not installed ('make peers' does it)")
	return nil
}

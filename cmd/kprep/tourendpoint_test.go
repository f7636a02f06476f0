package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/kprep/kprep/internal/mailtest"
)

// A service that does not start says why before the tour ends.
func TestTourShowsWhyTheEndpointFails(t *testing.T) {
	t.Parallel()
	address, err := mailtest.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	tour := &tour{e: &env{stdout: &output{w: &stdout}}, dir: t.TempDir(), listen: address}
	const reason = "kprep: listen on 127.0.0.1:1: address already in use\n"
	if err := os.WriteFile(filepath.Join(tour.dir, "log"), []byte(reason), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancelCause(t.Context())
	failed := errors.New("exit status 1")
	end(failed)
	if err := tour.awaitEndpoint(ctx, "."); !errors.Is(err, failed) || stdout.String() != reason {
		t.Errorf("it ends with %v, and has shown %q", err, &stdout)
	}
}

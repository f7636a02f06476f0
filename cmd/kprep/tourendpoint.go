package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// endpoint is the URL of the tour's web endpoint.
func (t *tour) endpoint() string { return "http://" + t.listen + "/_b4_submit" }

// awaitEndpoint waits until the web endpoint takes requests. When it does not,
// its log in that directory is shown.
func (t *tour) awaitEndpoint(ctx context.Context, in string) error {
	client := http.Client{Timeout: time.Second}
	err := await(ctx, "the web endpoint", func() bool {
		response, err := client.Get("http://" + t.listen + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	if err == nil {
		return nil
	}
	log, unread := os.ReadFile(filepath.Join(t.dir, in, "log"))
	if unread != nil {
		return errors.Join(err, unread)
	}
	if _, unwritten := t.e.stdout.Write(log); unwritten != nil {
		return errors.Join(err, unwritten)
	}
	return err
}

// await waits for something that takes moments.
func await(ctx context.Context, what string, there func() bool) error {
	const patience = 30 * time.Second
	for begin := time.Now(); !there(); {
		if time.Since(begin) > patience {
			return fmt.Errorf("%s does not come", what)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

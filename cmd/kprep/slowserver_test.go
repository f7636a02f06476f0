package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// dripping is a server that sends a byte now and then, for ever, and calls asked
// before it begins.
func dripping(t *testing.T, asked func()) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked()
		for r.Context().Err() == nil {
			w.Write([]byte{0x1f})
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/l/"
}

// A server that keeps the user waiting is named, is never taken for one that has
// nothing, and holds nobody: not beyond the limits, and not after Ctrl-C.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{{"trailers", "-u", "--yes"}, {"feedback"}, {"follow", t.TempDir()}, {"verify", "a@example.org"}, {"new", "-F", "a@example.org"}} {
		t.Run(words[0], func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			r.Write("a", "a\n")
			r.Commit("Start\n")
			kprep := func(ctx context.Context, words ...string) (int, string) {
				e := testEnv(t)
				e.dir, e.environ, e.stdin = r.Dir, r.Env, strings.NewReader("T\n\nText.\n\nTo: l@example.org\n")
				status := run(ctx, e.env, commands, append([]string{"kprep"}, words...))
				return status, e.err.String()
			}
			for _, set := range [][]string{{"new", "topic"}, {"cover", "--from", "-"}} {
				if status, text := kprep(t.Context(), set...); status != 0 {
					t.Fatalf("kprep %q: %d, %s", set, status, text)
				}
			}
			r.Write("a", "b\n")
			r.Commit("change a\n\nText.\n")
			interrupted, cancel := context.WithCancel(t.Context())
			for _, tc := range []struct {
				why    string
				ctx    context.Context
				url    string
				limit  string
				status int
				text   string
			}{
				{"too slow", t.Context(), dripping(t, func() {}), "0.2", 1, "its answer takes too long: "},
				{"interrupted", interrupted, dripping(t, cancel), "60", 130, "kprep: interrupted\n"},
			} {
				r.Git("config", "kprep.archive", tc.url)
				r.Git("config", "lore.requesttimeout", tc.limit)
				before := r.State()
				status, text := kprep(tc.ctx, words...)
				if status != tc.status || !strings.Contains(text, tc.text) || tc.status == 1 && !strings.Contains(text, tc.url) {
					t.Errorf("%s: status %d, want %d with %q\n%s", tc.why, status, tc.status, tc.text, text)
				}
				if after := r.State(); after != before {
					t.Errorf("%s: before\n%s\nafter\n%s", tc.why, before, after)
				}
			}
		})
	}
}

// The next archive is asked, and what it has is found.
func TestSlowServerBesideAnother(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Write("a", "a\n")
	r.Commit("Start\n")
	r.Write("mail", "From x Thu Jan  2 03:04:05 2025\nFrom: a@example.org\nSubject: x\nMessage-ID: <a@example.org>\nDate: Thu, 2 Jan 2025 03:04:05 +0000\n\nText.\n")
	for _, value := range []string{dripping(t, func() {}), "mail"} {
		r.Git("config", "--add", "kprep.archive", value)
	}
	r.Git("config", "lore.requesttimeout", "0.2")
	e := testEnv(t)
	e.dir, e.environ = r.Dir, r.Env
	status := run(t.Context(), e.env, commands, []string{"kprep", "verify", "a@example.org"})
	if e.out.String() != "NOSIG   x\n" || !strings.Contains(e.err.String(), "/l/: its answer takes too long: ") {
		t.Errorf("status %d\n%s%s", status, e.out, e.err)
	}
}

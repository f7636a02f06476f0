package inbox_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kprep/kprep/inbox"
)

const letterA = "From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: a@example.org\nSubject: [PATCH] x\nMessage-ID: <a@example.org>\nDate: Thu, 02 Jan 2025 03:04:05 +0000\n\nText\n\n"

func gzipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.Bytes()
}

// A fakeServer answers every request in one way, and counts them.
type fakeServer struct {
	*httptest.Server
	asked atomic.Int32
}

func fake(t *testing.T, answer http.HandlerFunc) *fakeServer {
	t.Helper()
	f := &fakeServer{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func sends(status int, kind string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		w.Write(body)
	}
}

var queryA = inbox.Query{IDs: []string{"a@example.org"}}

// Whatever goes wrong, it is never taken for an archive without the message.
func TestServerThatGivesNoAnswer(t *testing.T) {
	t.Parallel()
	mail := gzipped(letterA)
	hang := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for _, tc := range []struct {
		why    string
		answer http.HandlerFunc
		want   error // nil for any
	}{
		{"an error", sends(500, "text/plain", []byte("Internal Server Error")), nil},
		{"an error with mail in it", sends(502, "application/gzip", mail), nil},
		{"not for everybody", sends(403, "text/html", []byte("<html>")), nil},
		{"no archive", sends(404, "text/plain", []byte("Not Found")), inbox.ErrNoArchive},
		{"no archive, and its help is a page", func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "help") {
				w.Write([]byte("<html>Message-ID</html>"))
				return
			}
			w.WriteHeader(404)
		}, inbox.ErrNoArchive},
		{"several choices", sends(300, "text/html", []byte("<html>")), nil},
		{"a page", sends(200, "text/html", []byte("\n<!doctype html><html>Are you a robot?</html>")), inbox.ErrWebPage},
		{"a page, compressed", sends(200, "application/gzip", gzipped("<html>")), inbox.ErrWebPage},
		{"nothing", sends(200, "application/gzip", nil), inbox.ErrCutOff},
		{"nothing, compressed", sends(200, "application/gzip", gzipped("")), inbox.ErrCutOff},
		{"text", sends(200, "text/plain", []byte("No results")), inbox.ErrNotMail},
		{"the first bytes", sends(200, "application/gzip", mail[:12]), inbox.ErrCutOff},
		{"most bytes", sends(200, "application/gzip", mail[:len(mail)-9]), inbox.ErrCutOff},
		{"a wrong checksum", sends(200, "application/gzip", append(mail[:len(mail)-8:len(mail)-8], "\x00\x00\x00\x00\x01\x00\x00\x00"...)), inbox.ErrCutOff},
		{"more than it says", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			w.Write(mail)
		}, inbox.ErrCutOff},
		{"more and more", sends(200, "application/gzip", gzipped(letterA+strings.Repeat("a\n", 130<<20))), inbox.ErrReplySize},
		{"silence", hang, inbox.ErrSlow},
		{"silence in the middle", func(w http.ResponseWriter, r *http.Request) {
			w.Write(mail[:20])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, inbox.ErrSlow},
		{"silence, but for a byte now and then", drip, inbox.ErrSlow},
		{"around and around", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, inbox.ErrRedirect},
		{"to where others listen", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://example.org/", http.StatusFound)
		}, inbox.ErrRedirect},
		{"to a file", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, inbox.ErrRedirect},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			s := servers(fake(t, tc.answer).URL + "/l/")
			if strings.HasPrefix(tc.why, "silence") {
				s.Timeouts.Read = 100 * time.Millisecond
			}
			archive := inbox.Archive{Sources: []inbox.Source{s}, Now: time.Now()}
			got, err := archive.Find(t.Context(), queryA, func(error) {})
			if !errors.As(err, new(*inbox.NoAnswerError)) || !errors.As(err, new(*inbox.ServerError)) || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// A message that was not there is asked for again at once.
func TestServersCacheNothing(t *testing.T) {
	t.Parallel()
	there := false
	peer := fake(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "help"):
			w.Write([]byte("Message-ID"))
		case there:
			w.Write(gzipped(letterA))
		default:
			w.WriteHeader(404)
		}
	})
	dir := t.TempDir()
	for _, want := range []int{0, 1} {
		s := servers(peer.URL + "/l/")
		s.CacheDir, s.Expire, there = dir, time.Hour, want == 1
		if got, err := s.Find(t.Context(), queryA, failOnBroken(t)); err != nil || len(got.Messages) != want {
			t.Errorf("%+v, %v, want %d", got, err, want)
		}
	}
}

// What it does not have, and what it was not understood to be asked for.
func TestServerThatHasNothing(t *testing.T) {
	t.Parallel()
	knows := func(help string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/l/_/text/help/raw" {
				w.Write([]byte("Message-IDs are described at\n" + help))
				return
			}
			w.WriteHeader(404)
		}
	}
	for _, tc := range []struct {
		why, help string
		query     inbox.Query
		want      error
	}{
		{"a message", "", queryA, nil},
		{"a change-id", "nq: dfpost: patchid:", inbox.Query{ChangeIDs: []string{"x-1"}}, nil},
		{"a change-id, and it has no index", "", inbox.Query{ChangeIDs: []string{"x-1"}}, inbox.ErrNoSearch},
		{"a patch-id", "nq: dfpost: patchid:", inbox.Query{PatchIDs: []string{"0123"}}, nil},
		{"a patch-id, and it is an old one", "nq: dfpost:", inbox.Query{PatchIDs: []string{"0123"}}, inbox.ErrNoPatchID},
		{"what nothing can be", "", inbox.Query{IDs: []string{"a b"}, ChangeIDs: []string{`x" OR b:"y`}, PatchIDs: []string{"* OR y"}}, nil},
	} {
		got, err := servers(fake(t, knows(tc.help)).URL+"/l/").Find(t.Context(), tc.query, failOnBroken(t))
		if len(got.Messages) > 0 || !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, %v, want %v", tc.why, got, err, tc.want)
		}
	}
}

func TestServersFailOver(t *testing.T) {
	t.Parallel()
	bad := fake(t, sends(503, "text/plain", nil))
	good := fake(t, sends(200, "application/gzip", gzipped(letterA)))
	s := servers(bad.URL + "/l/")
	s.URLs = append(s.URLs, "http://127.0.0.1:1/l/", good.URL+"/l/")
	for range 2 {
		got, err := s.Find(t.Context(), queryA, failOnBroken(t))
		if err != nil || len(got.Messages) != 1 || got.Messages[0].File != good.URL+"/l/a@example.org/" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if bad.asked.Load() != 1 || good.asked.Load() != 2 {
		t.Errorf("the one that is down was asked %d times, the other %d", bad.asked.Load(), good.asked.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Find(ctx, queryA, failOnBroken(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// drip sends mail byte by byte, so slowly that it never ends.
func drip(w http.ResponseWriter, r *http.Request) {
	for _, b := range gzipped(letterA) {
		w.Write([]byte{b})
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// A server that is slow is not asked again, and the next of the list answers.
func TestServersFailOverFromASlowOne(t *testing.T) {
	t.Parallel()
	bad, good := fake(t, drip), fake(t, sends(200, "application/gzip", gzipped(letterA)))
	s := servers(bad.URL + "/l/")
	s.URLs = append(s.URLs, good.URL+"/l/")
	s.Timeouts.Read = 3 * time.Second // the drip is far below minRate however busy the machine is, and the good one has time
	for range 2 {
		if got, err := s.Find(t.Context(), queryA, failOnBroken(t)); err != nil || len(got.Messages) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if bad.asked.Load() != 1 || good.asked.Load() != 2 {
		t.Errorf("the slow one was asked %d times, the other %d", bad.asked.Load(), good.asked.Load())
	}
}

// However many requests a look takes, and however well each is answered, it comes
// to an end; an interrupt ends it at once.
func TestServersLookEnds(t *testing.T) {
	t.Parallel()
	var after atomic.Int64
	peer := fake(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Duration(after.Load()))
		sends(200, "application/gzip", gzipped(letterA))(w, r)
	})
	query := inbox.Query{}
	for n := range 30 {
		query.IDs = append(query.IDs, fmt.Sprintf("%d@example.org", n))
	}
	look := func(ctx context.Context) error {
		s := servers(peer.URL + "/l/")
		s.Timeouts.Look = 500 * time.Millisecond
		_, err := s.Find(ctx, query, failOnBroken(t))
		return err
	}
	if err := look(t.Context()); err != nil {
		t.Errorf("a quick one: %v", err)
	}
	after.Store(int64(1600 * time.Millisecond))
	if err := look(t.Context()); !errors.Is(err, inbox.ErrSlow) || !strings.HasPrefix(err.Error(), peer.URL) {
		t.Errorf("a slow one: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	after.Store(int64(200 * time.Millisecond))
	if err := look(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, inbox.ErrSlow) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestServersCache(t *testing.T) {
	t.Parallel()
	status, body := 200, gzipped(letterA)
	var condition atomic.Value
	condition.Store("")
	peer := fake(t, func(w http.ResponseWriter, r *http.Request) {
		condition.Store(r.Header.Get("If-None-Match"))
		w.Header().Set("ETag", `"e"`)
		w.WriteHeader(status)
		if status == 200 {
			w.Write(body)
		}
	})
	start := time.Now()
	dir := t.TempDir()
	at := func(age time.Duration) *inbox.Servers {
		s := servers(peer.URL + "/l/")
		s.CacheDir, s.Expire, s.Now = dir, 10*time.Minute, start.Add(age)
		return s
	}
	for _, step := range []struct {
		why       string
		age       time.Duration
		offline   bool
		status    int
		asked     int32
		condition string
		asOf      time.Duration
		stale     bool
	}{
		{why: "at first", status: 200, asked: 1},
		{why: "soon after", age: 9 * time.Minute, status: 200, asked: 1},
		{why: "later, unchanged", age: 11 * time.Minute, status: 304, asked: 2, condition: `"e"`, asOf: 11 * time.Minute},
		{why: "soon after that", age: 20 * time.Minute, status: 500, asked: 2, condition: `"e"`, asOf: 11 * time.Minute},
		{why: "later, failing", age: time.Hour, status: 500, asked: 3, condition: `"e"`, asOf: 11 * time.Minute, stale: true},
		{why: "offline", age: 2 * time.Hour, offline: true, status: 200, asked: 3, condition: `"e"`, asOf: 11 * time.Minute, stale: true},
		{why: "later, changed", age: 3 * time.Hour, status: 200, asked: 4, condition: `"e"`, asOf: 3 * time.Hour},
		{why: "by a clock that was set back", age: time.Minute, status: 200, asked: 5, asOf: time.Minute},
	} {
		status = step.status
		s := at(step.age)
		s.Offline = step.offline
		got, err := s.Find(t.Context(), queryA, failOnBroken(t))
		if err != nil || len(got.Messages) != 1 || got.Messages[0].ID != "a@example.org" || !got.AsOf.Equal(start.Add(step.asOf)) || (got.Stale != nil) != step.stale ||
			peer.asked.Load() != step.asked || condition.Load() != step.condition {
			t.Errorf("%s: %+v, %v; asked %d times, with %q", step.why, got, err, peer.asked.Load(), condition.Load())
		}
	}
	s := at(0)
	s.Offline = true
	if _, err := s.Find(t.Context(), inbox.Query{IDs: []string{"other@example.org"}}, failOnBroken(t)); !errors.Is(err, inbox.ErrOffline) {
		t.Errorf("offline, what was never asked for: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(dir+"/"+entries[0].Name(), []byte("{}\nnonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := at(3*time.Hour).Find(t.Context(), queryA, failOnBroken(t)); err != nil || len(got.Messages) != 1 {
		t.Errorf("a broken cache: %+v, %v", got, err)
	}
}

func TestServerURL(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{"https://lore.kernel.org", "https://lore.kernel.org/all/"},
		{"https://lore.kernel.org/git", "https://lore.kernel.org/git/"},
		{"https://example.org/a/b///", "https://example.org/a/b/"},
		{"http://127.0.0.1:8080/l/", "http://127.0.0.1:8080/l/"},
		{"http://[::1]/l", "http://[::1]/l/"},
		{"http://lore.kernel.org/all/", ""},
		{"http://localhost.example.org/all/", ""},
		{"ftp://example.org/", ""},
		{"https:///all", ""},
		{"https://example.org/?q=x", ""},
		{"https://user:secret@example.org/", ""},
		{"lore.kernel.org", ""},
	} {
		got, err := inbox.ServerURL(tc.text)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("ServerURL(%q) = %q, %v, want %q", tc.text, got, err, tc.want)
		}
	}
}

package patchwork_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
	"github.com/kprep/kprep/patchwork"
)

var ctx = context.Background()

func server(t *testing.T) *mailtest.Patchwork {
	p := mailtest.NewPatchwork(
		mailtest.PatchworkPatch{MessageID: "one@example.org", State: "accepted", Checks: []mailtest.PatchworkCheck{
			{Context: "build", State: "fail", Text: "old", Date: "2025-01-02T03:04:05"},
			{Context: "build", State: "success", Text: "fine", Date: "2025-01-03T03:04:05.123456"},
			{Context: "apply", State: "warning", Text: "fuzz", Date: "2025-01-02T03:04:05"},
		}},
		mailtest.PatchworkPatch{MessageID: "two@example.org", State: "new"},
	)
	t.Cleanup(p.Close)
	return p
}

func words(patches []patchwork.Patch) string {
	var all []string
	for _, p := range patches {
		text := p.MessageID + " " + p.State
		for _, c := range p.Checks {
			text += fmt.Sprintf(" %s=%s(%s)", c.Context, c.State, c.Text)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func TestLook(t *testing.T) {
	t.Parallel()
	p := server(t)
	c := &patchwork.Client{URL: p.URL, Project: "list"}
	got, err := c.Look(ctx, []string{"two@example.org", "one@example.org", "unknown@example.org"})
	const want = "two@example.org new, one@example.org accepted apply=warning(fuzz) build=success(fine)"
	if err != nil || words(got) != want {
		t.Errorf("got %q, %v; want %q", words(got), err, want)
	}
	if asked := p.Asked(); asked[0] != "GET /api/1.3/patches/" || !slices.Contains(asked, "GET /api/1.2/patches/1/checks/") || len(asked) != 5 {
		t.Errorf("asked %q", asked)
	}
	// The version is known by now.
	if _, err := c.Look(ctx, []string{"one@example.org"}); err != nil {
		t.Error(err)
	}
	if asked := p.Asked(); asked[5] != "GET /api/1.2/patches/" {
		t.Errorf("asked %q", asked[5:])
	}
}

// Nobody reads what goes on for pages.
func TestLookBoundsTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 200)
	p := mailtest.NewPatchwork(mailtest.PatchworkPatch{MessageID: "one@example.org", State: long, Checks: []mailtest.PatchworkCheck{
		{Context: long, State: long, Text: long, Date: "2025-01-02T03:04:05"}}})
	t.Cleanup(p.Close)
	got, err := (&patchwork.Client{URL: p.URL}).Look(ctx, []string{"one@example.org"})
	if err != nil || len(got) != 1 || len(got[0].Checks) != 1 {
		t.Fatal(got, err)
	}
	want := strings.Repeat("ä", 150) + "…"
	if c := got[0].Checks[0]; got[0].State != want || c.Context != want || string(c.State) != want || c.Text != want {
		t.Errorf("got %q", words(got))
	}
}

func TestLookKnowsNothing(t *testing.T) {
	t.Parallel()
	p := server(t)
	for _, c := range []struct {
		why     string
		project string
		ids     []string
		asked   int
	}{
		{"no patch", "list", []string{"a@example.org", "b@example.org", "c@example.org", "d@example.org"}, 4},
		{"another project", "other", []string{"one@example.org"}, 2},
		{"nothing asked for", "list", nil, 0},
	} {
		before := len(p.Asked())
		got, err := (&patchwork.Client{URL: p.URL, Project: c.project}).Look(ctx, c.ids)
		if err != nil || len(got) != 0 {
			t.Errorf("%s: got %q, %v", c.why, words(got), err)
		}
		if asked := len(p.Asked()) - before; asked != c.asked {
			t.Errorf("%s: %d requests, want %d", c.why, asked, c.asked)
		}
	}
}

// A server that fails is never taken for one that knows nothing.
func TestLookFails(t *testing.T) {
	t.Parallel()
	answer := func(status int, kind, body string) func(http.ResponseWriter, string) bool {
		return func(w http.ResponseWriter, path string) bool {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	for _, c := range []struct {
		why    string
		answer func(http.ResponseWriter, string) bool
		want   string
	}{
		{"an error of the server", answer(500, "application/json", "{}"), `it answers "500 Internal Server Error"`},
		{"a login page", answer(200, "text/html; charset=utf-8", "<html>"), `it answers with "text/html", not with JSON`},
		{"no Patchwork at all", answer(404, "text/html", "<html>"), patchwork.ErrNotPatchwork.Error()},
		{"half an answer", answer(200, "application/json", `[{"id": 1,`), "its answer is not as expected"},
		{"an object", answer(200, "application/json", `{"detail": "no"}`), "its answer is not as expected"},
		{"more than anybody needs", answer(200, "application/json", strings.Repeat(" ", 4<<20)+"[]"), "larger than 4 MB"},
		{"a way out of https", func(w http.ResponseWriter, _ string) bool {
			w.Header().Set("Location", "http://patchwork.example.org/")
			w.WriteHeader(302)
			return true
		}, "with http others on the way can change"},
		{"a circle", func(w http.ResponseWriter, path string) bool {
			w.Header().Set("Location", path)
			w.WriteHeader(302)
			return true
		}, "it leads in circles"},
		{"checks that fail", func(w http.ResponseWriter, path string) bool {
			return strings.HasSuffix(path, "/checks/") && answer(503, "text/plain", "")(w, path)
		}, "503"},
		{"silence", func(http.ResponseWriter, string) bool { time.Sleep(300 * time.Millisecond); return true }, "deadline"},
	} {
		p := server(t)
		p.Answer = c.answer
		got, err := (&patchwork.Client{URL: p.URL, Limit: 200 * time.Millisecond}).Look(ctx, []string{"one@example.org"})
		if failed := (*patchwork.ServerError)(nil); !errors.As(err, &failed) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %q, %v; want %q", c.why, words(got), err, c.want)
		}
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"https://patchwork.kernel.org": true, "https://example.org/patchwork/": true, "http://127.0.0.1:8000": true, "http://localhost": true,
		"http://patchwork.kernel.org": false, "ftp://example.org": false, "patchwork.kernel.org": false, "https://u:p@example.org": false,
		"https://example.org/?x": false, "file:///etc/passwd": false, "https://": false,
	} {
		if err := patchwork.CheckURL(text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

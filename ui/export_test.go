package ui

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/internal/browser"
)

// The size that a file may have, in bytes.
const mostBytes = 5_000_000

func exported(t testing.TB, source Source, only ...Ref) string {
	t.Helper()
	var b strings.Builder
	if err := newSite(t, source).Export(t.Context(), &b, only...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLongSeriesFits(t *testing.T) {
	t.Parallel()
	text := exported(t, &sample{sent: -1, series: []*sampleSeries{queueSeries(50, 5)}})
	if len(text) > mostBytes || len(text) < mostBytes/3 {
		t.Errorf("50 patches in 5 revisions make %d bytes", len(text))
	}
	if n := strings.Count(text, "would be too large"); n > 0 {
		t.Errorf("%d things are left out", n)
	}
	if n := strings.Count(text, "<b class=k>return</b>"); n != 50*12 {
		t.Errorf("%d words of code are highlighted", n)
	}
}

// A file has room for a series however long its patches and its replies are, and for
// many of them. What is missing is told.
func TestLargeSeriesFit(t *testing.T) {
	t.Parallel()
	s := &sample{sent: -1}
	for n := range 4 {
		one := queueSeries(10, 3)
		one.Branch = fmt.Sprintf("b4/large-%d", n)
		for i := range one.Diffs {
			var lines strings.Builder
			for k := range 4000 {
				fmt.Fprintf(&lines, "+\tif (line_%d(%d)) return \"<&>\";\n", k, i)
			}
			one.Diffs[i].Diff = fmt.Sprintf("diff --git a/f%d.c b/f%[1]d.c\n--- /dev/null\n+++ b/f%[1]d.c\n@@ -0,0 +1,4000 @@\n%s", i, &lines)
			one.preview.Messages[i].Body = strings.Repeat("words\n", 100_000)
		}
		for range 300 {
			one.said.Replies = append(one.said.Replies, feedback.Reply{ID: fmt.Sprint(len(one.said.Replies)), Place: one.said.Replies[0].Place, Remarks: []feedback.Remark{{Text: []string{strings.Repeat("é", 100_000)}}}})
		}
		s.series = append(s.series, one)
	}
	text := exported(t, s)
	if len(text) > mostBytes {
		t.Errorf("4 large series make %d bytes", len(text))
	}
	for what, want := range map[string]int{"This patch is left out, the page would be too large. git show": 4 * 10, "The text is left out": 4 * 10, "Not all that was said is shown in full": 4} {
		if n := strings.Count(text, what); n < want/2 {
			t.Errorf("%q is said %d times", what, n)
		}
	}
}

func TestExportOfSome(t *testing.T) {
	t.Parallel()
	s := manySeries()
	text := exported(t, s, Ref{s.Paths()[0], "b4/fix-leak"})
	if !strings.Contains(text, "fix a leak") || strings.Contains(text, "queues of ports") || strings.Contains(text, "strbuf") {
		t.Error("others are in the file, or the one that was asked for is not")
	}
	if !IsPage([]byte(text[:512])) || IsPage([]byte("see "+text)) || IsPage([]byte("<!DOCTYPE html>\n<title>x</title>")) || IsPage(nil) {
		t.Error("a page of ours is not told from another")
	}
	if first, second := exported(t, s), exported(t, s); first != second {
		t.Error("equal series give different pages")
	}
}

func TestExportTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	s := manySeries()
	site := newSite(t, s)
	var told []string
	site.Exporting = func(done, total int) { told = append(told, fmt.Sprintf("%d/%d", done, total)) }
	if err := site.Export(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(told, " "); got != "0/6 1/6 2/6 3/6 4/6 5/6" {
		t.Errorf("told: %s", got)
	}
}

// Each link leads to a place on the page, and no id is there twice.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"many": exported(t, manySeries()), "hostile": exported(t, hostileSource()), "none": exported(t, &nothing{})} {
		root, err := html.Parse(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		ids, links := map[string]bool{}, 0
		var targets []string
		for n := range root.Descendants() {
			for _, a := range n.Attr {
				switch a.Key {
				case "id":
					if ids[a.Val] {
						t.Errorf("%s: the id %q is there twice", name, a.Val)
					}
					ids[a.Val] = true
				case "href", "aria-labelledby":
					targets = append(targets, strings.TrimPrefix(a.Val, "#"))
					links++
				}
			}
		}
		for _, target := range targets {
			if !ids[target] {
				t.Errorf("%s: a link to %q, which is not there", name, target)
			}
		}
		if name == "many" && links < 60 {
			t.Errorf("only %d links", links)
		}
		checkElements(t, name, text)
	}
}

// A file opens without network and without a server, is whole, and is as accessible as
// the site.
func TestBrowserOpensFile(t *testing.T) {
	t.Parallel()
	b := browser.Start(t)
	b.Call("Network.enable", nil, nil)
	b.Call("Network.emulateNetworkConditions", map[string]any{"offline": true, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}, nil)
	b.Screen(1280, 900, "light")
	for _, name := range []string{"many", "hostile"} {
		source := manySeries()
		source.series[0] = queueSeries(3, 2)
		if name == "hostile" {
			source = hostileSource()
		}
		file := filepath.Join(t.TempDir(), name+".html")
		if err := os.WriteFile(file, []byte(exported(t, source)), 0o600); err != nil {
			t.Fatal(err)
		}
		b.Open(file)
		if got := landmarks(b); got != "banner contentinfo main navigation" {
			t.Errorf("%s: landmarks: %s", name, got)
		}
		b.Eval(`document.querySelector(".cards h3 a").click()`, nil)
		b.Await(`location.hash == "#s1-top"`)
		b.Eval(`document.querySelector('a[href="#s1-patch3"]').click()`, nil)
		if !b.Is(`document.getElementById("s1-patch3").open && document.querySelector("#s1-patch3 .diff").checkVisibility()`) {
			t.Errorf("%s: the link to a patch does not unfold it", name)
		}
		for _, screen := range []struct {
			width  int
			scheme string
		}{{1280, "light"}, {390, "dark"}} {
			b.Screen(screen.width, 900, screen.scheme)
			b.Eval(`document.querySelectorAll("details:not(.part, .pair), .pair:nth-of-type(1)").forEach(d => d.open = true)`, nil)
			for _, violation := range b.Violations() {
				t.Errorf("%s, %d pixels: %s", name, screen.width, violation)
			}
			if !b.Is(fmt.Sprintf("window.taken === undefined && document.documentElement.scrollWidth <= %d", screen.width)) {
				t.Errorf("%s: a script of others ran, or the page is wider than %d pixels", name, screen.width)
			}
		}
		b.Screen(1280, 900, "light")
	}
	noComplaints(t, b)
}

package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/browser"
	"github.com/kprep/kprep/internal/mailtest"
)

// The page that kprep diff --html writes of a series whose author is against
// the reader: in Chromium nothing complains, and nothing of it is carried out.
func TestPageInChromium(t *testing.T) {
	t.Parallel()
	const evil = `</script><img src=x onerror="window.taken=1"><script>window.taken=1</script>`
	b := browser.Start(t)
	server := startOwn(t, mailtest.Options{})
	w := newWorld(t)
	w.uses(server)
	w.git("init", "--quiet", "project")
	w = w.at(w.path("project"))
	w.write("a.c", strings.Repeat("line\n", 30))
	w.commit("Begin\n")
	w.kprep("new", "topic")
	w.cover("Rework " + evil + "\n\nWhy.\n")
	w.write("a.c", strings.Repeat("line\n", 30)+evil+"\nint first;\n")
	w.commit("Add " + evil + "\n\nIt was missing.\n\nSigned-off-by: " + myName + " <" + myMail + ">\n")
	w.write(evil[2:9]+"\u202e.c", strings.Repeat("kept\n", 60))
	w.commit("Add a file\n\nThis is the first text of it.\n\nSigned-off-by: " + myName + " <" + myMail + ">\n")
	w.kprep("send", "--yes", "--to", "list@lists.example.org")
	w.edit("a.c", "int first;", "int second;"+evil)
	w.commit("Add a file "+evil+"\n\nThis is the second text of it.\n\x1b[31mRed\u202e.\n", "--amend")
	w.kprep("diff", "--html", "../page.html")
	b.Open(w.path("../page.html"))
	b.Press("a")
	if !b.Is(`[...document.querySelectorAll("details.pair")].every(d => d.open)`) {
		t.Error("the key does not unfold all")
	}
	for _, width := range []int{1280, 390} {
		b.Screen(width, 900, "dark")
		if !b.Is(`document.documentElement.scrollWidth <= innerWidth`) {
			t.Errorf("at %d pixels the page is wider than the screen", width)
		}
	}
	if !b.Is(`window.taken === undefined && document.querySelectorAll("img").length == 0 && document.scripts.length == 1`) {
		t.Error("what a patch says is carried out")
	}
	if !b.Is(`document.querySelector("details.pair mark") && document.body.textContent.includes("onerror=")`) {
		t.Error("the page does not show the patches")
	}
	if list := b.Complaints(); len(list) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(list, "\n"))
	}
	text, err := os.ReadFile(w.path("../page.html"))
	if err != nil || strings.ContainsAny(string(text), "\u202e\x1b") {
		t.Errorf("what nobody sees is in the page: %v", err)
	}
}

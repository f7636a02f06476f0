package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A followUp is a reply to a message of the series, the cover letter being 0.
type followUp struct {
	to   int
	from string
	body string
}

// A followUpCase is what reviewers said, and what b4 makes of it where that is
// something else.
type followUpCase struct {
	why     string
	replies []followUp
	options []string // of both programs
	config  []string // key, value, …
	change  func(w *world)
	differs string // what kprep does on purpose otherwise, see docs/b4.md
}

const (
	rev  = "Rev Iewer <rev@r.example>"
	tess = "Tess Ter <tess@r.example>"
	mal  = "Mallory <mal@evil.example>"
)

func followUpCases() []followUpCase {
	reviewed, tested := "Reviewed-by: "+rev+"\n", "Tested-by: "+tess+"\n"
	return []followUpCase{
		{why: "one", replies: []followUp{{1, rev, reviewed}}},
		{why: "none", replies: []followUp{{1, rev, "Nice.\n"}}},
		{why: "the cover letter, for all", replies: []followUp{{0, rev, reviewed}}},
		{why: "direct ones before those for all, as they came", replies: []followUp{{0, rev, reviewed}, {2, tess, tested}, {1, tess, "Acked-by: " + tess + "\n" + tested}}},
		{why: "one for all and the same for one", replies: []followUp{{0, rev, reviewed}, {2, rev, reviewed}}},
		{why: "quoted, and below a signature", replies: []followUp{{1, rev, "> Acked-by: " + rev + "\n\nok\n-- \n" + reviewed}}},
		{why: "a remark and a note", replies: []followUp{{1, rev, "Acked-by: " + rev + " # for bits\n"}, {2, tess, tested + "[on hw]\n"}}},
		{why: "an extension of the address", replies: []followUp{{1, "Rev <rev+lists@r.example>", reviewed}}},
		{why: "one label more in the domain", replies: []followUp{{1, "R. <rev@mail.r.example>", reviewed}}},
		{why: "the same name", replies: []followUp{{1, "Rev Iewer <rev@home.example>", reviewed}}},
		{why: "somebody else", replies: []followUp{{1, mal, reviewed}, {2, rev, reviewed}}},
		{why: "somebody else, taken all the same", replies: []followUp{{1, mal, reviewed}}, options: []string{"-S"}},
		{why: "the address on the next line", replies: []followUp{{1, rev, "Reviewed-by: Rev Iewer\n<rev@r.example>\n"}}},
		{why: "no address", replies: []followUp{{1, rev, "Reviewed-by: Rev Iewer\nTested-by: me\n"}}},
		{why: "contact, prose and headers", replies: []followUp{{1, rev, "Rev\nPhone: 12345\nNote: this is none\nTo: rev@r.example\nCc: x@r.example\n"}}},
		{why: "two addresses in turn", replies: []followUp{{1, rev, reviewed}, {1, rev, "Reviewed-by: Rev Iewer <REV@r.example>\n"}}},
		{why: "my own sign-off", replies: []followUp{{1, myName + " <" + myMail + ">", "Signed-off-by: " + myName + " <" + myMail + ">\n"}, {1, rev, reviewed}}},
		{why: "in an order of one's own", replies: []followUp{{2, tess, tested}, {2, rev, reviewed}}, config: []string{"b4.trailer-order", "reviewed*,*"}},
		{why: "a patch that was reworded", replies: []followUp{{3, rev, reviewed}}, change: func(w *world) {
			w.git("commit", "-q", "--amend", "--message=x: another title\n\nSigned-off-by: "+myName+" <"+myMail+">\n")
		}},
		{why: "a reply to a reply", replies: []followUp{{1, tess, tested}, {-1, rev, reviewed}}},

		{why: "advice", replies: []followUp{{1, rev, reviewed + "Fixes: 123456789abc (\"x: some\")\nLink: https://example.org/x\n"}}, differs: "advice"},
		{why: "a patch that has changed", replies: []followUp{{3, rev, reviewed}}, change: func(w *world) {
			w.edit("three", "three\n", "drei\n")
			w.git("commit", "-q", "--all", "--amend", "--no-edit")
		}, differs: "an earlier revision"},
		{why: "the address on the next line, indented", replies: []followUp{{1, rev, "Reviewed-by: Rev Iewer\n <rev@r.example>\n"}}, differs: "indented"},
		{why: "a contact", replies: []followUp{{1, rev, "Contact: rev@r.example\n"}}, differs: "Contact"},
		{why: "a refusal", replies: []followUp{{1, rev, "Nacked-by: " + rev + "\n"}}, differs: "Nacked-by"},
		{why: "a quotation without marks", replies: []followUp{{1, rev, "ok\n\n-----Original Message-----\nFrom: me\n\n" + reviewed}}, differs: "quotations without"},
		{why: "the same person by another name", replies: []followUp{{1, rev, reviewed}, {1, rev, "Reviewed-by: R. Iewer <rev@r.example>\n"}}, differs: "by another name"},
		{why: "trailers right under prose", replies: []followUp{{3, rev, reviewed}}, change: func(w *world) {
			w.git("commit", "-q", "--amend", "--message=x: three\n\nSome prose.\nSigned-off-by: "+myName+" <"+myMail+">\n")
		}, differs: "right under prose"},
		{why: "a rhetorical question", replies: []followUp{{1, rev, "Fixes: ?\n"}}, differs: "hexadecimal"},
		{why: "a condition", replies: []followUp{{1, rev, "With that fixed:\n\n" + reviewed}}, differs: "conditions"},
		{why: "any name with a comma", replies: []followUp{{1, "\"Mallory, M.\" <mal@evil.example>", reviewed}}, differs: "commas"},
		{why: "brackets and blanks in a title", replies: []followUp{{2, rev, reviewed}}, change: func(w *world) {
			w.git("reset", "-q", "--hard", "HEAD~2")
			w.write("two", "two\n")
			w.commit("[tag]  x:  two  spaces\n\nSigned-off-by: " + myName + " <" + myMail + ">\n")
		}, differs: "bytes"},
		{why: "a patch that the reply carries", replies: []followUp{{1, rev, "Like so?\n\nSigned-off-by: " + rev + "\n---\ndiff --git a/one b/one\n--- a/one\n+++ b/one\n@@ -1 +1 @@\n-one\n+eins\n"}}, differs: "patches in replies"},
	}
}

// What kprep makes of replies is what b4 makes of them, but for what docs/b4.md
// tells.
func TestB4AgreesOnTrailers(t *testing.T) {
	t.Parallel()
	w, _, s := smallClone(t)
	clone := w.dir
	w.git("config", "--global", "b4.attestation-policy", "off")
	w.git("config", "--global", "kprep.compat-tags", "true")
	w.kprep("new", "Trailers")
	sob := "Signed-off-by: " + myName + " <" + myMail + ">\n"
	for i, message := range []string{
		"x: one\n\nIt was missing.\n\n" + sob,
		"x: two\n\nReported-by: Rita Reporter <rita@example.net>\nSigned-off-by: Other Author <other@example.net>\n" + sob,
		"x: three\n\nIt was missing, too.\n\nCc: stable@example.org # 5.10+\n" + sob,
	} {
		name := []string{"one", "two", "three"}[i]
		w.write(name, name+"\n")
		w.commit(message)
	}
	w.cover(someCover)
	w.kprep("send", "--yes")
	messages := s.received()

	for _, tc := range followUpCases() {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			made := map[string]string{}
			for _, tool := range []string{"kprep", "b4"} {
				dir := filepath.Join(t.TempDir(), "clone")
				if err := os.CopyFS(dir, os.DirFS(clone)); err != nil {
					t.Fatal(err)
				}
				own := *w
				own.t = t
				mine := own.at(dir)
				mine.git("update-index", "-q", "--refresh")
				for i := 0; i+1 < len(tc.config); i += 2 {
					mine.git("config", tc.config[i], tc.config[i+1])
				}
				if tc.change != nil {
					tc.change(mine)
				}
				mine.write(".git/mbox", thread(t, messages, tc.replies))
				mine.take(tool, tc.options)
				made[tool] = mine.git("log", "--reverse", "--format=%B%x00", "HEAD~3..HEAD")
			}
			switch same := made["kprep"] == made["b4"]; {
			case tc.differs == "" && !same:
				t.Errorf("kprep made\n%s\nb4\n%s", made["kprep"], made["b4"])
			case tc.differs != "" && same:
				t.Errorf("both made\n%s\nand docs/b4.md says that they differ", made["kprep"])
			case tc.differs != "":
				docs, err := os.ReadFile("../../docs/b4.md")
				if err != nil || !strings.Contains(string(docs), tc.differs) {
					t.Errorf("docs/b4.md does not tell of %s (%v)", tc.differs, err)
				}
			}
		})
	}
}

// take applies the trailers of the mbox with one of the tools.
func (w *world) take(tool string, options []string) {
	w.t.Helper()
	if tool == "b4" {
		w.b4(append([]string{"--offline-mode", "trailers", "-u", "-m", ".git/mbox"}, options...)...)
		return
	}
	w.kprep(append([]string{"trailers", "-u", "--yes", "-m", ".git/mbox"}, options...)...)
}

// thread is an mbox of the series and the replies; one to -1 answers the reply
// before it.
func thread(t *testing.T, messages [][]byte, replies []followUp) string {
	var mbox strings.Builder
	add := func(raw string) {
		fmt.Fprintf(&mbox, "From mbox@z Thu Jan  1 00:00:00 1970\n%s\n", raw)
	}
	for _, m := range messages {
		add(string(m))
	}
	before, subject, references := "", "", ""
	for i, r := range replies {
		if r.to >= 0 {
			m := open(t, messages[r.to])
			before, subject, references = m.id, m.subject, m.id
		}
		id := fmt.Sprintf("<reply-%d@r.example>", i)
		add(fmt.Sprintf("From: %s\nTo: list@lists.example.org\nSubject: Re: %s\nDate: Fri, 3 Jan 2025 0%d:00:00 +0000\nMessage-ID: %s\nIn-Reply-To: %s\nReferences: %s\n"+
			"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s", r.from, subject, i, id, before, references, r.body))
		before, references = id, references+" "+id
	}
	return mbox.String()
}

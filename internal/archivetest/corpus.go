package archivetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// A Corpus is the invented mail of a list: series of patches in several
// revisions, and what people answer. Some answers have lost their references,
// change the subject, or quote everything.
type Corpus struct {
	Seed  uint64
	Count int // of the mails
}

// Mails visits the mails in the order in which they were sent, until visit
// returns false.
func (c Corpus) Mails(visit func(raw []byte) bool) {
	w := &writer{rand: rand.New(rand.NewPCG(c.Seed, 0)), left: c.Count, visit: visit, now: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)}
	for n := 0; w.left > 0; n++ {
		w.series(n)
	}
}

// All are the mails of a corpus that fits into memory.
func (c Corpus) All() [][]byte {
	var all [][]byte
	c.Mails(func(raw []byte) bool {
		all = append(all, raw)
		return true
	})
	return all
}

// ChangeID is that of the series number n of every corpus, from 0.
func ChangeID(n int) string { return fmt.Sprintf("20250102-series-%d-%012x", n, n) }

// CoverID is the message-id of the cover letter of a revision, from 1.
func CoverID(n, revision int) string {
	return fmt.Sprintf("%s-v%d-0-%08x@example.org", ChangeID(n), revision, n)
}

// PatchMailID is the message-id of a patch, from 1.
func PatchMailID(n, revision, patch int) string {
	return fmt.Sprintf("%s-v%d-%d-%08x@example.org", ChangeID(n), revision, patch, n)
}

type writer struct {
	rand  *rand.Rand
	left  int
	visit func(raw []byte) bool
	now   time.Time
	count int
}

type letter struct {
	id, from, subject, body string
	parents                 []string // the farthest first
	noReferences            bool
}

func (w *writer) write(l letter) {
	if w.left <= 0 {
		return
	}
	w.left--
	w.count++
	w.now = w.now.Add(time.Duration(1+w.rand.IntN(600)) * time.Second)
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s\nTo: list@lists.example.org\nSubject: %s\nDate: %s\nMessage-ID: <%s>\n",
		l.from, l.subject, w.now.Format("Mon, 02 Jan 2006 15:04:05 -0700"), l.id)
	if n := len(l.parents); n > 0 && !l.noReferences {
		fmt.Fprintf(&b, "In-Reply-To: <%s>\nReferences: <%s>\n", l.parents[n-1], strings.Join(l.parents, ">\n <"))
	}
	fmt.Fprintf(&b, "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s", l.body)
	if !w.visit([]byte(b.String())) {
		w.left = 0
	}
}

func person(n int) string { return fmt.Sprintf("Person %d <person%d@example.org>", n, n) }

// series writes the revisions of one series, each with its answers.
func (w *writer) series(n int) {
	patches := 1 + w.rand.IntN(6)
	author := person(w.rand.IntN(50))
	topic := fmt.Sprintf("sub%d: rework part %d", w.rand.IntN(20), n)
	for revision := 1; revision <= 1+w.rand.IntN(3); revision++ {
		version := ""
		if revision > 1 {
			version = fmt.Sprintf(" v%d", revision)
		}
		cover := CoverID(n, revision)
		w.write(letter{id: cover, from: author, subject: fmt.Sprintf("[PATCH%s 0/%d] %s", version, patches, topic),
			body: "This series reworks it.\n\n" + w.prose(12) + "\n---\nbase-commit: 0123456789abcdef0123456789abcdef01234567\nchange-id: " + ChangeID(n) + "\n"})
		for p := 1; p <= patches; p++ {
			id := PatchMailID(n, revision, p)
			subject := fmt.Sprintf("[PATCH%s %d/%d] %s, step %d", version, p, patches, topic, p)
			body := w.prose(8) + "\nSigned-off-by: " + author + "\n---\n" + w.diff(n, revision, p)
			w.write(letter{id: id, from: author, subject: subject, body: body, parents: []string{cover}})
			w.answers(letter{id: id, subject: subject, body: body, parents: []string{cover}}, w.rand.IntN(3))
		}
		w.answers(letter{id: cover, subject: fmt.Sprintf("[PATCH%s 0/%d] %s", version, patches, topic)}, w.rand.IntN(2))
	}
}

// answers writes answers to a letter, and answers to these.
func (w *writer) answers(to letter, count int) {
	for range count {
		who := w.rand.IntN(50)
		reply := letter{id: fmt.Sprintf("reply-%d-%x@mail.example.com", w.count, w.rand.Uint32()), from: person(who),
			subject: "Re: " + strings.TrimPrefix(to.subject, "Re: "), parents: append(append([]string{}, to.parents...), to.id)}
		switch w.rand.IntN(12) {
		case 0:
			reply.noReferences = true
		case 1:
			reply.subject = "something else (was: " + to.subject + ")"
		}
		quoted := "> " + strings.Join(strings.SplitN(to.body, "\n", 12), "\n> ")
		reply.body = "On some day somebody wrote:\n" + quoted + "\n\n" + w.prose(4) + "\nReviewed-by: " + person(who) + "\n"
		w.write(reply)
		if w.rand.IntN(3) == 0 && !reply.noReferences { // public-inbox looks for a subject in what began a thread
			w.answers(reply, 1)
		}
	}
}

func (w *writer) prose(lines int) string {
	words := [...]string{"the", "lock", "is", "held", "while", "a", "buffer", "moves", "From", "here", "to", "there", "so", "that", "readers", "wait", "—", "naïve"}
	var b strings.Builder
	for range lines {
		for range 8 {
			b.WriteString(words[w.rand.IntN(len(words))])
			b.WriteByte(' ')
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (w *writer) diff(n, revision, patch int) string {
	file := fmt.Sprintf("drivers/sub%d/file%d.c", n%20, patch)
	var b strings.Builder
	fmt.Fprintf(&b, " %s | 4 ++--\n 1 file changed, 2 insertions(+), 2 deletions(-)\n\ndiff --git a/%[1]s b/%[1]s\nindex 0c263ce..2086686 100644\n--- a/%[1]s\n+++ b/%[1]s\n", file)
	for hunk := range 3 {
		fmt.Fprintf(&b, "@@ -%d,7 +%[1]d,7 @@ int function_%d(void)\n", 10+hunk*40, hunk)
		fmt.Fprintf(&b, " \tint x = %d;\n \n \tlock(&x);\n-\told_%d_%d(x);\n+\tnew_%[2]d_%[3]d_%d_%d(x);\n \tunlock(&x);\n \n \treturn x;\n", w.rand.IntN(1000), n, patch, revision, hunk)
	}
	return b.String() + "\n-- \n2.39.5\n"
}

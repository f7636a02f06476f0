package e2e

import (
	"fmt"
	"os"
	"strings"
)

type specialFile struct{ mode, name, content string }

// specialFiles are what the base has for the patches to change.
func specialFiles() []specialFile {
	lines := func(n int, end string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "line %d%s", i+1, end)
		}
		return b.String()
	}
	return []specialFile{
		{"100644", "x/plain.txt", lines(30, "\n")},
		{"100644", "x/old-name.txt", lines(40, "\n")},
		{"100644", "x/script.sh", "#!/bin/sh\nexit 0\n"},
		{"100644", "x/image.bin", "\x00\x01\x02\xff\xfe" + lines(20, "\x00")},
		{"100644", "x/unfinished", "no line feed at the end"},
		{"100644", "x/dos.txt", lines(20, "\r\n")},
		{"100644", "x/latin1.txt", "Fran\xe7ois\nGar\xe7on\n" + lines(5, "\n")},
		{"100644", "x/doomed.txt", lines(12, "\n")},
		{"100644", "x/tabs.txt", "\ttab first  \nblank last \n\t\n" + lines(5, "\n")},
		{"100644", "x/a file.txt", lines(8, "\n")},
		{"120000", "x/link", "plain.txt"},
		{"100644", "x/form\ffeed.txt", "a page\n\fanother page\n"},
	}
}

// A change is one patch of a series.
type change struct {
	why     string
	message string
	// arrives is the message as git am gives it back, when that is not
	// message: git am itself changes some, also those of git format-patch.
	arrives string
	author  string
	env     []string // that the commit is made under
	do      func(w *world)
}

// changes are the patches that have something special about them.
func changes() []change {
	long := strings.Repeat("word ", 60) + "end"
	return []change{
		{why: "a change of one line", message: "x: change a line\n\nThe line was wrong.\n\nSigned-off-by: Jane Dév <jane@example.org>\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 7\n", "line seven\n") }},
		{why: "a rename with an edit", message: "x: rename a file\n\nAnd edit it.\n",
			do: func(w *world) {
				w.git("mv", "x/old-name.txt", "x/new-name.txt")
				w.edit("x/new-name.txt", "line 20\n", "line twenty\n")
			}},
		{why: "a mode change", message: "x: make the script executable\n\nIt is one.\n",
			do: func(w *world) { w.chmod("x/script.sh", 0o755) }},
		{why: "a new binary file", message: "x: add an image\n\nIt is nice.\n",
			do: func(w *world) { w.write("x/new.bin", strings.Repeat("\x00\xff\x80binary\r\n", 99)) }},
		{why: "a changed binary file", message: "x: change the image\n\nIt is nicer.\n",
			do: func(w *world) { w.edit("x/image.bin", "line 9\x00", "LINE NINE\x00\r\n") }},
		{why: "a file without final line feed", message: "x: go on\n\nStill no end.\n",
			do: func(w *world) { w.write("x/unfinished", "no line feed at the end\nof the file") }},
		{why: "a file that gets its final line feed", message: "x: end the file\n\nAt last.\n",
			do: func(w *world) { w.write("x/unfinished", "no line feed at the end\nof the file\n") }},
		{why: "a file with CRLF", message: "x: change a DOS file\n\nIt keeps its line ends.\n",
			do: func(w *world) { w.edit("x/dos.txt", "line 5\r\n", "line five\r\nand a half\r\n") }},
		{why: "mixed line ends", message: "x: mix line ends\n\nSome do.\n",
			do: func(w *world) { w.edit("x/dos.txt", "line 15\r\n", "line fifteen\nbare\rCR\r\r\n") }},
		{why: "a line too long for mail", message: "x: add a long line\n\nLonger than RFC 5321 allows.\n",
			do: func(w *world) { w.write("x/long.txt", strings.Repeat("0123456789ab", 100)+"\nshort\n") }},
		{why: "the author is somebody else, with letters beyond ASCII", author: "Zoë Ünïcode, née Ŝ <zoe@example.org>",
			message: "x: change a line of Zoë\n\nShe wrote it.\n\nSigned-off-by: Zoë Ünïcode <zoe@example.org>\nSigned-off-by: Jane Dév <jane@example.org>\n",
			do:      func(w *world) { w.edit("x/plain.txt", "line 3\n", "línea 3\n") }},
		{why: "the author is somebody else, in ASCII", author: "Sam Other <sam@example.net>", message: "x: change a line of Sam\n\nHe wrote it.\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 11\n", "line eleven\n") }},
		{why: "a file in Latin-1", message: "x: change a Latin-1 file\n\nIts letters stay as they are, though this is UTF-8: é.\n",
			do: func(w *world) { w.edit("x/latin1.txt", "Gar\xe7on\n", "Gar\xe7on manqu\xe9\n") }},
		{why: "a new symbolic link", message: "x: add a link\n\nIt leads nowhere.\n",
			do: func(w *world) { w.symlink("no/where", "x/dangling") }},
		{why: "a symbolic link that becomes a file", message: "x: make the link a file\n\nAnother type.\n",
			do: func(w *world) { os.Remove(w.path("x/link")); w.write("x/link", "a file now\n") }},
		{why: "no body", message: "x: a title says it all\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 13\n", "line thirteen\n") }},
		{why: "lines that begin with From", message: "x: tell where from\n\nFrom here on it is clear.\nFrom 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n>From there too.\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 15\n", "From line 15\n") }},
		{why: "a body that begins like a header", message: "x: tell the subject\n\nSubject: is not a header here\n\nIt is prose.\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 16\n", "Subject: line 16\n") }},
		{why: "a deletion", message: "x: delete a file\n\nNobody reads it.\n",
			do: func(w *world) { os.Remove(w.path("x/doomed.txt")) }},
		{why: "a name with a blank", message: "x: change a file with a blank in its name\n\nIt works.\n",
			do: func(w *world) { w.edit("x/a file.txt", "line 2\n", "line two\n"); w.write("x/an other.txt", "new\n") }},
		{why: "a name beyond ASCII", message: "x: add a file with another name\n\nGit quotes it.\n",
			do: func(w *world) { w.write("x/größe \"und\" \\ mehr.txt", "neu\n"); w.write("x/日本.txt", "日本\n") }},
		{why: "tabs and blanks at line ends", message: "x: change blanks\n\n\tindented\n  by blanks\n",
			do: func(w *world) { w.edit("x/tabs.txt", "blank last \n", "blanks last   \n\t \t\n\n \n") }},
		{why: "two blanks and a tab in the title", message: "x: two  blanks\tand a tab\n\nBody.\n", arrives: "x: two blanks and a tab\n\nBody.\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 17\n", "line seventeen\n") }},
		{why: "a very long title", message: "x: " + long + "\n\nThe title is long.\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 18\n", "line eighteen\n") }},
		{why: "a long title beyond ASCII", message: "x: größer, schöner — 日本語の題名はとても長いので折り返される必要があるでしょう " + strings.Repeat("é", 90) + "\n\nDer Titel ist länger.\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 19\n", "line nineteen\n") }},
		{why: "a title that looks encoded", message: "x: decode =?utf-8?q?words?= properly\n\nAlso =?utf-8?q?here?=.\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 20\n", "=?utf-8?q?line?= 20\n") }},
		{why: "a message in Latin-1", message: "x: caf\xe9\n\nD\xe9j\xe0 vu.\n", arrives: "x: café\n\nDéjà vu.\n", env: []string{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=i18n.commitEncoding", "GIT_CONFIG_VALUE_0=ISO-8859-1",
			"GIT_AUTHOR_NAME=Ren\xe9", "GIT_AUTHOR_EMAIL=rene@example.org"},

			do: func(w *world) { w.edit("x/plain.txt", "line 21\n", "line twenty-one\n") }},
		{why: "lines with dots", message: "x: dots\n\n.\n..\n.dot\n\nThe lines above are dots.\n",
			do: func(w *world) { w.write("x/dots.txt", ".\n..\n.\r\n") }},
		{why: "form feeds", message: "x: feed forms\n\nAs old sources do.\n",
			do: func(w *world) { w.edit("x/form\ffeed.txt", "another", "\fyet another") }},
		{why: "a file of one line feed, and one that becomes empty", message: "x: empty files\n\nNothing in them.\n",
			do: func(w *world) { w.write("x/nothing", ""); w.write("x/one", "\n"); w.write("x/tabs.txt", "") }},
		{why: "a body that begins like a subject", message: "x: prefix\n\n[PATCH] is not a prefix here\n\nIt is prose.\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 22\n", "[PATCH] line 22\n") }},
		{why: "a body that begins like a quoted mailbox line", message: "x: quote\n\n>From here\n\nIt is prose.\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 23\n", ">From line 23\n") }},
		{why: "a body that begins like a continued header", message: "x: continue\n\n  indented\n\nFrom: me\nDate: now\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 24\n", "  line 24\n") }},
		{why: "a signature in the message", message: "x: sign\n\nMany regards,\n-- \nJane\n", arrives: "x: sign\n\nMany regards,\n--\nJane\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 25\n", "-- \n") }},
		{why: "an author who needs quotes", author: `J. "Joe" O'Neil, Jr. (ACME) <joe@example.org>`, message: "x: quote Joe\n\nHe wrote it.\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 26\n", "line twenty-six\n") }},
		{why: "a paragraph on one line", message: "x: write on\n\n" + strings.Repeat("größer ", 200) + "end\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 27\n", "line twenty-seven\n") }},
		{why: "a file that becomes a directory", message: "x: make room\n\nFor more files.\n",
			do: func(w *world) {
				os.Remove(w.path("x/dots.txt"))
				w.write("x/dots.txt/one.txt", "1\n")
				w.write("x/dots.txt/two.txt", "2\n")
			}},
		{why: "a plain rename", message: "x: move\n\nTo the top.\n",
			do: func(w *world) { w.git("mv", "x/dos.txt", "dos.txt") }},
		{why: "a title in brackets", message: "x: [brackets] inside\n\nThey stay.\n",
			do: func(w *world) { w.edit("x/plain.txt", "line 28\n", "line twenty-eight\n") }},
		{why: "attributes", message: "x: set attributes\n\nOf some files.\n",
			do: func(w *world) {
				w.write(".gitattributes", "*.txt diff=other\n*.dat -text -diff\n")
				w.write("x/some.dat", "text, but not to be shown\n")
			}},
	}
}

func (w *world) chmod(name string, mode os.FileMode) {
	w.t.Helper()
	if err := os.Chmod(w.path(name), mode); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) symlink(target, name string) {
	w.t.Helper()
	if err := os.Symlink(target, w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

// make commits the changes.
func (w *world) make(all []change) {
	w.t.Helper()
	for _, c := range all {
		var options []string
		if c.author != "" {
			options = append(options, "--author="+c.author)
		}
		c.do(w)
		w.with(c.env...).commit(c.message, options...)
	}
}

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// A history is a made-up one: the first commit brings all files, every later
// one changes a line in one or two of them. The same numbers give the same
// object ids.
type history struct{ commits, files int }

const (
	linesPerFile   = 40
	filesPerDir    = 25
	firstCommit    = 1_500_000_000 // seconds since 1970
	secondsBetween = 3_600
)

// writeTo writes the history as a stream for git fast-import.
func (h history) writeTo(w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<20)
	touched := make([]int, h.files)
	for n := range h.commits {
		message := fmt.Sprintf("subsystem%d: change number %d\n\nThis is why.\n\nSigned-off-by: A U Thor <author@example.org>\n", n%97, n)
		fmt.Fprintf(b, "commit refs/heads/master\n")
		fmt.Fprintf(b, "committer A U Thor <author@example.org> %d +0000\n", firstCommit+n*secondsBetween)
		fmt.Fprintf(b, "data %d\n%s\n", len(message), message)
		if n == 0 {
			for i := range h.files {
				writeFile(b, i, 0)
			}
			continue
		}
		for k := range 1 + n%2 {
			// A step that shares no factor with the number of files visits all.
			i := (n*7919 + k*104729) % h.files
			touched[i]++
			writeFile(b, i, touched[i])
		}
	}
	fmt.Fprintln(b, "done")
	return b.Flush()
}

func writeFile(b *bufio.Writer, i, revision int) {
	content := fileContent(i, revision)
	fmt.Fprintf(b, "M 100644 inline %s\ndata %d\n", filePath(i), len(content))
	b.Write(content)
	b.WriteByte('\n')
}

// filePath spreads the files over directories three deep.
func filePath(i int) string {
	dir := i / filesPerDir
	return fmt.Sprintf("area%02d/part%02d/unit%d/file%02d.c", dir%20, dir/20%20, dir/400, i%filesPerDir)
}

// fileContent is file i after so many changes; each changed another line.
func fileContent(i, revision int) []byte {
	var b bytes.Buffer
	for line := range linesPerFile {
		changes := (revision + linesPerFile - 1 - line) / linesPerFile
		fmt.Fprintf(&b, "static int unit_%d_value_%d(void) { return %d; }\n", i, line, i*line+changes)
	}
	return b.Bytes()
}

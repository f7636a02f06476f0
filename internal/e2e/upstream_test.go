package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"path/filepath"
)

// A history is a made-up project: thousands of files, a merge now and then,
// tags. The same numbers give the same object ids.
type history struct{ commits, files int }

// upstream makes a bare repository of that history and adds the files that
// [specialFiles] lists. The options are for git init.
func (w *world) upstream(h history, options ...string) string {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), "upstream.git")
	w.git(append(append([]string{"init", "--quiet", "--bare"}, options...), dir)...)
	w.at(dir).run(h.stream(), "git", "fast-import", "--quiet", "--done")
	w.at(dir).git("branch", "--quiet", "-D", "side")
	w.addSpecialFiles(dir, "main")
	return dir
}

// addSpecialFiles commits, on a branch of a bare repository, what the patches
// will change.
func (w *world) addSpecialFiles(bare, branch string) {
	w.t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "commit refs/heads/%s\ncommitter U P Stream <up@example.org> 1700000000 +0000\ndata 14\nspecial files\n\nfrom refs/heads/%s^0\n", branch, branch)
	for _, f := range specialFiles() {
		fmt.Fprintf(&b, "M %s inline %q\ndata %d\n%s\n", f.mode, f.name, len(f.content), f.content)
	}
	b.WriteString("done\n")
	w.at(bare).run(b.String(), "git", "fast-import", "--quiet", "--done", "--force")
}

func (h history) stream() string {
	var buffer bytes.Buffer
	b := bufio.NewWriter(&buffer)
	for n := range h.commits {
		if n%40 == 39 { // a side line and its merge
			h.commit(b, n, n, fmt.Sprintf("refs/heads/side\nmark :%d", n+h.commits), fmt.Sprintf("from :%d\n", n-5))
			h.commit(b, n, n+1, fmt.Sprintf("refs/heads/main\nmark :%d", n), fmt.Sprintf("from :%d\nmerge :%d\n", n-1, n+h.commits))
			continue
		}
		h.commit(b, n, n, fmt.Sprintf("refs/heads/main\nmark :%d", n), "")
		if n%500 == 250 {
			fmt.Fprintf(b, "tag v0.%d\nfrom :%d\ntagger U P Stream <up@example.org> %d +0000\ndata 8\nrelease\n\n", n/500, n, 1400000000+n*3600)
		}
	}
	fmt.Fprintln(b, "done")
	b.Flush()
	return buffer.String()
}

func (h history) commit(b *bufio.Writer, n, content int, head, parents string) {
	message := fmt.Sprintf("part%d: change number %d\n\nThis is why.\n", n%17, n)
	fmt.Fprintf(b, "commit %s\ncommitter U P Stream <up@example.org> %d +0000\ndata %d\n%s\n%s", head, 1400000000+n*3600, len(message), message, parents)
	files := []int{n * 7919 % h.files}
	if n == 0 {
		files = files[:0]
		for i := range h.files {
			files = append(files, i)
		}
	}
	for _, i := range files {
		text := fmt.Sprintf("file %d\nrevision %d\nend\n", i, content)
		fmt.Fprintf(b, "M 100644 inline part%d/unit%d/file%d.c\ndata %d\n%s\n", i%17, i%5, i, len(text), text)
	}
}

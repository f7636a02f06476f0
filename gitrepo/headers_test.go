package gitrepo_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// A commit that git made again gets the headers back that it had before, and
// all else stays as git has it.
func TestChainBringsHeadersBack(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why         string
		before, now string // headers behind the committer, a blank line, the message
		author      string // of now, when it is another
		want        string
		unchanged   bool
	}{
		{why: "nothing was lost", before: "\nt\n", now: "\nt\n", unchanged: true},
		{why: "a header", before: "x-a 1\nx-b 2\n 3\n\nt\n", now: "\nt\n", want: "x-a 1\nx-b 2\n 3\n\nt\n"},
		{why: "a signature is no such header", before: "gpgsig x\n y\n\nt\n", now: "\nt\n", unchanged: true},
		{why: "the encoding", before: "encoding ISO-8859-1\nx-a 1\n\ncaf\xe9\n", now: "\ncaf\u00e9\n", want: "encoding ISO-8859-1\nx-a 1\n\ncaf\xe9\n"},
		{why: "reworded, and it fits", before: "encoding ISO-8859-1\n\ncaf\xe9\n", now: "\nth\u00e9\n", want: "encoding ISO-8859-1\n\nth\xe9\n"},
		{why: "reworded, and it does not fit", before: "x-a 1\nencoding ISO-8859-1\n\ncaf\xe9\n", now: "\n\u4e00\n", want: "x-a 1\n\n\u4e00\n"},
		{why: "another author stays", before: "x-a 1\n\nt\n", now: "\nt\n", author: "B <b@example.org> 3 +0000", want: "x-a 1\n\nt\n"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			base := r.Commit("base\n")
			head := func(author string) string {
				return "tree " + r.Git("rev-parse", base+"^{tree}") + "\nparent " + base + "\nauthor " + author + "\ncommitter A <a@example.org> 2 +0000\n"
			}
			const author = "A <a@example.org> 1 +0000"
			repo := open(t, r, r.Dir)
			read := func(data string) *gitrepo.Commit {
				c, err := repo.Commit(r.GitInput(data, "hash-object", "-t", "commit", "-w", "--stdin"))
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			nowAuthor := author
			if tc.author != "" {
				nowAuthor = tc.author
			}
			before, now := read(head(author)+tc.before), read(head(nowAuthor)+tc.now)
			chain, err := repo.Chain(context.Background(), []*gitrepo.Commit{now}, gitrepo.ID(base), nil,
				gitrepo.ChainOptions{Committer: now.Committer, Mine: true, Headers: map[gitrepo.ID]*gitrepo.Commit{now.ID: before}})
			if err != nil {
				t.Fatal(err)
			}
			if tc.unchanged {
				if chain.Tip != now.ID {
					t.Errorf("it was made again: %q", chain.Objects[0].Data)
				}
				return
			}
			got, want := string(chain.Objects[0].Data), head(nowAuthor)+tc.want
			if got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if strings.Contains(got, "gpgsig") {
				t.Error("a signature was invented")
			}
		})
	}
}

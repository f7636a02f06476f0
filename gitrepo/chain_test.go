package gitrepo_test

import (
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
)

// Putting lines into a message and taking them out again gives the commit
// that was there, byte for byte, whatever its headers and its encoding.
func TestEditAndRevertIsTheIdentity(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"", "encoding ISO-8859-1\n", "encoding latin1\n", "encoding windows-1251\n", "encoding EUC-JP\n", "encoding UTF-8\n", "encoding x-unknown\n",
		"change-id zxcv\nencoding ISO-8859-1\nafter x\n", "mergetag object 1\n line\n \n more\nmergetag object 2\n line\nHG:extra x\n",
	} {
		for _, message := range []string{
			"subject\n\nbody\n", "subject", "", "\n\n", "subject\r\n\r\nbody\r\n", "s\n\n# heading\n; other\n\n\n", "subj\xe9ct\n\n\x80\x93 \xff\n",
			"s\xc3\xa9\n", "\xc6\xfc\xcb\xdc\n", "s\n\na\x00b\n",
		} {
			for _, line := range []string{"Reviewed-by: R <r@example.org>\n", "Acked-by: Jané <j@example.org>\r\n", "Cc: Дмитрий\n"} {
				checkRevert(t, header, message, line)
			}
		}
	}
}

func checkRevert(t *testing.T, header, message, line string) {
	t.Helper()
	raw := hostileCommit(strings.Repeat("a", 40), header, message)
	before := parse(t, raw)
	text := before.Text()
	if !strings.Contains(header, "encoding") && text != message {
		t.Fatalf("%q reads %q", message, text)
	}
	for at := range len(text) + 1 {
		if at > 0 && text[at-1] != '\n' && at < len(text) {
			continue // lines are put in between lines
		}
		edited := text[:at] + line + text[at:]
		data := before.Rewrite(gitrepo.Change{Parents: before.Parents, Message: &edited, Committer: before.Committer})
		now := parse(t, string(data))
		if got := now.Text(); got != edited {
			t.Errorf("%q %q with %q reads %q", header, message, line, got)
		}
		if before.Encoding != now.Encoding {
			// The line does not fit the encoding: the text is kept, the commit is UTF-8.
			if now.Encoding != "" || !strings.ContainsFunc(line, func(r rune) bool { return r > 127 }) {
				t.Errorf("%q %q with %q has the encoding %q", header, message, line, now.Encoding)
			}
			continue
		}
		if again := now.Rewrite(gitrepo.Change{Parents: before.Parents, Message: &text, Committer: before.Committer}); string(again) != raw {
			t.Errorf("%q reverted is\n%q\nwas\n%q", line, again, raw)
		}
	}
}

// A text that leaves the encoding takes the author's name with it.
func TestRewriteMovesTheWholeCommitToUTF8(t *testing.T) {
	t.Parallel()
	raw := strings.Replace(hostileCommit(strings.Repeat("a", 40), "encoding ISO-8859-1\n", "subj\xe9ct\n"), "author Other", "author \xd6ther", 1)
	c := parse(t, raw)
	text := c.Text() + "Cc: Дмитрий\n"
	now := parse(t, string(c.Rewrite(gitrepo.Change{Parents: c.Parents, Message: &text, Committer: c.Committer})))
	if now.Encoding != "" || now.Message != "subjéct\nCc: Дмитрий\n" || now.Author.Name != "Öther  Person" || !now.Author.When.Equal(c.Author.When) {
		t.Errorf("encoding %q, message %q, author %q", now.Encoding, now.Message, now.Author.Name)
	}
}

func hostileCommit(parent, header, message string) string {
	const person = "Other  Person <o@example.org> 1700000000 -0030"
	return "tree " + strings.Repeat("b", 40) + "\nparent " + parent + "\nauthor " + person + "\ncommitter " + person + "\n" + header + "\n" + message
}

func parse(t *testing.T, raw string) *gitrepo.Commit {
	t.Helper()
	c, err := gitrepo.ParseCommit([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What a fuzzer adds to the table: any message, any line, any place.
func FuzzEditAndRevert(f *testing.F) {
	f.Add("subj\xe9ct\n\nbody", "Acked-by: J\xc3\xa9 <j@example.org>\n", 3, true)
	f.Add("s\r\n", "# x", 0, false)
	f.Fuzz(func(t *testing.T, message, line string, at int, latin1 bool) {
		header := ""
		if latin1 {
			header = "encoding ISO-8859-1\n"
		}
		before, err := gitrepo.ParseCommit([]byte(hostileCommit(strings.Repeat("a", 40), header, message)))
		if err != nil {
			t.Fatal(err)
		}
		text := before.Text()
		if at < 0 || at > len(text) {
			at = len(text)
		}
		edited := text[:at] + line + text[at:]
		change := gitrepo.Change{Parents: before.Parents, Message: &edited, Committer: before.Committer}
		data := before.Rewrite(change)
		if data == nil {
			return // nothing was put in
		}
		now, err := gitrepo.ParseCommit(data)
		if err != nil || now.Text() != edited {
			t.Fatalf("reads %q, %v; want %q", now.Text(), err, edited)
		}
		change.Message = &text
		if again := now.Rewrite(change); now.Encoding == before.Encoding && string(again) != hostileCommit(strings.Repeat("a", 40), header, message) {
			t.Errorf("reverted is %q", again)
		}
	})
}

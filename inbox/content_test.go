package inbox

import (
	"strings"
	"testing"

	"github.com/kprep/kprep/patchmail"
)

func TestReadContent(t *testing.T) {
	t.Parallel()
	const plain = "Content-Type: text/plain; charset=utf-8\n\n"
	for _, c := range []struct{ why, raw, want string }{
		{"no type at all", "\nhello\n", "hello\n"},
		{"CRLF", "\r\nhello\r\n", "hello\n"},
		{"another charset", "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nD=E9v\n", "Dév\n"},
		{"alternatives: the plain one", "Content-Type: multipart/alternative; boundary=x\n\n--x\n" + plain + "plain\n--x\nContent-Type: text/html\n\n<p>page</p>\n--x--\n", "plain"},
		{"alternatives in the wrong order", "Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>page</p>\n--x\n" + plain + "plain\n--x--\n", "plain"},
		{"a plain one that is blank", "Content-Type: multipart/alternative; boundary=x\n\n--x\n" + plain + " \n--x\nContent-Type: text/html\n\n<p>page</p>\n--x--\n", "page\n\n"},
		{"the footer of a list", "Content-Type: multipart/mixed; boundary=x\n\n--x\n" + plain + "text\n--x\n" + plain + "footer\n--x--\n", "text\nfooter\n"},
		{"an attachment", "Content-Type: multipart/mixed; boundary=x\n\n--x\n" + plain + "text\n--x\nContent-Type: text/x-patch\nContent-Disposition: attachment\n\n+Acked-by: a\n--x--\n", "text\n"},
		{"a picture", "Content-Type: multipart/mixed; boundary=x\n\n--x\n" + plain + "text\n--x\nContent-Type: image/png\n\nAcked-by: a\n--x--\n", "text\n"},
		{"alternatives within", "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/alternative; boundary=y\n\n--y\n" + plain + "plain\n--y\nContent-Type: text/html\n\npage\n--y--\n--x\n" + plain + "footer\n--x--\n", "plain\nfooter\n"},
		{"a boundary that never comes again", "Content-Type: multipart/mixed; boundary=x\n\n--x\n" + plain + "text\n", "--x\n" + plain + "text\n"},
		{"flowed", "Content-Type: text/plain; format=flowed\n\na long \nline\n> its \n> quote \nnext\n>> deep\n  stuffed\n-- \nme \n", "a long line\n> its quote \nnext\n>> deep\n stuffed\n-- \nme \n"},
		{"flowed without its blanks", "Content-Type: text/plain; format=flowed; delsp=yes\n\nhttps://example.org/ \nlong\n", "https://example.org/long\n"},
		{"a blank behind a trailer in flowed text", "Content-Type: text/plain; format=flowed\n\nAcked-by: A <a@example.org> \nTested-by: A <a@example.org>\n", "Acked-by: A <a@example.org> \nTested-by: A <a@example.org>\n"},
		{"HTML", "Content-Type: text/html\n\n<html><head><title>no</title><style>p{}</style></head><body><p>one\n two&nbsp;<b>three</b>&lt;a@b&gt;</p><div>four<br>five</div><blockquote>six<blockquote><p>seven</p></blockquote></blockquote><pre>a\n b</pre>", "one two three<a@b>\n\nfour\nfive\n> six\n>> seven\n>> \na\n b\n"},
		{"a head without its end", "Content-Type: text/html\n\n<head><meta x><body>text", "text\n"},
		{"escaped twice", "Content-Type: text/html\n\n<p>&amp;lt;", "&lt;\n"},
	} {
		got, err := ReadContent([]byte("From: A <a@example.org>\nMessage-ID: <1@example.org>\n" + c.raw))
		if err != nil || got.Text != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.why, got.Text, err, c.want)
		}
	}
}

func TestSender(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, name, mailbox string }{
		{`"Doe, Jane" <jane@example.org>`, "Doe, Jane", "jane@example.org"},
		{`Doe, Jane <jane@example.org>`, "Doe, Jane", "jane@example.org"},
		{`=?utf-8?q?Jane_D=C3=A9v?= <Jane@Example.org>`, "Jane Dév", "Jane@Example.org"},
		{`=?iso-8859-1?q?D=E9v=2C?= Jane <jane@example.org>`, "Dév, Jane", "jane@example.org"},
		{`jane@example.org`, "", "jane@example.org"},
		{`nobody`, "", ""},
	} {
		got, err := ReadContent([]byte("From: " + c.from + "\n\ntext\n"))
		if want := (patchmail.Address{Name: c.name, Mailbox: c.mailbox}); err != nil || got.From != want {
			t.Errorf("From: %s: got %q, %v", c.from, got.From, err)
		}
	}
}

// Joining broken lines neither adds nor loses a word, and once joined they stay.
func FuzzUnflow(f *testing.F) {
	f.Add("a long \nline\n> its \n> quote\n>> deep \nnot\n  stuffed \n-- \nme \n")
	f.Fuzz(func(t *testing.T, text string) {
		once := unflow(text, false)
		plain := func(s string) string {
			return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("> \n\r\t\v\f\u0085\u00a0", r) }), "")
		}
		if plain(once) != plain(text) {
			t.Errorf("%q became %q", text, once)
		}
		if strings.Count(once, "\n") > strings.Count(text, "\n")+1 {
			t.Errorf("%q has more lines: %q", text, once)
		}
	})
}

// Whatever the page, its text has no line of a quotation that is not marked, and
// no tag is taken for text.
func FuzzHTMLText(f *testing.F) {
	f.Add("<p>a<blockquote>b<br>c", "d")
	f.Fuzz(func(t *testing.T, before, word string) {
		if strings.ContainsAny(word, "<>&\r\n") || strings.TrimSpace(word) == "" || strings.ContainsAny(before, "<>&") {
			t.Skip()
		}
		for line := range strings.Lines(htmlText(strings.NewReader("<div>" + before + "</div><blockquote>" + word + "<br>x</blockquote>after"))) {
			if strings.Contains(line, "after") && strings.HasPrefix(line, ">") {
				t.Errorf("after %q, %q comes %q", before, word, line)
			}
			if strings.TrimSpace(line) == "x" {
				t.Errorf("after %q, %q a quoted line is not marked", before, word)
			}
		}
	})
}

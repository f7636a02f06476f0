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

// What is not shown to those who look at a page is no text of it. "§" is to be there,
// "x" is not.
func TestHiddenText(t *testing.T) {
	t.Parallel()
	for _, page := range []string{
		"§<div style='display:none'>x</div>§",
		"§<div style='DISPLAY : None !important'>x</div>§",
		"§<div style='display:/**/none'>x</div>§",
		`§<div style='d\69 splay:no\6e E'>x</div>§`,
		"§<div hidden>x</div>§",
		"§<span style='visibility:hidden'>x<b>x</b></span>§",
		"§<span style='visibility:hidden'>x<b style='visibility:visible'>§</b>x</span>",
		"§<span style='opacity:0'>x<b style='opacity:1'>x</b></span>§",
		"§<span style='font-size:0'>x</span>§",
		"§<span style='font-size:0px'>x<b style='font-size:200%'>x</b><b style='font-size:inherit'>x</b></span>§",
		"<td style='font-size:0'>x<b style='font-size:14px'>§</b>x</td>§",
		"§<span style='font-size:1px'>x</span>§",
		"§<span style='font:0/0 a'>x</span>§",
		"§<span style='color:transparent'>x</span>§",
		"§<div style='max-height:0;overflow:hidden'>x</div>§",
		"§<div style='position:absolute;left:-9999px'>x</div>§",
		"§<p style='text-indent:-9999px'>x</p>§",
		"§<s>x</s><strike>x<p>x</p></strike><del>x</del><i style='text-decoration:line-through red'>x</i>§",
		"§<div style='display:none' style='display:block'>x</div>§",
		"§<div style='display:none!important;display:block'>x</div>§",
		"§<div style='display:none;display:block'>§</div>§",
		"<style>.a{display:none !important}#b{display:none}.b{display:block}</style><i class=a style='display:inline'>x</i><p id=b class=b>x</p>§",
		"<style>@media screen { .a{display:none} } @media print{p{display:none}} .b{display:none}</style><i class=a>x</i><i class=b>x</i><p>§",
		"<i style='transform: scale(0)'>x</i><i style='clip: rect(0, 0, 0, 0)'>x</i><dialog>x</dialog>§",
		"§<p hidden>x<p>§",
		"§<p hidden>x<div>§</div>",
		"§<p hidden>x<blockquote>§</blockquote>",
		"<ul><li hidden>x<li>§</ul>",
		"<ul><li hidden>x<ul><li>x</ul>x<li>§</ul>",
		"<table><tr><td hidden>x<td>§<tr hidden><td>x<tr><td>§</table>",
		"<dl><dt hidden>x<dd>§</dl>",
		"§<div><span hidden>x</div>§",
		"§<div hidden>x</span></b>x<div>x</div>x</div>§",
		"§<div hidden/>x</div>§",
		"§<br hidden>§<img style='display:none'>§<input hidden>§",
		"§<div hidden><br>x<p>x</p></div>§",
		"<style>.a{display:none} p.b, #c {font-size:0}</style>§<div class='q A'>x</div><p class=b>x</p><p id=c>x</p><div class=b>§</div>",
		"<style>.m .k{display:none}</style>§<div class=m><p><b class=k>x</b>§</p></div><b class=k>§</b>",
		"<style><!-- @import 'z'; .a{display:none} --></style>§<i class=a>x</i>",
		"<style>@media print{.a{display:none}}.b{display:none}</style><i class=a>§</i><i class=b>x</i>",
		"<style>.a{display:none}</style><i class=a style='display:inline'>§</i>",
		"<style>.a{display:none}.a{display:block}p:hover{display:none}*{color:red}</style><p class=a>§</p>",
		"<head><title>x</title><style>p{}</style>§",
		"<template>x</template><noscript>x</noscript><select><option>x</select><script>x</script><!-- x -->§",
		"<p style='font-size:0.9em;color:#fff;opacity:.9;width:0;margin-left:-5px'>§</p>",
		strings.Repeat("<div>", 900) + "§" + strings.Repeat("</div>", 900) + "§",
	} {
		text := htmlText(strings.NewReader(page))
		if got, want := strings.Count(text, "§"), strings.Count(page, "§"); got != want || strings.Contains(text, "x") {
			t.Errorf("of %.200q came %.100q", page, text)
		}
	}
}

// A page that is all style and depth takes no time to speak of; what is below a
// thousand elements is not read.
func TestEndlessPages(t *testing.T) {
	t.Parallel()
	for _, page := range []string{
		strings.Repeat("<div>", 100_000) + "x",
		strings.Repeat("<p><b><i>", 50_000) + "</x>",
		"<style>" + strings.Repeat(".a .b .c{display:none}", 10_000) + "</style>" + strings.Repeat("<b class='a b c'></b>", 20_000),
		"<style>" + strings.Repeat("@media{", 100_000) + "</style><b style='" + strings.Repeat("/**/;", 100_000) + "'>",
		"<b class='" + strings.Repeat("a ", 100_000) + "'>",
	} {
		if text := htmlText(strings.NewReader(page)); strings.Contains(text, "x") {
			t.Errorf("of %.100q came %.100q", page, text)
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
		for line := range strings.Lines(htmlText(strings.NewReader("<div>" + before + "</div><blockquote>" + word + "<br>quoted</blockquote>after"))) {
			if strings.Contains(line, "after") && strings.HasPrefix(line, ">") {
				t.Errorf("after %q, %q comes %q", before, word, line)
			}
			if strings.TrimSpace(line) == "quoted" && strings.TrimSpace(before) != "quoted" {
				t.Errorf("after %q, %q a quoted line is not marked", before, word)
			}
		}
	})
}

package feedback

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/patchmail"
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	me := patchmail.Address{Name: "Jane Dev", Mailbox: "jane@example.org"}
	isMe := func(mailbox string) bool { return mailbox == "jane@example.org" || mailbox == "jane@old.example" }
	for _, tc := range []struct{ why, header, want string }{
		{"to all but me", "From: Rita <rita@r.example>\nTo: jane@old.example, a@a.example\nCc: list@l.example, Jane <jane@example.org>, rita@r.example\n",
			"To: Rita <rita@r.example> Cc: a@a.example, list@l.example"},
		{"Reply-To instead of From", "From: rita@r.example\nReply-To: rita@home.example\nTo: jane@example.org\nCc: list@l.example\n", "To: rita@home.example Cc: list@l.example"},
		{"Mail-Followup-To instead of all", "From: rita@r.example\nTo: jane@example.org\nCc: x@x.example\nMail-Followup-To: list@l.example, jane@example.org\n", "To: list@l.example Cc: "},
		{"my own mail: where it went", "From: jane@old.example\nTo: list@l.example\nCc: a@a.example\n", "To: list@l.example Cc: a@a.example"},
		{"a name that would be a header", "From: =?utf-8?q?Rita=0ABcc=3A_x?= <rita@r.example>\n", "To: \"Rita Bcc: x\" <rita@r.example> Cc: "},
		{"a name with a line break and an address in it", "From: =?utf-8?Q?Rita=0D=0ABcc:_x@y.example?= <rita@r.example>\n", "To: \"Rita Bcc: x@y.example\" <rita@r.example> Cc: "},
		{"one in Reply-To, beside others", "From: a@a.example\nReply-To: =?utf-8?Q?x=0D=0ABcc:_y@y.example?= <ok@r.example>, \"a\\\"\n\tb\" <me@m.example>, Doe, John <john@example.org>\n",
			"To: \"x Bcc: y@y.example\" <ok@r.example>, \"a\\\" b\" <me@m.example>, John <john@example.org> Cc: "},
		{"one in Mail-Followup-To", "From: a@a.example\nMail-Followup-To: =?utf-8?B?YQpiOiBj?= <ok@r.example>, b@b.example\n", "To: \"a b: c\" <ok@r.example>, b@b.example Cc: "},
		{"names in other charsets", "From: a@a.example\nCc: =?koi8-r?B?7cnS?= <m@m.example>, =?klingon?Q?x?= <k@k.example>\n", "To: a@a.example Cc: Мир <m@m.example>, ? <k@k.example>"},
		{"a name that hides something", "From: =?utf-8?q?R=E2=80=AEita=E2=80=8B?= <rita@r.example>\nCc: =?utf-8?q?R=E2=80=AEita=E2=80=8B?= <c@c.example>\n", "To: R ita <rita@r.example> Cc: R ita <c@c.example>"},
		{"an address that is none", "From: a@a.example\nReply-To: x@!, b@b.example\n", "To: b@b.example Cc: "},
		{"two have written it", "From: a@a.example, b@b.example\n", "To: a@a.example Cc: "},
		{"to nobody else", "From: jane@example.org\nTo: jane@example.org\nCc: a@a.example\n", "To: a@a.example Cc: "},
	} {
		m, err := Answer([]byte(tc.header+"Message-ID: <1@r.example>\nSubject: x\n\nText.\n"), me, isMe)
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
			continue
		}
		if got := "To: " + people(m.To) + " Cc: " + people(m.Cc); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.why, got, tc.want)
		}
	}
}

func people(list []patchmail.Address) string {
	var words []string
	for _, a := range list {
		words = append(words, a.String())
	}
	return strings.Join(words, ", ")
}

func TestAnswerStandsInTheThread(t *testing.T) {
	t.Parallel()
	var long []string
	for n := range 200 {
		long = append(long, fmt.Sprintf("<%d@x.example>", n))
	}
	for _, tc := range []struct{ why, header, subject, references string }{
		{"the second of a thread", "Subject: Re: [PATCH v2 1/2] x\nReferences: <0@x.example>\n", "Re: [PATCH v2 1/2] x", "0@x.example m@x.example"},
		{"In-Reply-To alone", "Subject: AW: Re: x\nIn-Reply-To: <0@x.example>\n", "Re: x", "0@x.example m@x.example"},
		{"the first", "Subject: x\n", "Re: x", "m@x.example"},
		{"a subject that would be a header", "Subject: =?utf-8?q?x=0ABcc:_y@y.example?=\n", "Re: x Bcc: y@y.example", "m@x.example"},
		{"ids that no header can hold", "Subject: x\nReferences: <0@x.example> <a\x1b@x.example> <1@x.example>\n", "Re: x", "0@x.example 1@x.example m@x.example"},
		{"a circle", "Subject: x\nReferences: <m@x.example> <0@x.example>\n", "Re: x", "m@x.example 0@x.example"},
		{"a long thread", "Subject: x\nReferences: " + strings.Join(long, "\n ") + "\n", "Re: x", ""},
	} {
		m, err := Answer([]byte("From: a@a.example\nMessage-ID: <m@x.example>\n"+tc.header+"\nText.\n"), patchmail.Address{Mailbox: "me@example.org"}, func(string) bool { return false })
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
			continue
		}
		if got := strings.Join(m.References, " "); tc.references != "" && got != tc.references {
			t.Errorf("%s: references %s, want %s", tc.why, got, tc.references)
		}
		if n := len(m.References); tc.references == "" && (n != maxReferences || m.References[0] != "0@x.example" || m.References[n-1] != "m@x.example") {
			t.Errorf("%s: %d references, %q", tc.why, n, m.References)
		}
		if m.Subject != tc.subject || m.InReplyTo != "m@x.example" {
			t.Errorf("%s: subject %q, in reply to %q", tc.why, m.Subject, m.InReplyTo)
		}
		m.ID, m.Date = "new@example.org", time.Unix(0, 0)
		raw, err := m.Bytes()
		if err != nil || strings.Contains(string(raw), "\nBcc:") {
			t.Errorf("%s: %v\n%s", tc.why, err, raw)
		}
	}
}

func TestAnswerQuotes(t *testing.T) {
	t.Parallel()
	raw := "From: =?utf-8?q?Rita=E2=80=AE?= <rita@r.example>\nDate: Fri, 3 Jan 2025 10:04:00 +0100\nMessage-ID: <1@r.example>\nSubject: x\nContent-Type: text/plain; charset=iso-8859-1\n\n" +
		"> +\tif (x)\n\nGr\xfc\xdfe, \x1b]0;owned\x07\n\n-- \nRita\n"
	m, err := Answer([]byte(raw), patchmail.Address{Mailbox: "me@example.org"}, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	want := "On Fri, 3 Jan 2025 at 10:04:00 +0100, Rita\\u202e wrote:\n>> +\tif (x)\n>\n> Grüße, \\x1b]0;owned\\x07\n\n"
	if string(m.Body) != want {
		t.Errorf("got\n%q\nwant\n%q", m.Body, want)
	}
}

// What cannot be named is not: the answer stands below the nearest that can.
func TestAnswerToAnIDThatNoHeaderCanHold(t *testing.T) {
	t.Parallel()
	m, err := Answer([]byte("From: a@a.example\nMessage-ID: <x\x1b[31m@x.example>\nReferences: <0@x.example> <1@x.example>\n\nText.\n"),
		patchmail.Address{Mailbox: "me@example.org"}, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	m.ID, m.Date = "new@example.org", time.Unix(0, 0)
	if _, err := m.Bytes(); err != nil || m.InReplyTo != "1@x.example" || strings.Join(m.References, " ") != "0@x.example 1@x.example" {
		t.Errorf("%v, in reply to %q, references %q", err, m.InReplyTo, m.References)
	}
}

// Whatever strangers write about whom a mail is from and to, the answer is a mail
// with the header fields of an answer, and none of theirs.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{"=?utf-8?Q?x=0D=0ABcc:_y@y.example?= <ok@r.example>", "\"a\\\"\n\tb\" <me@m.example>", "a b: c@d.example, e@f.example;", "Doe, John <j@x.example> (x"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, from, to string) {
		raw := "From: " + from + "\nReply-To: " + to + "\nCc: " + from + "\nMessage-ID: <m@x.example>\nSubject: x\n\nText.\n"
		m, err := Answer([]byte(raw), patchmail.Address{Mailbox: "me@example.org"}, func(string) bool { return false })
		if err != nil {
			return // no mail
		}
		m.ID, m.Date, m.Body = "new@example.org", time.Unix(0, 0), []byte("Text.\n")
		text, err := m.Bytes()
		if err != nil {
			t.Fatalf("%v\nto %q\ncc %q", err, m.To, m.Cc)
		}
		head, _, _ := strings.Cut(string(text), "\n\n")
		for line := range strings.Lines(head) {
			name, _, _ := strings.Cut(line, ":")
			if line[0] != ' ' && !slices.Contains([]string{"From", "To", "Cc", "Date", "Subject", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Message-ID", "References", "In-Reply-To"}, name) {
				t.Errorf("the field %q in\n%s", name, head)
			}
		}
	})
}

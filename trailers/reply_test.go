package trailers

import (
	"slices"
	"strings"
	"testing"
)

// shown writes what a reply gives: trailers with their notes, conditions behind.
func shown(given []Given) string {
	var lines []string
	for _, g := range given {
		line := g.String()
		for _, note := range g.Notes {
			line += " " + note
		}
		if g.Condition != "" {
			line += " ?? " + g.Condition
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestFromReply(t *testing.T) {
	t.Parallel()
	const ack, rev = "Acked-by: A <a@example.org>", "Reviewed-by: R Viewer <r@example.org>"
	for _, c := range []struct{ why, body, want string }{
		{"one", "Thanks!\n\n" + rev + "\n", rev},
		{"several, in order", rev + "\n" + ack + "\n", rev + "\n" + ack},
		{"indented, blanks around", "  \tReviewed-by:   R Viewer \t <r@example.org>  \r\n", rev},
		{"quoted", "> " + rev + "\n >" + ack + "\n", ""},
		{"quoted with initials", "rv> " + rev + "\n| " + ack + "\n", ""},
		{"below the signature", "hi\n-- \n" + rev + "\n", ""},
		{"below what is no signature", "hi\n--\n" + rev + "\n", rev},
		{"Mail: is a contact", "Jane\nMail: jane@example.org\nE-Mail: jane@example.org\nPhone: 1@example.org\nJabber: jane@example.org\n", ""},
		{"a rhetorical Fixes", "Fixes: ?\nFixes: the bug\nFixes: abc\n", ""},
		{"Fixes", "Fixes: 123456789abc (\"foo\")\n", `Fixes: 123456789abc ("foo")`},
		{"Fixes, broken", "Fixes: 123456789abc (\"foo: a long\ntitle of it\")\n" + ack, "Fixes: 123456789abc (\"foo: a long title of it\")\n" + ack},
		{"the address on the next line", "Reviewed-by: R Viewer\n <r@example.org>\n", rev},
		{"an address that is not complete", "Reviewed-by: R Viewer\nReviewed-by: R Viewer <r>\nReviewed-by: r at example.org\nReviewed-by: R <r@host>\n", ""},
		{"two addresses", "Reviewed-by: R <r@example.org>, A <a@example.org>\n", ""},
		{"a link to mail", "Reviewed-by: R Viewer <r@example.org<mailto:r@example.org>>\n", rev},
		{"a remark, a note", "Acked-by: A <a@example.org> # for bits\n[on hw]\n", "Acked-by: A <a@example.org> # for bits [on hw]"},
		{"a remark with an URL", "Reviewed-by: R Viewer <r@example.org> # https://example.org/ci\n", rev + " # https://example.org/ci"},
		{"a value with an URL", "See-also: https://example.org/r@example.org\nTested-by: https://r@example.org/\n", ""},
		{"links", "Link: https://example.org/r/1@example.org\nCloses: https://example.org/2\n", "Link: https://example.org/r/1@example.org\nCloses: https://example.org/2"},
		{"headers", "From: a@example.org\nCc: b@example.org\nTo: c@example.org\nMessage-ID: 1@example.org\nchange-id: 1@example.org\n", ""},
		{"two words", "Tested on: a@example.org\n", ""},
		{"a name that is not ASCII", "Überprüft-by: a@example.org\n", ""},
		{"a control character, a direction", "Acked-by: A\x1b[1m <a@example.org>\nLink: https://example.org/\u202e1\n", ""},
		{"commas in names", "Reviewed-by: Doe, Jane <jane@example.org>\nAcked-by: \"Bär, K.\" <k@example.org>\n", "Reviewed-by: Doe, Jane <jane@example.org>\nAcked-by: \"Bär, K.\" <k@example.org>"},

		{"original message", "ok\n\n-----Original Message-----\nFrom: me\n" + rev + "\n", ""},
		{"what Outlook quotes", "fine\n\n________\nFrom: Me <me@example.org>\nSent: Monday\nTo: list\nSubject: [PATCH] x\n\n" + rev + "\n", ""},
		{"From without a subject", "From: nobody\n" + rev + "\n", rev},

		{"a diff", "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n " + rev + "\n+" + ack + "\n\n" + ack + "\n", ack},
		{"a diff without its first line", "--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n " + rev + "\n+x\n", ""},
		{"a patch behind scissors", rev + "\n\n-- >8 --\nSubject: my fix\n\nSigned-off-by: R <r@example.org>\n---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n" + ack + "\n", rev + "\n" + ack},
		{"scissors around a log", "---- 8< ----\nlog\n---- >8 ----\n" + rev + "\n", rev},
		{"the sign-off of a patch", "like so?\n\nSigned-off-by: R <r@example.org>\n---\n f | 2 +-\n\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n", ""},
		{"a line ---", rev + "\n---\nbye\n", rev},

		{"above, with that fixed", "With that fixed:\n\n" + rev + "\n", rev + " ?? With that fixed:"},
		{"in the sentence", "with the above fixed: " + rev + "\n", rev + " ?? with the above fixed:"},
		{"in any sentence", "Feel free to add my " + ack + " to it.\n", ack + " ?? Feel free to add my"},
		{"the last sentence counts", "If you change this you break it. Looks good.\n" + rev + "\n", rev},
		{"in the last sentence", "Looks good. Once the typos are fixed,\nyou can have my\n\n" + rev + "\n" + ack + "\n", rev + " ?? Once the typos are fixed, you can have my\n" + ack + " ?? Once the typos are fixed, you can have my"},
		{"behind it", rev + "\nmodulo the nits\n", rev + " ?? modulo the nits"},
		{"in the remark", rev + " # with the nits addressed\n" + ack + "\n[if you agree]\n", rev + " # with the nits addressed ?? with the nits addressed\n" + ack + " [if you agree] ?? [if you agree]"},
		{"a robot", "If you fix the issue in a separate patch/commit (i.e. not just a new version of\nthe same patch/commit), kindly add following tags\nReported-by: robot <robot@example.org>\nCloses: https://example.org/r/1@example.org\n",
			"Reported-by: robot <robot@example.org> ?? If you fix the issue in a separate patch/commit (i.e. not just a new version of the same patch/commit), kindly add following tags\nCloses: https://example.org/r/1@example.org ?? If you fix the issue in a separate patch/commit (i.e. not just a new version of the same patch/commit), kindly add following tags"},
		{"a robot of old", "If you fix the issue, kindly add following tag as appropriate\nReported-by: robot <robot@example.org>\n", "Reported-by: robot <robot@example.org> ?? If you fix the issue, kindly add following tag as appropriate"},
		{"another robot", "IMPORTANT: if you fix the issue, please add the following tag to the commit:\nReported-by: robot+1@example.org\n", "Reported-by: robot+1@example.org ?? IMPORTANT: if you fix the issue, please add the following tag to the commit:"},
		{"a test that went well", "robot has tested the proposed patch and the reproducer did not trigger any issue:\n\nReported-and-tested-by: robot+1@example.org\n", "Reported-and-tested-by: robot+1@example.org"},
		{"what was tested", "With this patch applied, the crash is fixed.\nTested with that kernel when idle.\n" + ack + "\n", ack},
		{"politeness", "Let me know if you need anything else.\n\n" + rev + "\n", rev},
		{"a condition for what was quoted", "With that fixed\n> +int x;\n" + rev + "\n", rev},
		{"prose between", "With that fixed it would be fine.\n\nBut see elsewhere.\n\n" + rev + "\n", rev},
	} {
		if got := shown(FromReply(c.body)); got != c.want {
			t.Errorf("%s: of %q\n got %q\nwant %q", c.why, c.body, got, c.want)
		}
	}
}

// What a reply gives is in it, is safe to put into a message, and comes out of a
// message as it went in. What is quoted is never given.
func FuzzFromReply(f *testing.F) {
	f.Add("With that fixed:\n\nReviewed-by: R <r@example.org> # x\n[on hw]\nFixes: 123456789abc (\"a\nb\")\n-- \nme\n")
	f.Add("> quoted\nfeel free: add Acked-by: A <a@example.org<mailto:a@example.org>>\n---\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n")
	f.Add("-- >8 --\nFrom: a\nSubject: b\nCloses: https://x/y@z\n")
	f.Fuzz(func(t *testing.T, body string) {
		given := FromReply(body)
		var all []Trailer
		for _, g := range given {
			all = append(all, g.All()...)
			if strings.ContainsAny(g.String()+g.Condition, "\n\r\x1b") {
				t.Errorf("%q gives %q", body, g)
			}
			for _, word := range strings.Fields(g.Value) {
				if !strings.Contains(mailtoForm.ReplaceAllString(body, ""), word) && !strings.Contains(body, word) {
					t.Errorf("%q gives %q, and %q is not in it", body, g, word)
				}
			}
		}
		_, block := Split(Add("s\n\nb\n", all...))
		if got := Parse(block); len(all) > 0 && !slices.Equal(got, all) {
			t.Errorf("%q gives %q, which is read back as %q", body, all, got)
		}
		var quoted strings.Builder
		for line := range strings.Lines(body) {
			quoted.WriteString("> " + line)
		}
		if got := FromReply(quoted.String()); len(got) > 0 {
			t.Errorf("of the quotation of %q comes %q", body, got)
		}
	})
}

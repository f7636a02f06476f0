package trailers

import (
	"fmt"
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
		if g.Refused != "" {
			line += " !! " + g.Refused
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func givenIn(body string) []Given {
	given, _ := FromReply(body)
	return given
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
		{"an address that is not complete", "Reviewed-by: R Viewer\nReviewed-by: R Viewer <r>\nReviewed-by: r at example.org\nReviewed-by: R <r@host>\n", "Reviewed-by: R <r@host> !! it names no address that can be read"},
		{"two addresses", "Reviewed-by: R <r@example.org>, A <a@example.org>\n", "Reviewed-by: R <r@example.org>, A <a@example.org> !! it names two addresses"},
		{"a link to mail", "Reviewed-by: R Viewer <r@example.org<mailto:r@example.org>>\n", rev},
		{"a remark, a note", "Acked-by: A <a@example.org> # for bits\n[on hw]\n", "Acked-by: A <a@example.org> # for bits [on hw]"},
		{"a remark with an URL", "Reviewed-by: R Viewer <r@example.org> # https://example.org/ci\n", rev + " # https://example.org/ci"},
		{"a value with an URL", "See-also: https://example.org/r@example.org\nTested-by: https://r@example.org/\n", ""},
		{"links", "Link: https://example.org/r/1@example.org\nCloses: https://example.org/2\n", "Link: https://example.org/r/1@example.org\nCloses: https://example.org/2"},
		{"headers", "From: a@example.org\nCc: b@example.org\nTo: c@example.org\nMessage-ID: 1@example.org\nchange-id: 1@example.org\n", ""},
		{"two words", "Tested on: a@example.org\n", ""},
		{"a name that is not ASCII", "Überprüft-by: a@example.org\n", ""},
		{"a control character, a direction", "Acked-by: A\x1b[1m <a@example.org>\nLink: https://example.org/\u202e1\n", "Acked-by: A\\x1b[1m <a@example.org> !! it holds U+001B, which nobody sees\nLink: https://example.org/\\u202e1 !! it holds U+202E, which nobody sees"},
		{"commas in names", "Reviewed-by: Doe, Jane <jane@example.org>\nAcked-by: \"Bär, K.\" <k@example.org>\n", "Reviewed-by: Doe, Jane <jane@example.org>\nAcked-by: \"Bär, K.\" <k@example.org>"},

		{"original message", "ok\n\n-----Original Message-----\nFrom: me\n" + rev + "\n", ""},
		{"what Outlook quotes", "fine\n\n________\nFrom: Me <me@example.org>\nSent: Monday\nTo: list\nSubject: [PATCH] x\n\n" + rev + "\n", ""},
		{"what a German Outlook quotes", "passt\n\n________\nVon: Ich <ich@example.org>\nGesendet: Montag\nAn: Liste\nBetreff: [PATCH] x\n\n" + rev + "\n", ""},
		{"what a Chinese one quotes", "ok\n\n发件人：我 <me@example.org>\n主题： x\n\n" + rev + "\n", ""},
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
		if got := shown(givenIn(c.body)); got != c.want {
			t.Errorf("%s: of %q\n got %q\nwant %q", c.why, c.body, got, c.want)
		}
	}
}

// What people write around trailers; "§" stands for one.
func TestSurroundings(t *testing.T) {
	t.Parallel()
	const tag = "Reviewed-by: R Viewer <r@example.org>"
	for _, c := range []struct{ body, condition string }{
		// Plain, whatever stands around.
		{"§", ""},
		{"Looks good to me.\n\n§", ""},
		{"Looks good to me\n\n§", ""},
		{"LGTM\n§", ""},
		{"Hi Jane,\n\nlooks good, thanks!\n\n§", ""},
		{"Hi Jane,\n\n§\n\nBest regards,\nR", ""},
		{"Thanks for cleaning this up,\n§", ""},
		{"Feel free to add:\n\n§", ""},
		{"Fine with me,\n§", ""},
		{"I'm OK with this,\n§", ""},
		{"Fine with the typo fixed,\n§", "Fine with the typo fixed,"},
		{"No objections from me:\n§", ""},
		{"For what it's worth,\n§", ""},
		{"Seems reasonable, works as expected:\n§", ""},
		{"Please feel free to add my\n\n§", ""},
		{"You can add my\n§", ""},
		{"For the series:\n\n§", ""},
		{"For the whole series,\n§", ""},
		{"FWIW:\n§", ""},
		{"Still\n\n§", ""},
		{"Nice fix:\n§", ""},
		{"Tested on an X1 with 6.12:\n§", ""},
		{"robot has tested the proposed patch and the reproducer did not trigger any issue:\n\n§", ""},
		{"It fixes the crash for me\n\n§", ""},
		{"With this patch applied the crash is fixed.\n\n§", ""},
		{"I do not have any further comments.\n\n§", ""},
		{"I have not tested this, and it looks right.\n\n§", ""},
		{"Boots fine when idle.\n\n§", ""},
		{"§\nthanks\nrob", ""},
		{"§\n\nthanks,\n\ngreg k-h", ""},
		{"§\n\ni'll queue this up next week", ""},
		{"§\n\nfor the whole series", ""},
		{"§\n\nThis is a nice cleanup.", ""},
		{"§\n\njane@dev.example wrote:\n> x", ""},
		{"§.\n", ""},
		{"§,\nAcked-by: A <a@example.org>", ""},

		{"§\n_______________________________\nother mailing list\nother@lists.example.org, and how to leave it", ""},
		{"§\n--\nto unsubscribe from this list send a mail to it", ""},
		{"With that fixed:\n-----\n§", ""},

		// Behind the address.
		{"§ # arm64", ""},
		{"§ # if you fix the leak", "if you fix the leak"},
		{"§ (with the nits fixed)", "(with the nits fixed)"},
		{"§ [with nits fixed]", "[with nits fixed]"},
		{"§ (arm64)", "(arm64)"},
		{"§ modulo the nits", "modulo the nits"},
		{"§?", "?"},
		{"§ :-)", ""},
		{"§, thanks!", ""},
		{"§ (thanks)", "(thanks)"},
		{"§\n[1]\n[2]\n[3]\n[4]\n[5]\n[6]", "[6]"},
		{"§\n[once the typo is fixed]", "[once the typo is fixed]"},
		{"Reviewed-by: R (if you fix it) Viewer <r@example.org>", "R (if you fix it) Viewer"},

		// Above.
		{"With that fixed:\n§", "With that fixed:"},
		{"With s/foo/bar/:\n§", "With s/foo/bar/:"},
		{"This needs a lock. With a lock:\n\n§", "With a lock:"},
		{"Apart from that typo:\n§", "Apart from that typo:"},
		{"Apart from that typo this is fine.\n\n§", "Apart from that typo this is fine."},
		{"Other than the nit above,\n§", "Other than the nit above,"},
		{"One nit below. Otherwise looks good.\n§", "Otherwise looks good."},
		{"Once Rob is happy:\n§", "Once Rob is happy:"},
		{"You can add my tag once Rob is happy.\n\n§", "You can add my tag once Rob is happy."},
		{"If so,\n\n§", "If so,"},
		{"Was wäre wenn:\n§", "Was wäre wenn:"},
		{"For the DT part:\n§", "For the DT part:"},
		{"Please fix the title before applying.\n\n§", "Please fix the title before applying."},
		{"I withdraw my\n§", "I withdraw my"},
		{"I withdraw my tag.\n\n§", "I withdraw my tag."},
		{"Please drop my tag.\n§", "Please drop my tag."},
		{"I would not give\n§\nto this.", "I would not give"},
		{"I am not the one to give a\n§", "I am not the one to give a"},
		{"To be clear, this is not an\n\n§", "To be clear, this is not an"},
		{"Not yet ready for\n\n§", "Not yet ready for"},
		{"I do not have the time to test this.\n§", "I do not have the time to test this."},
		{"NAK. You can not have\n\n§", "You can not have"},
		{"NAK.\n\n§", "NAK."},
		{"do you mean\n§\n?", "do you mean"},
		{"Where did this come from:\n  §", "Where did this come from:"},
		{"On Mon, X wrote:\n§", "On Mon, X wrote:"},
		{"Needs to be tested:\n§", "Needs to be tested:"},
		{"Hi Jane, if you fix the typo:\n§", "Hi Jane, if you fix the typo:"},
		{"Thanks, but without the second hunk:\n§", "Thanks, but without the second hunk:"},
		{"Once they are fixed,\n\n§\n\nAcked-by: A <a@example.org>", "Once they are fixed,"},

		{"For v3:\n\n§", "For v3:"},
		{"With that out of the way\n\n§", "With that out of the way"},
		{"With this patch my laptop boots\n\n§", ""},
		{"After that\n\n§", "After that"},
		{"Fix the title and then it is fine.\n\n§", "Fix the title and then it is fine."},
		{"I am fine with this if the others are.\n\n§", "I am fine with this if the others are."},
		{"Provisional\n§", "Provisional"},
		{"I never gave you\n\n§", "I never gave you"},
		{"This tag is not mine.\n\n§", "This tag is not mine."},
		{"Why is this here?\n\n§", "Why is this here?"},
		{"It is a no from me.\n\n§", "It is a no from me."},
		{"NAK. This breaks it.\n\nOld text:\n> x\n\n§", "NAK."},
		{"Scratch that.\n\nIt was another one.\n\n§", "Scratch that."},
		{"A few nits below, feel free to ignore.\n\n§", ""},
		{"Can be done in a follow-up.\n\n§", ""},
		{"Either way:\n§", ""},

		// Of a commit that is shown.
		{"commit 123456789abc\nAuthor: X <x@example.org>\n\n    x: y\n\n    It was broken.\n\n    §\n", "It was broken."},
		{"See commit 123456789abc:\n\n\tx: y\n\n\t§\n", "x: y"},
		{"Looks good!\n\n    §", ""},

		// Below.
		{"Feel free to add\n\n§\n\nbut only after you fix the leak.", "but only after you fix the leak."},
		{"§\n\nprovided that the comment goes.", "provided that the comment goes."},
		{"§\n\nBut please fix the typo.", "But please fix the typo."},
		{"§\n\nWith the typos fixed.", "With the typos fixed."},
		{"Please drop my\n\n§\n\nfrom this, it changed too much.", "Please drop my"},
		{"§\nuntil this is settled", "until this is settled"},
		{"§\nis what I would say about another patch", "is what I would say about another patch"},
		{"Is it\n\"\n§\n\"\n", "\""},
		{"```\n§\n```", "```"},
		{"§\n?", "?"},
		{"~~~\n§\n~~~", "~~~"},
		{"§\n\nScratch that, there is a leak.", "Scratch that, there is a leak."},
		{"§\n(if the others agree)", "(if the others agree)"},
	} {
		given := givenIn(strings.ReplaceAll(c.body, "§", tag))
		if len(given) == 0 || given[0].Condition != c.condition || given[0].Refused != "" {
			t.Errorf("%q: got %q, want the condition %q", c.body, given, c.condition)
		} else if !strings.HasPrefix(c.body, "§ #") && !strings.HasPrefix(c.body, "Rev") && given[0].String() != tag {
			t.Errorf("%q: what is taken is %q", c.body, given[0])
		}
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	const tag = "Reviewed-by: R Viewer <r@example.org>"
	for _, c := range []struct{ body, scope string }{
		{"For patches 1 and 2:\n\n§", "For patches 1 and 2:"},
		{"Patch 3 only:\n§", "Patch 3 only:"},
		{"Except for 3/4,\n§", "Except for 3/4,"},
		{"patches 1-3\n\n§", "patches 1-3"},
		{"for the first two patches\n\n§", "for the first two patches"},
		{"For #2 and #3:\n§", "For #2 and #3:"},
		{"For 1-3:\n§", "For 1-3:"},
		{"For 2 and 4:\n§", "For 2 and 4:"},
		{"Applies to all but the last, which I have not read.\n\n§", "Applies to all but the last, which I have not read."},
		{"I have read patches 1 to 3. They are fine.\n\n§", "I have read patches 1 to 3. They are fine."},
		{"I only looked at the last patch.\n\nIt is fine.\n\n§", "I only looked at the last patch."},
		{"§\n\nThat is for patch 2.", "That is for patch 2."},
		{"§\n[for 1/4 and 2/4]", "[for 1/4 and 2/4]"},
		{"§ # patches 1..3", "# patches 1..3"},
		{"§\n\nI will read the rest tomorrow.", "I will read the rest tomorrow."},

		{"§", ""},
		{"For the series:\n\n§", ""},
		{"Patch 3 has a typo. But that can be fixed later. For the series:\n\n§", ""},
		{"Patch 3 came late.\n\nLooks good to me.\n\n§", ""},
		{"For all 5 patches:\n\n§", ""},
		{"Tested for 3 days.\n\n§", ""},
		{"It is 20-30 times faster.\n\n§", ""},
		{"The first time I see this work.\n\n§", ""},
	} {
		given := givenIn(strings.ReplaceAll(c.body, "§", tag))
		if len(given) != 1 || given[0].Scope != c.scope {
			t.Errorf("%q: got %+v, want the scope %q", c.body, given, c.scope)
		}
		if len(given) == 1 && given[0].IsTaken(true) != (c.scope == "" && given[0].Condition == "") {
			t.Errorf("%q: of %+v, it is taken for all patches: %v", c.body, given[0], given[0].IsTaken(true))
		}
	}
}

// What can never be taken is shown, with the reason.
func TestRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("L", 101)
	for _, c := range []struct{ body, want string }{
		{"Acked-by: A <a@x.org>\u2028Signed-off-by: Me <me@x.org>", `Acked-by: A <a@x.org>\u2028Signed-off-by: Me <me@x.org> !! it holds U+2028, which nobody sees`},
		{"Acked-by: A <a@x.org>\rSigned-off-by: Me <me@x.org>", `Acked-by: A <a@x.org>\rSigned-off-by: Me <me@x.org> !! it holds U+000D, which nobody sees`},
		{"Acked-by: A <a@x.org>\vX-Inj: evil", `Acked-by: A <a@x.org>\x0bX-Inj: evil !! it holds U+000B, which nobody sees`},
		{"Acked-by: A <a@x.org>\v", `Acked-by: A <a@x.org>\x0b !! it holds U+000B, which nobody sees`},
		{"Acked-by: A\u0085 <a@x.org>", `Acked-by: A\u0085 <a@x.org> !! it holds U+0085, which nobody sees`},
		{"Acked-by: A\x00 <a@x.org>", `Acked-by: A\x00 <a@x.org> !! it holds U+0000, which nobody sees`},
		{"Acked-by: A\x1b[2J <a@x.org>", `Acked-by: A\x1b[2J <a@x.org> !! it holds U+001B, which nobody sees`},
		{"Acked-by: A \u202egpj <a@x.org>", `Acked-by: A \u202egpj <a@x.org> !! it holds U+202E, which nobody sees`},
		{"Acked-by: A\u200b <a@x.org>", `Acked-by: A\u200b <a@x.org> !! it holds U+200B, which nobody sees`},
		{"Acked-by: \xe4 <a@x.org>", `Acked-by: \xe4 <a@x.org> !! it is no UTF-8`},
		{"Link: https://x.org/\u200b1", `Link: https://x.org/\u200b1 !! it holds U+200B, which nobody sees`},
		{"Acked-by: A <a@x.org>, B <b@x.org>", `Acked-by: A <a@x.org>, B <b@x.org> !! it names two addresses`},
		{"Acked-by: A <a@x.org> Signed-off-by: B <b@x.org>", `Acked-by: A <a@x.org> Signed-off-by: B <b@x.org> !! it names two addresses`},
		{"Acked-by: A <a@x.org> b@x.org", `Acked-by: A <a@x.org> b@x.org !! it names two addresses`},
		{"Acked-by: a@x.org, b@x.org", `Acked-by: a@x.org, b@x.org !! it names two addresses`},
		{"Acked-by: A a@x.org", `Acked-by: A a@x.org !! it names no address that can be read`},
		{"Acked-by: " + long + " <a@x.org>", `Acked-by: ` + long + ` <a@x.org> !! its name is longer than 100 letters`},
		{"Link: https://x.org/" + strings.Repeat("L", 500), "Link: ..." + strings.Repeat("L", 200) + " !! it is longer than 500 letters"},

		// What is seen is not refused, and what nobody meant to give is not there.
		{"Acked-by: A\u00a0B <a@x.org>", "Acked-by: A B <a@x.org>"},
		{"Acked-by:\tA\tB <a@x.org>\t", "Acked-by: A B <a@x.org>"},
		{"Acked-by: A <a@x.org> (thanks to b@x.org)", "Acked-by: A <a@x.org> ?? (thanks to b@x.org)"},
		{"Acked-by: A <a@x.org> # b@x.org", "Acked-by: A <a@x.org> # b@x.org"},
		{"Acked-by: your name here", ""},
		{"Subject: \x1b[2J <a@x.org>", ""},
	} {
		if got := shown(givenIn(c.body + "\n")); got != c.want {
			t.Errorf("of %q\n got %q\nwant %q", c.body, got, c.want)
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
		given := givenIn(body)
		var all []Trailer
		for _, g := range given {
			all = append(all, g.All()...)
			if strings.ContainsAny(g.String()+g.Condition, "\n\r\x1b") {
				t.Errorf("%q gives %q", body, g)
			}
			for _, word := range strings.Fields(g.Value) {
				if g.Refused != "" {
					break // it is escaped
				}
				if !strings.Contains(cutMailto(body), word) && !strings.Contains(body, word) {
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
		if got := givenIn(quoted.String()); len(got) > 0 {
			t.Errorf("of the quotation of %q comes %q", body, got)
		}
	})
}

// Whatever somebody repeats without end, ten times of it is to take ten times as
// long.
func BenchmarkFromReply(b *testing.B) {
	for _, c := range []struct{ why, before, again, after string }{
		{"prose", "", "Some words, and some more. ", "\n"},
		{"lines", "", "Some words, and\nmore.\n\n", ""},
		{"blanks", "x", " ", "\n"},
		{"names in a line", "", "x A-by: ", ">\n"},
		{"trailers in a line", "", "x A-by: A <a@x.org>", "\n"},
		{"links to mail", "Acked-by: A <a@x.org", "<mailto:a@x.org>", ">\n"},
		{"trailers", "", "Acked-by: A <a@x.org>\n", ""},
		{"trailers far below prose", strings.Repeat("if you fix ", 50_000) + "\n\n", "Acked-by: A <a@x.org>\n\n", ""},
		{"notes", "Acked-by: A <a@x.org>\n", "[x]\n", ""},
		{"brackets", "Acked-by: ", "<", "\n"},
		{"ends of sentences", "", ".) ", "\n"},
		{"scissors", "", "-- >8 --\n", ""},
		{"diffs", "", "--- a\n+++ b\n", ""},
		{"headers", "", "From: x\n", "Subject: x\n"},
	} {
		for _, size := range []int{100_000, 1_000_000} {
			body := c.before + strings.Repeat(c.again, size/len(c.again)) + c.after
			b.Run(fmt.Sprintf("%s/%d", c.why, size), func(b *testing.B) {
				for b.Loop() {
					givenIn(body)
				}
			})
		}
	}
}

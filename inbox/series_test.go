package inbox_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/inbox"
)

// A line of a thread: id, the ids it refers to (the nearest last), the subject
// and what the body holds besides a diff.
type mailed struct{ id, refs, subject, body string }

func (m mailed) text(minute int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "From: Jane <jane@example.org>\nDate: Thu, 2 Jan 2025 03:%02d:00 +0000\nMessage-ID: <%s@example.org>\nSubject: %s\n", minute, m.id, m.subject)
	var refs []string
	for _, id := range strings.Fields(m.refs) {
		refs = append(refs, "<"+id+"@example.org>")
	}
	if len(refs) > 0 {
		fmt.Fprintf(&b, "In-Reply-To: %s\nReferences: %s\n", refs[len(refs)-1], strings.Join(refs, " "))
	}
	b.WriteString("\n" + m.body + "\n")
	if !strings.Contains(m.subject, "0/") && !strings.HasPrefix(m.subject, "Re:") {
		b.WriteString("---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+x\n")
	}
	return b.String()
}

// describe prints series as "CHANGE-ID vN: cover, patches", "-" for a gap.
func describe(all []*inbox.Series) string {
	var lines []string
	for _, s := range all {
		words := []string{"-"}
		if s.Cover != nil {
			words[0] = s.Cover.ID
		}
		for _, p := range s.Patches {
			if p == nil {
				words = append(words, "-")
			} else {
				words = append(words, p.ID)
			}
		}
		line := fmt.Sprintf("%s v%d: %s", s.ChangeID, s.Revision, strings.Join(words, " "))
		lines = append(lines, strings.ReplaceAll(line, "@example.org", ""))
	}
	return strings.Join(lines, "\n")
}

func index(t *testing.T, mails []mailed) []*inbox.Message {
	t.Helper()
	var mbox strings.Builder
	for i, m := range mails {
		mbox.WriteString(separator + m.text(i) + "\n")
	}
	path := write(t, filepath.Join(t.TempDir(), "mbox"), []byte(mbox.String()))
	got, err := inbox.Index(t.Context(), []string{path}, func(value string) string {
		id, _ := strings.CutPrefix(value, "id=")
		return id
	}, func(err error) { t.Errorf("broken: %v", err) })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAssemble(t *testing.T) {
	t.Parallel()
	const id = "change-id: 20250102-x-0123456789ab"
	for _, tc := range []struct {
		why   string
		mails []mailed
		want  string
	}{
		{"nothing", nil, ""},
		{"one patch", []mailed{{"a", "", "[PATCH] x", id}}, "20250102-x-0123456789ab v1: - a"},
		{"cover and patches, out of order", []mailed{{"2", "0", "[PATCH v3 2/2] y", ""}, {"1", "0", "[PATCH v3 1/2] x", ""}, {"0", "", "[PATCH v3 0/2] c", id}},
			"20250102-x-0123456789ab v3: 0 1 2"},
		{"each answers the one before", []mailed{{"0", "", "[PATCH 0/3] c", id}, {"1", "0", "[PATCH 1/3] x", ""}, {"2", "0 1", "[PATCH 2/3] y", ""}, {"3", "0 1 2", "[PATCH 3/3] z", ""}},
			"20250102-x-0123456789ab v1: 0 1 2 3"},
		{"no cover letter", []mailed{{"1", "", "[PATCH 1/2] x", id}, {"2", "1", "[PATCH 2/2] y", ""}}, "20250102-x-0123456789ab v1: - 1 2"},
		{"a cover letter for one patch", []mailed{{"0", "", "[PATCH 0/1] c", id}, {"1", "0", "[PATCH 1/1] x", ""}}, "20250102-x-0123456789ab v1: 0 1"},
		{"a gap", []mailed{{"0", "", "[PATCH 0/3] c", id}, {"1", "0", "[PATCH 1/3] x", ""}, {"3", "0", "[PATCH 3/3] z", ""}}, "20250102-x-0123456789ab v1: 0 1 - 3"},
		{"the last is missing", []mailed{{"0", "", "[PATCH 0/2] c", id}, {"1", "0", "[PATCH 1/2] x", ""}}, "20250102-x-0123456789ab v1: 0 1 -"},
		{"the cover letter is missing", []mailed{{"1", "0", "[PATCH 1/2] x", ""}, {"2", "0", "[PATCH 2/2] y", ""}}, " v1: - 1 2"},
		{"a revision in the thread of the one before", []mailed{
			{"a0", "", "[PATCH 0/2] c", id}, {"a1", "a0", "[PATCH 1/2] x", ""}, {"a2", "a0", "[PATCH 2/2] y", ""},
			{"b0", "a0", "[PATCH v2 0/2] c", id}, {"b1", "a0 b0", "[PATCH v2 1/2] x", ""}, {"b2", "a0 b0", "[PATCH v2 2/2] y", ""}},
			"20250102-x-0123456789ab v1: a0 a1 a2\n20250102-x-0123456789ab v2: b0 b1 b2"},
		{"without a cover letter in the thread of the one before", []mailed{
			{"a1", "", "[PATCH 1/2] x", id}, {"a2", "a1", "[PATCH 2/2] y", ""}, {"b1", "a1", "[PATCH v2 1/2] x", id}, {"b2", "a1 b1", "[PATCH v2 2/2] y", ""}},
			"20250102-x-0123456789ab v1: - a1 a2\n20250102-x-0123456789ab v2: - b1 b2"},
		{"replies and other mail", []mailed{{"0", "", "[PATCH 0/1] c", id}, {"1", "0", "[PATCH 1/1] x", ""}, {"r", "0 1", "Re: [PATCH 1/1] x", "diff --git a/f b/f"},
			{"f", "0 1", "[PATCH] fixup", ""}, {"n", "", "No patch", ""}}, "20250102-x-0123456789ab v1: 0 1\n v1: - f"},
		{"one patch mailed again", []mailed{{"0", "", "[PATCH 0/2] c", id}, {"1", "0", "[PATCH 1/2] x", ""}, {"2", "0", "[PATCH 2/2] y", ""}, {"n", "0", "[PATCH 1/2] x", ""}},
			"20250102-x-0123456789ab v1: 0 n 2"},
		{"a counter beyond the end", []mailed{{"a", "", "[PATCH 3/2] x", ""}}, ""},
		{"a claim that nobody can mean", []mailed{{"a", "", "[PATCH 1/999999999] x", ""}}, ""},
		{"a cover letter alone", []mailed{{"a", "", "[PATCH 0/2] x", id}}, ""},
		{"a thread that goes round", []mailed{{"1", "2", "[PATCH 1/2] x", ""}, {"2", "1", "[PATCH 2/2] y", ""}}, " v1: - 1 2"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			if got := describe(inbox.Assemble(index(t, tc.mails))); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// What somebody else posts into a thread takes no place in the series there,
// whenever it is dated and wherever it stands.
func TestAssembleTakesTheMailOfOneSender(t *testing.T) {
	t.Parallel()
	cover, one, two := mailed{"0", "", "[PATCH 0/2] c", ""}, mailed{"1", "0", "[PATCH 1/2] x", ""}, mailed{"2", "0", "[PATCH 2/2] y", ""}
	theirs := mailed{"m2", "0", "[PATCH 2/2] z", ""}
	for _, tc := range []struct {
		why          string
		mails        []mailed // those of Mallory begin with m
		want, others string
	}{
		{"first", []mailed{theirs, cover, one, two}, " v1: 0 1 2", ""},
		{"last", []mailed{cover, one, two, theirs}, " v1: 0 1 2", ""},
		{"for what is missing", []mailed{theirs, cover, one}, " v1: 0 1 -", "m2"},
		{"where the cover letter is missing", []mailed{{"m2", "0", "[PATCH 2/3] z", ""}, {"1", "0", "[PATCH 1/3] x", ""}, {"3", "0", "[PATCH 3/3] y", ""}}, " v1: - 1 - 3", "m2"},
		{"without a cover letter", []mailed{{"m2", "1", "[PATCH 2/2] z", ""}, {"1", "", "[PATCH 1/2] x", ""}, {"2", "1", "[PATCH 2/2] y", ""}}, " v1: - 1 2", ""},
		{"all of it, below a cover letter", []mailed{cover, {"m1", "0", "[PATCH 1/2] x", ""}, theirs}, "", ""},
	} {
		messages := index(t, tc.mails)
		for _, m := range messages {
			if strings.HasPrefix(m.ID, "m") {
				m.From = "mallory@example.org"
			}
		}
		all := inbox.Assemble(messages)
		var others []string
		for _, s := range all {
			for _, m := range s.Others {
				others = append(others, strings.TrimSuffix(m.ID, "@example.org"))
			}
		}
		if got := describe(all); got != tc.want || strings.Join(others, " ") != tc.others {
			t.Errorf("%s: got %q with %q besides, want %q with %q", tc.why, got, others, tc.want, tc.others)
		}
	}
}

func TestIndexNotesWhatIsContested(t *testing.T) {
	t.Parallel()
	one := mailed{"1", "", "[PATCH] x", ""}
	forged := one
	forged.body = "More.\n---\ndiff --git a/g b/g\n--- a/g\n+++ b/g\n@@ -0,0 +1 @@\n+y\n"
	footer := one
	footer.body = "Footer."
	for _, tc := range []struct {
		why   string
		mails []mailed
		want  bool
	}{
		{"one copy", []mailed{one}, false},
		{"one with a list's text", []mailed{one, footer}, false},
		{"another patch behind it", []mailed{one, footer, forged}, true},
		{"another patch in front of it", []mailed{forged, one}, true},
	} {
		all := inbox.Assemble(index(t, tc.mails))
		if len(all) != 1 || all[0].Patches[0].Contested != tc.want {
			t.Errorf("%s: %+v", tc.why, all)
		}
	}
}

func TestRevisionsChoosesTheWholeAndTheLatest(t *testing.T) {
	t.Parallel()
	const id = "change-id: 20250102-x-0123456789ab"
	mails := []mailed{
		{"b0", "", "[PATCH v2 0/2] c", id}, {"b1", "b0", "[PATCH v2 1/2] x", ""}, {"b2", "b0", "[PATCH v2 2/2] y", ""},
		{"a", "", "[PATCH] x", id},
		{"c0", "", "[PATCH RESEND v2 0/2] c", id}, {"c1", "c0", "[PATCH RESEND v2 1/2] x", ""},
		{"d", "", "[PATCH v3] x", "change-id: 20250102-other-0123456789ab"},
	}
	all := inbox.Assemble(index(t, mails))
	got, err := inbox.Revisions(all, "20250102-x-0123456789ab")
	if want := "20250102-x-0123456789ab v1: - a\n20250102-x-0123456789ab v2: b0 b1 b2"; err != nil || describe(got) != want {
		t.Errorf("got\n%s, %v\nwant\n%s", describe(got), err, want)
	}
	for _, s := range all {
		if s.Revision == 1 {
			s.Revision, s.From = 2, "mallory@example.org"
		}
	}
	if _, err := inbox.Revisions(all, "20250102-x-0123456789ab"); !errors.As(err, new(*inbox.AmbiguousError)) {
		t.Errorf("two people mailed v2: %v", err)
	}
}

// What a mail says of its series can stand in encoded parts and headers.
func TestParse(t *testing.T) {
	t.Parallel()
	const head = "Message-ID: <a@example.org>\nFrom: \"Doe, J.\" <J@Example.org>\n"
	diff := "diff --git a/f b/f\n--- a/f\n+++ b/f\n"
	for _, tc := range []struct {
		why, mail                string
		changeID, base, needs    string
		patch, cover, unreadable bool
	}{
		{why: "lines of a body", mail: head + "Subject: [PATCH 0/2] c\n\nText\n\nbase-commit: 0123456789ABCDEF0123456789abcdef01234567\nchange-id: x-1\nprerequisite-change-id: y-1:v2\nprerequisite-patch-id: abc\n",
			changeID: "x-1", base: "0123456789abcdef0123456789abcdef01234567", needs: "change-id: y-1:v2,patch-id: abc", cover: true},
		{why: "quoted, they are another's", mail: head + "Subject: [PATCH 0/2] c\n\n> change-id: x-1\n> base-commit: 0123456789\n", cover: true},
		{why: "in a diff, they are text", mail: head + "Subject: [PATCH] c\n\n" + diff + "@@ -0,0 +1 @@\n+change-id: x-1\n change-id: x-2\n", patch: true},
		{why: "quoted-printable", mail: head + "Subject: =?utf-8?q?=5BPATCH=5D_c?=\nContent-Transfer-Encoding: quoted-printable\n\nchange-id:=20x-1\n" + strings.ReplaceAll(diff, "-", "=2D"), changeID: "x-1", patch: true},
		{why: "a multipart", mail: head + "Subject: [PATCH] c\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nchange-id: x-1\n--b\nContent-Type: text/x-patch\n\n" + diff + "--b\nContent-Type: image/png\n\nchange-id: x-2\n--b--\n", changeID: "x-1", patch: true},
		{why: "the header wins", mail: head + "Subject: [PATCH] c\nX-Change-ID: x-2\n\nchange-id: x-1\n" + diff, changeID: "x-2", patch: true},
		{why: "tracking data win", mail: head + "Subject: [PATCH 0/1] c\nX-B4-Tracking: id=x-3\nX-Change-ID: x-2\n\n", changeID: "x-3", cover: true},
		{why: "an unknown charset", mail: head + "Subject: [PATCH] c\nContent-Type: text/plain; charset=nonsense\n\nchange-id: x-1\n" + diff, changeID: "x-1", patch: true},
		{why: "a line in the header that is none", mail: "Received from nowhere\n  and on\n" + head + "Subject: [PATCH] c\n\nchange-id: x-1\n" + diff, changeID: "x-1", patch: true},
		{why: "NUL in the header and the body", mail: head + "X-\x00: y\x00\nSubject: [PATCH] \x00c\n\n\x00\nchange-id: x-1\n" + diff, changeID: "x-1", patch: true},
		{why: "a header without end", mail: head + "X: " + strings.Repeat("\n y", 1<<20) + "\nSubject: [PATCH] c\n\nchange-id: x-1\n" + diff, changeID: "x-1", patch: true},
		{why: "a multipart that breaks off", mail: head + "Subject: [PATCH] c\nContent-Type: multipart/mixed; boundary=b\n\nchange-id: x-1\n" + diff, changeID: "x-1", patch: true},
		{why: "a multipart without a boundary", mail: head + "Subject: [PATCH] c\nContent-Type: multipart/mixed\n\nchange-id: x-1\n" + diff, changeID: "x-1", patch: true},
		{why: "base64 that is none", mail: head + "Subject: [PATCH] c\nContent-Transfer-Encoding: base64\n\nchange-id: x-1\n" + diff, changeID: "x-1", patch: true},
		{why: "an unknown encoding", mail: head + "Subject: [PATCH] c\nContent-Transfer-Encoding: x-none\n\nchange-id: x-1\n" + diff, changeID: "x-1", patch: true},
		{why: "a patch without a prefix", mail: head + "Subject: c\n\n" + diff},
		{why: "a prefix without a patch", mail: head + "Subject: [PATCH] c\n\nText\n"},
		{why: "no message-id", mail: "Subject: [PATCH] c\n\nText\n", unreadable: true},
		{why: "a message-id of several words", mail: "Message-ID: one two\nSubject: [PATCH] c\n\nText\n", unreadable: true},
		{why: "no mail", mail: "\x00\x01\n", unreadable: true},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			got, err := inbox.Parse(inbox.Mail{Raw: []byte(tc.mail)}, func(value string) string { return strings.TrimPrefix(value, "id=") })
			if tc.unreadable {
				if err == nil {
					t.Errorf("%+v", got)
				}
				return
			}
			if err != nil || got.From != "j@example.org" || got.ChangeID != tc.changeID || got.Base != tc.base ||
				strings.Join(got.Needs, ",") != tc.needs || got.Patch != tc.patch || got.Cover != tc.cover {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestReadFetchesTheBytes(t *testing.T) {
	t.Parallel()
	mails := []mailed{{"a", "", "[PATCH] x", ""}, {"b", "", "[PATCH] y", ""}}
	messages := index(t, mails)
	got, err := inbox.Read(t.Context(), []*inbox.Message{messages[1], messages[0]})
	if err != nil || string(got[0]) != mails[1].text(1) || string(got[1]) != mails[0].text(0) {
		t.Errorf("%q, %v", got, err)
	}
	write(t, messages[0].File, []byte(separator+mails[1].text(1)))
	if _, err := inbox.Read(t.Context(), messages); err == nil {
		t.Error("a file that changed was read all the same")
	}
}

// Of a revision all messages, in order; a reply is none of them.
func TestRevisionOf(t *testing.T) {
	t.Parallel()
	var all []*inbox.Message
	for i, m := range []mailed{
		{"0", "", "[PATCH v2 0/2] a series", "Cover."},
		{"2", "0", "[PATCH v2 2/2] two", ""},
		{"r", "0 2", "Re: [PATCH v2 2/2] two", "Good."},
		{"1", "0", "[PATCH v2 1/2] one", ""},
		{"old", "", "[PATCH 1/1] one", ""},
	} {
		parsed, err := inbox.Parse(inbox.Mail{Raw: []byte(m.text(i))}, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parsed)
	}
	for id, want := range map[string]string{"0": "0 1 2", "2": "0 1 2", "r": "r", "old": "old", "gone": ""} {
		var got []string
		for _, m := range inbox.RevisionOf(all, id+"@example.org") {
			got = append(got, strings.TrimSuffix(m.ID, "@example.org"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

package attest

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

var (
	lineEnds  = regexp.MustCompile(`[\r\n]`)
	blankRuns = regexp.MustCompile(`[ \t\v\f]+`)
	anyBlanks = regexp.MustCompile(`[ \t\v\f\r\n]+`)
)

// plainRelax is section 3.3 of "attestation", steps (b) to (d), word for word.
func plainRelax(value string) string {
	return strings.Trim(blankRuns.ReplaceAllString(lineEnds.ReplaceAllString(value, ""), " "), " ")
}

// The parser of signature fields against the rule, written down a second time:
// tags without white space, what is signed up to the last "b=".
func FuzzParseClaim(f *testing.F) {
	for _, value := range []string{"v=1; a=x;\r\n\ti=a@b ; b=old; h= from : subject; bh=ab=b=; b=c2ln\n bmF0 \r\n", "", ";;=;b=", "a=1;a=2;b", " b = x", "\xff=\x00; b=\xe9", "é\u00a0=\u2003; b=x"} {
		f.Add([]byte(value))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > maxTags || bytes.Contains(raw, []byte("?q?")) { // decoded words are FuzzCanonicalForm's
			return
		}
		got, err := parseClaim(raw)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		signed, value := plainRelax(string(raw)), ""
		if at := strings.LastIndex(signed, "b="); at >= 0 {
			signed, value = signed[:at+2], anyBlanks.ReplaceAllString(signed[at+2:], "")
		}
		if string(got.signed) != signed || got.value != value {
			t.Errorf("%q:\n got %q %q\nwant %q %q", raw, got.signed, got.value, signed, value)
		}
		want := map[string]string{}
		for _, part := range strings.Split(anyBlanks.ReplaceAllString(string(raw), ""), ";") {
			if key, value, ok := strings.Cut(part, "="); ok {
				want[key] = value
			}
		}
		if len(got.tags) != len(want) {
			t.Errorf("%q: %q, want %q", raw, got.tags, want)
		}
		for key, value := range want {
			if got.tags[key] != value {
				t.Errorf("%q: %s is %q, want %q", raw, key, got.tags[key], value)
			}
		}
	})
}

// The canonical form of any mail against the rule of the vectors: git mailinfo
// for author, title and text, then lines with CRLF and relaxed headers.
func FuzzCanonicalForm(f *testing.F) {
	f.Add("Jane Dév <jane@example.org>", "[PATCH v2 1/3] fix: leak", "<1@example.org>", "Text. \r\r\n---\n f | 1 +\n\n\n")
	f.Add("=?utf-8?q?Jane?= <j@x>", "re: a\tb  c", " <x\n\t y>", "\n\nFrom: Zoe Zed <zoe@example.org>\n\nx\ndiff -\n")
	f.Add("jane@example.org", "Re: [x] y", "<=?utf-8?q?=41?=>", "-- \n---\nx\r")
	gittest.Peer(f, "git")
	f.Fuzz(func(t *testing.T, from, subject, id, body string) {
		raw := []byte("From: " + from + "\nSubject: " + subject + "\nMessage-ID: " + id + "\n\n" + body)
		m, err := parseMessage(raw)
		if err != nil {
			return
		}
		got, err := canonicalise(context.Background(), m, nil)
		if err != nil {
			return // what is refused is not signed
		}
		info, err := gitrepo.ReadMailinfo(context.Background(), gitrepo.Options{}, m.bytes())
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		text := strings.TrimRight(string(info.Message)+string(info.Patch), "\r\n")
		var lines strings.Builder
		for _, line := range strings.Split(text, "\n") {
			lines.WriteString(strings.TrimRight(line, "\r") + "\r\n")
		}
		if string(got.body) != lines.String() {
			t.Errorf("body of %q:\n got %q\nwant %q", raw, got.body, lines.String())
		}
		if strings.Contains(string(raw), "?q?") || len(m.values("from"))+len(m.values("subject"))+len(m.values("message-id")) != 3 {
			return
		}
		ids := m.values("message-id")
		want := "subject:" + plainRelax(info.Subject) + "\r\nmessage-id:" + plainRelax(string(ids[0])) + "\r\nfrom:" + plainRelax(info.Author+" <"+info.Email+">") + "\r\n"
		if header := string(got.headerInput([]string{"subject", "message-id", "from", "from", "date"})); header != want {
			t.Errorf("header of %q:\n got %q\nwant %q", raw, header, want)
		}
	})
}

// Whatever is changed of a signed message: it passes only as far as it still
// says what was signed.
func FuzzCheck(f *testing.F) {
	signer, public := testSigner(f)
	signed, err := signer.Sign(context.Background(), []byte(datedMail), signingTime)
	if err != nil {
		f.Fatal(err)
	}
	original, err := parseMessage(signed)
	if err != nil {
		f.Fatal(err)
	}
	want, err := canonicalise(context.Background(), original, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, 0, []byte("From: Zoe <z@example.org>\n"), 0, 0, []byte(nil))
	f.Add(bytes.Index(signed, []byte("\n\n"))+2, 0, []byte("From: Zoe Zed <zoe@example.org>\n\n"), 5, 3, []byte("x"))
	f.Add(bytes.Index(signed, []byte("; b=")), 4, []byte("; b="), 0, 1, []byte("f"))
	f.Fuzz(func(t *testing.T, at, cut int, put []byte, at2, cut2 int, put2 []byte) {
		raw := edited(edited(signed, at, cut, put), at2, cut2, put2)
		report, err := (&Verifier{Keyrings: []Keyring{memoryKeyring(public)}, Now: signingTime}).Check(context.Background(), raw)
		if err != nil || report.Status() != Pass {
			return
		}
		m, err := parseMessage(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := canonicalise(context.Background(), m, nil)
		if err != nil || !bytes.Equal(got.body, want.body) || got.info.Author != want.info.Author || got.info.Email != want.info.Email || got.info.Subject != want.info.Subject {
			t.Errorf("%q passes: %+v, %v", raw, got, err)
		}
	})
}

// edited puts something in the place of some bytes.
func edited(raw []byte, at, cut int, put []byte) []byte {
	at = max(0, min(at, len(raw)))
	cut = max(0, min(cut, len(raw)-at))
	return slices.Concat(raw[:at], put, raw[at+cut:])
}

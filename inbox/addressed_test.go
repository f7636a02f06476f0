package inbox

import (
	"strings"
	"testing"

	"github.com/kprep/kprep/patchmail"
)

func TestReadAddressed(t *testing.T) {
	t.Parallel()
	names := func(list []patchmail.Address) string {
		var words []string
		for _, a := range list {
			words = append(words, a.String())
		}
		return strings.Join(words, ", ")
	}
	for _, tc := range []struct{ why, header, want string }{
		{"all there is", "Message-ID: <1@a.example>\nFrom: =?utf-8?q?Ren=C3=A9?= <rene@a.example>\nTo: \"Doe, Jane\" <jane@b.example>,\n list@c.example\nCc: x@d.example\nCc: y@d.example\n" +
			"Reply-To: other@a.example\nMail-Followup-To: list@c.example\nReferences: <r1@a.example> <r2@a.example>\nIn-Reply-To: <r2@a.example>\n",
			`1@a.example | René <rene@a.example> | "Doe, Jane" <jane@b.example>, list@c.example | x@d.example, y@d.example | other@a.example | list@c.example | r1@a.example r2@a.example | false`},
		{"In-Reply-To alone", "From: a@a.example\nIn-Reply-To: <r@a.example>\n", " | a@a.example |  |  |  |  | r@a.example | false"},
		{"two in In-Reply-To are no chain", "From: a@a.example\nIn-Reply-To: <r@a.example> <s@a.example>\n", " | a@a.example |  |  |  |  |  | false"},
		{"a list that cannot be read", "From: a@a.example\nTo: ,,<<\nCc: b@b.example\n", " | a@a.example |  | b@b.example |  |  |  | false"},
		{"out of the office", "From: a@a.example\nAuto-Submitted: auto-replied (vacation)\n", " | a@a.example |  |  |  |  |  | true"},
		{"sent by hand", "From: a@a.example\nAuto-Submitted: No\n", " | a@a.example |  |  |  |  |  | false"},
	} {
		a, err := ReadAddressed([]byte(tc.header + "\nText.\n"))
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
			continue
		}
		auto := "false"
		if a.Automatic {
			auto = "true"
		}
		got := strings.Join([]string{a.ID, a.From.String(), names(a.To), names(a.Cc), names(a.ReplyTo), names(a.FollowUpTo), strings.Join(a.References, " "), auto}, " | ")
		if got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.why, got, tc.want)
		}
	}
}

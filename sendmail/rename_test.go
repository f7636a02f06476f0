package sendmail

import (
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/mailtest"
)

func TestIDOnWire(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		"2.0.0 OK <AM0PR01@eur.prod.example.com> [Hostname=x]": "AM0PR01@eur.prod.example.com",
		"2.0.0 OK <a@b.example> <c@d.example>":                 "a@b.example",
		"2.0.0 queued as 4711":                                 "",
		"<two@at@signs>":                                       "",
		"<a b@example.org>":                                    "",
		"<no-at>":                                              "",
		"<ä@example.org>":                                      "",
		"<a@x> in front of <\x1b@x>":                           "a@x",
		"<" + strings.Repeat("a", 250) + "@example.org>":       "",
	} {
		if got := idOnWire(reply); got != want {
			t.Errorf("idOnWire(%q) = %q, want %q", reply, got, want)
		}
	}
}

// F57: what a server makes of message-ids is learned from its answer, and only
// the fields of the thread name it, also after a break.
func TestF57Renamed(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, on(
		mailtest.Fault{At: mailtest.AtDot, Message: 1, Reply: "250 2.0.0 OK <X@example.com>", Keep: true},
		mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: "250 2.0.0 OK <Y@example.com>", Keep: true},
		mailtest.Fault{At: mailtest.AtMAIL, Message: 3, Drop: true}, mailtest.Fault{At: mailtest.AtMAIL, Since: 4, Reply: "550 no"},
	))
	messages := series(3)
	root := messages[0].ID
	for i := range messages[1:] {
		m := &messages[i+1]
		m.Raw = []byte("In-Reply-To: <" + root + ">\nReferences: <a@example.org>\n <" + root + ">\nSubject: [PATCH " + m.Name[3:4] + "/3] about <" + root + ">\n\nbody <" + root + ">\n")
	}
	j := journalOf(t, messages)
	sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil, "sendemail.outlookidfix=true"), nil)
	if err != nil || sum.Status() != 3 || j.OnWire(0) != "X@example.com" || j.OnWire(1) != "Y@example.com" {
		t.Fatalf("%+v, %v, ids %v", sum, err, j.onWire)
	}
	s.Heal()
	j = reopen(t, j)
	if _, err = quickly().Run(t.Context(), j, transportTo(t, s, nil, "sendemail.outlookidfix=true"), nil); err != nil {
		t.Fatal(err)
	}
	for _, m := range s.Messages()[1:] {
		text := string(m.Data)
		if !strings.HasPrefix(text, "In-Reply-To: <X@example.com>\r\nReferences: <a@example.org>\r\n <X@example.com>\r\nSubject: ") ||
			strings.Count(text, "<"+root+">") != 2 {
			t.Errorf("%s", text)
		}
	}
	if got, want := states(j), "accepted accepted refused accepted"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

package sendmail

import (
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/mailtest"
)

// Why a run stopped or waits goes to places where a Bcc is nobody's business,
// and servers repeat addresses in what they say.
func TestRunNamesNoBlindRecipient(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]mailtest.Fault{
		"deferred at RCPT":        {At: mailtest.AtRCPT, Recipient: bob, Reply: "451 <BOB@example.org>: later"},
		"the message refused":     {At: mailtest.AtDot, Message: 1, Reply: "554 bob@example.org does not want it"},
		"the sender refused":      {At: mailtest.AtMAIL, Message: 2, Reply: "550 not to Bob@Example.org"},
		"deferred at a later one": {At: mailtest.AtRCPT, Message: 2, Recipient: bob, Reply: "451 <bob@example.org>: later"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messages := series(2)
			for i := range messages {
				messages[i].Bcc = []string{bob}
			}
			s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{f}})
			j := journalOf(t, messages)
			var told []string
			sum, err := quickly().Run(t.Context(), j, transportTo(t, s, nil), func(e Event) { told = append(told, e.Why) })
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(append(told, sum.Stopped), "\n"); strings.Contains(strings.ToLower(text), bob) || !strings.Contains(text, Blind) {
				t.Errorf("said:%s", text)
			}
		})
	}
}

package relay

import (
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/patchmail"
)

// Whatever leaves is a mail that the wire carries, has one From, which is the
// service's or of a domain of its own, and no field that has no business there.
func FuzzRelay(f *testing.F) {
	for _, raw := range mails() {
		f.Add([]byte(raw))
	}
	f.Add([]byte("From: Joe <joe@corp.example.com>\nReceived: x\nBcc: a@example.org\n" + testHeader + "\nText.\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		letter, err := testService().Relay(raw, testKey)
		if err != nil {
			return
		}
		m, err := parse(letter.Raw)
		if err != nil {
			t.Fatalf("%v:\n%s", err, letter.Raw)
		}
		checkWire(t, letter.Raw)
		for _, name := range singletons() {
			if len(m.values(name)) > 1 {
				t.Errorf("%s stands twice:\n%s", name, letter.Raw)
			}
		}
		from, err := patchmail.ParseAddress(m.value("from"))
		if err != nil || !strings.EqualFold(from.Domain(), "relay.example.net") && !strings.EqualFold(from.Domain(), "corp.example.com") {
			t.Errorf("it is from %v, %v", from, err)
		}
		for _, f := range m.fields {
			own := []string{"x-endpoint-received", "x-original-from", "reply-to"}
			if !slices.Contains(relayed(), f.name) && !slices.Contains(own, f.name) && !(strings.HasPrefix(f.name, "x-patchwork-") && slices.Contains(m.signed(), f.name)) {
				t.Errorf("%s leaves", f.name)
			}
		}
		if patchmail.NeedsUTF8(letter.Raw) {
			t.Errorf("the header is not ASCII:\n%s", letter.Raw)
		}
	})
}

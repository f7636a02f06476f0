package relay

import "testing"

func TestThread(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ header, root, parent string }{
		"answers nothing":            {"", "1@example.org", ""},
		"answers the root":           {"In-Reply-To: <0@example.org>\nReferences: <0@example.org>\n", "0@example.org", "0@example.org"},
		"says so in one field":       {"In-Reply-To: <0@example.org>\n", "0@example.org", "0@example.org"},
		"deep in a thread, folded":   {"In-Reply-To: <2@example.org>\nReferences: <0@example.org>\n\t<2@example.org>\n", "0@example.org", "2@example.org"},
		"references alone":           {"References: <0@example.org> <2@example.org>\n", "0@example.org", "2@example.org"},
		"words where the id belongs": {"In-Reply-To: your mail of today\n", "1@example.org", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, parent := Thread([]byte("From: a@example.org\nMessage-ID: <1@example.org>\n" + c.header + "\nText.\n"))
			if root != c.root || parent != c.parent {
				t.Errorf("got %q, %q, want %q, %q", root, parent, c.root, c.parent)
			}
		})
	}
	if root, parent := Thread([]byte("no mail")); root != "" || parent != "" {
		t.Errorf("got %q, %q of no mail", root, parent)
	}
}

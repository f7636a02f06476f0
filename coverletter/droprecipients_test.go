package coverletter

import (
	"strings"
	"testing"
)

func TestDropRecipients(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ why, text, want, dropped string }{
		{"To and Cc, in any case", "t\n\np\n\nTo: MAX@example.org\nCc: Odd <odd@example.org>\n" + signOff + "\n", "t\n\np\n\n" + signOff + "\n", "MAX@example.org, Odd <odd@example.org>"},
		{"the whole block, and the blank line above it", "t\n\np\n\nTo: max@example.org\n", "t\n\np\n", "max@example.org"},
		{"above a changelog", "t\n\np\n\nTo: max@example.org\n\n---\nx\n", "t\n\np\n\n---\nx\n", "max@example.org"},
		{"a continued line", "t\n\nCc: max@example.org,\n\todd@example.org\n" + signOff + "\n", "t\n\n" + signOff + "\n", "max@example.org, odd@example.org"},
		{"a line that names somebody else too stays", "t\n\nCc: max@example.org, z@example.org\n", "t\n\nCc: max@example.org, z@example.org\n", ""},
		{"other trailers stay", "t\n\nReviewed-by: Max <max@example.org>\n", "t\n\nReviewed-by: Max <max@example.org>\n", ""},
		{"prose and comments stay", "t\n\nTo: max@example.org is who I mean.\n\n#To: max@example.org\n" + signOff + "\n", "t\n\nTo: max@example.org is who I mean.\n\n#To: max@example.org\n" + signOff + "\n", ""},
		{"what stands below the cut stays", "t\n\np\n\n---\nTo: max@example.org\n", "t\n\np\n\n---\nTo: max@example.org\n", ""},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			got, dropped := DropRecipients(tt.text, addresses(t, "max@example.org, odd@example.org"))
			var names []string
			for _, a := range dropped {
				names = append(names, a.String())
			}
			if got != tt.want || strings.Join(names, ", ") != tt.dropped {
				t.Errorf("got %q, %q", got, names)
			}
		})
	}
}

func FuzzDropRecipientsUndoesAdd(f *testing.F) {
	f.Add("t\n\np\n")
	f.Add("t\n\nTo: z@example.org\n" + signOff + "\n\n---\nx\n")
	f.Add("t\n# c\n\np\n\nCc: z@example.org, y@example.org\n")
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.HasSuffix(text, "\n") || strings.Contains(text, "example.net") || settle(text) != text {
			return
		}
		if rest, to, cc := liftStray(text); rest != text || to != nil || cc != nil {
			return
		}
		if o := outlineOf(view(text)); o.title < 0 || o.block < o.blockEnd && strings.TrimLeft(rawLines(text)[o.block], " \t") != rawLines(text)[o.block] {
			return // adding writes a title, or takes an indentation away
		}
		added := AddRecipients(text, addresses(t, "a@example.net"), addresses(t, "B <b@example.net>"))
		if got, _ := DropRecipients(added, addresses(t, "a@example.net, b@example.net")); got != text {
			t.Errorf("%q\nadded to is %q\nand dropped from %q", text, added, got)
		}
	})
}

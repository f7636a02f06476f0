package coverletter

import (
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/patchmail"
)

func addresses(t testing.TB, list string) []patchmail.Address {
	t.Helper()
	parsed, err := patchmail.ParseAddressList(list)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestAddRecipients(t *testing.T) {
	t.Parallel()
	const to, cc = `Max <max@example.org>, "Odd, Name" <odd@example.org>`, `list@example.org, jane@EXAMPLE.org`
	const toLines = "To: Max <max@example.org>\nTo: \"Odd, Name\" <odd@example.org>\n"
	const ccLine = "Cc: list@example.org\n"
	const jane = "Cc: jane@EXAMPLE.org\n"
	tests := []struct{ why, text, want string }{
		{"in front of the sign-off, who is not added", "t\n\np\n\n" + signOff + "\n", "t\n\np\n\n" + toLines + ccLine + signOff + "\n"},
		{"no final newline", "t\n\np\n\n" + signOff, "t\n\np\n\n" + toLines + ccLine + signOff + "\n"},
		{"no block", "t\n\np\n", "t\n\np\n\n" + toLines + ccLine + jane},
		{"no block, no newline", "t\n\np", "t\n\np\n\n" + toLines + ccLine + jane},
		{"title only", "net: a leak", "net: a leak\n\n" + toLines + ccLine + jane},
		{"title and comment", "net: a leak\n# c\n\n", "net: a leak\n\n" + toLines + ccLine + jane + "# c\n\n"},
		{"nothing", "", "EDITME: cover title\n\n" + toLines + ccLine + jane + ""},
		{"above the first cut", "t\n\np\n\n---\nChanges in v2:\n- x\n", "t\n\np\n\n" + toLines + ccLine + jane + "\n---\nChanges in v2:\n- x\n"},
		{"above the first cut, block", "t\n\n" + signOff + "\n---\nx\n\n---\ny", "t\n\n" + toLines + ccLine + signOff + "\n---\nx\n\n---\ny"},
		{"comments stay where they are", "# a\nt\n# b\n\np\n\n# c\n" + signOff + "\n# d\n\n", "# a\nt\n# b\n\np\n\n# c\n" + toLines + ccLine + signOff + "\n# d\n\n"},
		{"no block, comment behind the prose", "t\n\np\n# c\n\n# d\n", "t\n\np\n\n" + toLines + ccLine + jane + "# c\n\n# d\n"},
		{
			"own order and choice stay",
			"t\n\n" + signOff + "\nCc: Max <MAX@example.org>\nLink: https://example.org\nTo: z@example.org\nAcked-by: a@example.org\n",
			"t\n\n" + signOff + "\nCc: Max <MAX@example.org>\nLink: https://example.org\nTo: z@example.org\nTo: \"Odd, Name\" <odd@example.org>\n" + ccLine + "Acked-by: a@example.org\n",
		},
		{
			"Cc stays below Cc",
			"t\n\nCc: z@example.org\n\tmore\n[jane: x]\n" + signOff + "\n",
			"t\n\n" + toLines + "Cc: z@example.org\n\tmore\n" + ccLine + "[jane: x]\n" + signOff + "\n",
		},
		{"any person trailer counts", "t\n\nReviewed-by: Max <max@example.org>\nTo: odd@example.org, list@example.org\n" + signOff + "\n", "t\n\nReviewed-by: Max <max@example.org>\nTo: odd@example.org, list@example.org\n" + signOff + "\n"},
		{"prose does not count", "t\n\nMax <max@example.org>\nTo: odd@example.org\n\n" + signOff + "\n", "t\n\nMax <max@example.org>\nTo: odd@example.org\n\n" + toLines + ccLine + signOff + "\n"},
		{"commented trailer among others", "t\n\nTo: z@example.org\n#To: max@example.org\n" + signOff + "\n", "t\n\n#To: max@example.org\nTo: z@example.org\n" + toLines + ccLine + signOff + "\n"},
		{"commented trailer does not count", "t\n\n#To: max@example.org\n" + signOff + "\n", "t\n\n#To: max@example.org\n" + toLines + ccLine + signOff + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			got := AddRecipients(tt.text, addresses(t, to), addresses(t, cc))
			if got != tt.want {
				t.Errorf("AddRecipients(%q)\n got %q\nwant %q", tt.text, got, tt.want)
			}
			if again := AddRecipients(got, addresses(t, to), addresses(t, cc)); again != got {
				t.Errorf("the second time gave %q", again)
			}
			if same := AddRecipients(got, nil, nil); same != got {
				t.Errorf("adding nobody gave %q", same)
			}
		})
	}
}

func TestAddRecipientsOnce(t *testing.T) {
	t.Parallel()
	got := AddRecipients("t\n\n"+signOff+"\n", addresses(t, "a@example.org, A <A@example.org>"), addresses(t, "a@example.org, b@example.org"))
	if want := "t\n\nTo: a@example.org\nCc: b@example.org\n" + signOff + "\n"; got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestAddRecipientsHeals(t *testing.T) {
	t.Parallel()
	const head = "t\n\np\n\nTo: a@example.org\nCc: b@example.org\n" + signOff + "\n"
	const log = "\n---\nChanges in v2:\n- x\n- Link to v1: https://example.org\n"
	tests := []struct{ why, text, want string }{
		{"repeated block", head + log + "\nTo: a@example.org\nCc: B <b@example.org>\n", head + log},
		{"with the sign-off", head + log + "\nTo: a@example.org\n" + signOff + "\n", head + log},
		{"newcomers move up", head + log + "\nTo: a@example.org\nTo: n@example.org\nCc: m@example.org\n", "t\n\np\n\nTo: a@example.org\nTo: n@example.org\nCc: b@example.org\nCc: m@example.org\n" + signOff + "\n" + log},
		{"twice", head + log + "\nTo: a@example.org\n\nTo: a@example.org\nCc: b@example.org\n", head + log},
		{"every section", head + log + "\nTo: a@example.org\n" + log + "\n\nTo: a@example.org\n", head + log + log},
		{"other trailers stay", head + log + "\nTo: a@example.org\nAcked-by: c@example.org\n", head + log + "\nAcked-by: c@example.org\n"},
		{"comments stay", head + log + "# c\n\nTo: a@example.org\n# d\n", head + log + "# c\n# d\n"},
		{"prose stays", head + log + "\nTo: a@example.org\nwe said no.\n", head + log + "\nTo: a@example.org\nwe said no.\n"},
		{"item of the changelog stays", head + "\n---\nChanges in v2:\n- x\nCc: c@example.org\n", head + "\n---\nChanges in v2:\n- x\nCc: c@example.org\n"},
		{"broken address stays", head + log + "\nTo: Foo Bar\n", head + log + "\nTo: Foo Bar\n"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			got := AddRecipients(tt.text, nil, nil)
			if got != tt.want {
				t.Errorf("AddRecipients(%q)\n got %q\nwant %q", tt.text, got, tt.want)
			}
			if again := AddRecipients(got, nil, nil); again != got {
				t.Errorf("the second time gave %q", again)
			}
		})
	}
}

func FuzzAddRecipients(f *testing.F) {
	for _, text := range []string{
		"", "t", "net: t\n", "# c\nt\n\np\n\n# d\nTo: a@example.org\n[x\nTo: y]\n" + signOff + "\n# e\n\n---\nChanges in v2:\n- x\n\nTo: a@example.org\n",
		"To: a@example.org\n\n---\nx", " To: a@example.org\n", "t\n---\n\n---\nCc: x@example.org", ">#\n\n>#x: y\nTo: b@example.org", "\r\nTo:\r\n",
	} {
		f.Add(text, "New, One <n@example.org>")
	}
	f.Fuzz(func(t *testing.T, text, person string) {
		extra, err := patchmail.ParseTrailerAddress(person)
		if err != nil {
			extra = patchmail.Address{Mailbox: "extra@example.org"}
		}
		to := []patchmail.Address{{Name: "New, One", Mailbox: "n@example.org"}, extra}
		cc := []patchmail.Address{{Mailbox: "c@example.org"}}
		got := AddRecipients(text, to, cc)
		if again := AddRecipients(got, to, cc); again != got {
			t.Errorf("AddRecipients(%q)\n once %q\ntwice %q", text, got, again)
		}
		// Nobody is lost on the way to the mail.
		if l, err := Parse(got); err == nil {
			named := map[string]bool{}
			for _, a := range slices.Concat(l.To, l.Cc) {
				named[a.Key()] = true
			}
			for _, tr := range l.Trailers {
				if a, ok := tr.Person(); ok {
					named[a.Key()] = true
				}
			}
			for _, a := range slices.Concat(to, cc) {
				if !named[a.Key()] {
					t.Errorf("AddRecipients(%q) = %q lacks %q", text, got, a)
				}
			}
		}
		// What was there stays, in order, but for healed lines and blank ones.
		rest := strings.Split(got, "\n")
		healed, _, _ := liftStray(text)
		for line := range strings.SplitSeq(healed, "\n") {
			i := slices.IndexFunc(rest, func(l string) bool { return strings.TrimSpace(l) == strings.TrimSpace(line) })
			if i < 0 {
				t.Fatalf("AddRecipients(%q) = %q lost the line %q", text, got, line)
			}
			rest = rest[i+1:]
		}
	})
}

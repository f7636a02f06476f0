package patchmail_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kprep/kprep/patchmail"
)

func TestAliasFilesOfEveryKind(t *testing.T) {
	t.Parallel()
	const both = "Jane Doe <jane@example.org>, joe@example.org"
	for _, tc := range []struct{ why, kind, text, list, want string }{
		{"mutt", "mutt", "set from=x\nalias jane Jane Doe <jane@example.org>\n", "jane", "Jane Doe <jane@example.org>"},
		{"mutt, groups, a comment and escaped quotes", "mutt",
			"alias -group a -group b jane \\\"Doe, Jane\\\" <jane@example.org> # of the list\n", "jane", `"Doe, Jane" <jane@example.org>`},
		{"mutt, several", "mutt", "alias us Jane Doe <jane@example.org>, joe@example.org\n", "us", both},
		{"mailrc", "mailrc", "# people\nalias us \"Jane Doe <jane@example.org>\" joe@example.org\n", "us", both},
		{"pine", "pine", "us\tThe two\t(Jane Doe <jane@example.org>,joe@example.org)\tnotes\n", "us", both},
		{"pine, continued", "pine", "us\tThe two\t(Jane Doe <jane@example.org>,\n   joe@example.org)\n", "us", both},
		{"elm, two names", "elm", "us, both = The two = Jane Doe <jane@example.org>, joe@example.org\n", "both", both},
		{"gnus", "gnus", `(define-mail-alias "us" "Jane Doe <jane@example.org>, joe@example.org")` + "\n", "us", both},
		{"gnus, quotes", "gnus", `(define-mail-alias "jane" "\"Doe, Jane\" <jane@example.org>")`, "jane", `"Doe, Jane" <jane@example.org>`},
		{"sendmail, continued by a blank", "sendmail", "us: Jane Doe <jane@example.org>,\n\tjoe@example.org\n", "us", both},
		{"sendmail, continued by a backslash", "sendmail", "us: Jane Doe <jane@example.org>, \\\njoe@example.org\n", "us", both},
		{"CRLF lines", "sendmail", "us: Jane Doe <jane@example.org>, joe@example.org\r\n", "us", both},
		{"an alias of aliases", "sendmail", "jane: Jane Doe <jane@example.org>\nus: jane, joe@example.org\n", "us", both},
		{"aliases between addresses", "sendmail", "jane: jane@example.org\n", `"a, b" <c@example.org>, jane`,
			`"a, b" <c@example.org>, jane@example.org`},
		{"a later alias of the same name counts", "mutt", "alias j a@example.org\nalias j b@example.org\n", "j", "b@example.org"},
		{"a group stays one member", "mutt", "", "us: jane@example.org, joe@example.org;", "jane@example.org, joe@example.org"},
		{"the same alias twice is no loop", "sendmail", "a: x@example.org\nus: a, a\n", "us", "x@example.org, x@example.org"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			aliases := patchmail.Aliases{}
			passed, err := aliases.ParseAliases(tc.kind, tc.text)
			if err != nil || len(passed) > 0 {
				t.Fatal(err, passed)
			}
			list, err := aliases.Expand(tc.list)
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, a := range list {
				texts = append(texts, a.String())
			}
			if got := strings.Join(texts, ", "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestAliasesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	aliases := patchmail.Aliases{"a": {"b"}, "b": {"c@example.org", "a"}, "gone": {"nobody"}}
	for _, tc := range []struct{ why, list, word string }{
		{"a word that is no alias", "jane@example.org, jan", "jan"},
		{"an alias of a word that is none", "gone", "nobody"},
		{"an alias that leads back to itself", "a", "a"},
		{"case counts", "A", "A"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			var e *patchmail.AliasError
			if list, err := aliases.Expand(tc.list); !errors.As(err, &e) || e.Word != tc.word {
				t.Errorf("got %v, %v", list, err)
			}
		})
	}
	if _, err := patchmail.Aliases(nil).Expand("Jane Doe"); !errors.As(err, new(*patchmail.AddressError)) {
		t.Errorf("a name alone: %v", err)
	}
}

func TestAliasLinesThatArePassedOver(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ kind, text string }{
		{"mutt", "alias jane\n"},
		{"mailrc", "alias jane \"Jane <jane@example.org>\nalias x\n"},
		{"pine", "jane\tJane\n"},
		{"elm", "jane = jane@example.org\n"},
		{"gnus", "(define-mail-alias jane jane@example.org)\n"},
		{"sendmail", "jane jane@example.org\n"},
		{"sendmail", "\"jane d\": jane@example.org\n"},
		{"sendmail", "jane: |/bin/program\n"},
		{"sendmail", "jane: :include:/etc/list\n"},
		{"sendmail", "jane: /var/mail/jane\n"},
	} {
		aliases := patchmail.Aliases{}
		passed, err := aliases.ParseAliases(tc.kind, tc.text)
		if err != nil || len(passed) == 0 || passed[0].Line != 1 || len(aliases) > 0 {
			t.Errorf("%s %q: %v, %v, %v", tc.kind, tc.text, aliases, passed, err)
		}
	}
	if _, err := (patchmail.Aliases{}).ParseAliases("abook", ""); err == nil {
		t.Error("an unknown kind is read")
	}
}

func FuzzAliases(f *testing.F) {
	f.Add("mutt", "alias a b@example.org, c\nalias c a@example.org", "a, c")
	f.Add("pine", "a\tb\t(c@example.org,\n d)", "a")
	f.Add("sendmail", "a: b,\\\nc@example.org", "\"x, y\" <a@example.org>, a")
	f.Fuzz(func(t *testing.T, kind, text, list string) {
		aliases := patchmail.Aliases{}
		if _, err := aliases.ParseAliases(kind, text); err != nil {
			return
		}
		found, err := aliases.Expand(list)
		if err != nil {
			return
		}
		for _, a := range found {
			if back, err := patchmail.ParseAddress(a.String()); err != nil || back.Mailbox != a.Mailbox {
				t.Errorf("%q is printed as %q, read as %q, %v", a.Mailbox, a, back.Mailbox, err)
			}
		}
		plain, err := patchmail.ParseAddressList(list)
		if err == nil && len(aliases) == 0 && len(plain) != len(found) {
			t.Errorf("without aliases %q is %d addresses, was %d", list, len(found), len(plain))
		}
	})
}

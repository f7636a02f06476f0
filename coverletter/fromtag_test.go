package coverletter

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestFromTagUndoesTagText(t *testing.T) {
	t.Parallel()
	const cover = "A title\n\nProse.\n\n># A heading\n\nMore.\n\nTo: list@example.org\nCc: \"Doe, Jane\" <j@example.org>\nSigned-off-by: A <a@example.org>\n\n---\nChanges in v2:\n- all\n"
	letter, err := Parse(cover)
	if err != nil {
		t.Fatal(err)
	}
	text := TagText([]string{"RFC", "net-next"}, letter.Subject, Fill(DefaultTemplate, Parts{Cover: letter.BodyWithRecipients(),
		Shortlog: "Jane Doe (1):\n      one\n", Diffstat: " f | 1 +\n 1 file changed, 1 insertion(+)\n", BaseCommit: strings.Repeat("a", 40),
		ChangeID: "20250102-x-123456789abc", Prerequisites: "prerequisite-patch-id: 12\nprerequisite-message-id: <a@b>", Signature: "Jane"}))
	got, err := FromTag(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(got.Text)
	if err != nil {
		t.Fatal(err)
	}
	if again.Subject != "A title" || again.BodyWithRecipients() != letter.BodyWithRecipients() {
		t.Errorf("got %q\n%s\nwant\n%s", again.Subject, again.BodyWithRecipients(), letter.BodyWithRecipients())
	}
	if !slices.Equal(got.Prefixes, []string{"RFC", "net-next"}) || got.Prerequisites != "prerequisite-patch-id: 12\nprerequisite-message-id: <a@b>" {
		t.Errorf("prefixes %q, prerequisites %q", got.Prefixes, got.Prerequisites)
	}
}

func TestFromTagRefuses(t *testing.T) {
	t.Parallel()
	for why, text := range map[string]string{
		"nothing":              "",
		"nothing generated":    "Title\n\nProse.\n",
		"no line between them": "Title\n\nProse.\n\nbase-commit: 1234567\n",
	} {
		if got, err := FromTag(text); !errors.Is(err, ErrTagText) {
			t.Errorf("%s: %+v, %v", why, got, err)
		}
	}
}

// What b4 0.17 writes: prefixes joined by ", ", and a signature that it does not
// see, because its delimiter lost a blank.
func TestFromTagOfB4(t *testing.T) {
	t.Parallel()
	const tag = `[RFC, mydrv] foo: fix the lines

This series fixes the lines.

To: Explicit To <to@list.example.org>
To: "Odd, Name" <odd@example.org>
Cc: foo-list@lists.example.org
Signed-off-by: Jane Dév <jane@dev.example.org>

---
Changes in v2:
- something

---
Jane Dév (2):
      foo: change line 1

 drv/foo.c | 6 +++---
 1 file changed, 3 insertions(+), 3 deletions(-)
---
base-commit: 43631e0c7482abde05f8823e271a3e0ef3312c2b
change-id: 20261121-foo-driver_fix-eb7feaf4228f
prerequisite-change-id: 20250101-other-123456789abc:v2

Best regards,
--
Jane Dév <jane@dev.example.org>
`
	got, err := FromTag(tag)
	if err != nil {
		t.Fatal(err)
	}
	letter, err := Parse(got.Text)
	if err != nil {
		t.Fatal(err)
	}
	const want = "This series fixes the lines.\n\nSigned-off-by: Jane Dév <jane@dev.example.org>\n---\nChanges in v2:\n- something"
	if letter.Subject != "foo: fix the lines" || strings.ReplaceAll(letter.Body(), "\n\n---", "\n---") != want || len(letter.To) != 2 || len(letter.Cc) != 1 {
		t.Errorf("%q, To %v, Cc %v\n%s", letter.Subject, letter.To, letter.Cc, letter.Body())
	}
	if !slices.Equal(got.Prefixes, []string{"RFC", "mydrv"}) || got.Prerequisites != "prerequisite-change-id: 20250101-other-123456789abc:v2" || got.RangeDiff {
		t.Errorf("%+v", got)
	}
}

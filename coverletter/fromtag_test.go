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

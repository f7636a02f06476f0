package inbox

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThreadAndParticipants(t *testing.T) {
	t.Parallel()
	const separator = "From mboxrd@z Thu Jan  1 00:00:00 1970\n"
	mails := []string{
		"From: A <a@example.org>\nTo: list@example.org\nMessage-ID: <2@example.org>\nReferences: <0@example.org> <1@example.org>\n\nan answer to what is not here\n",
		"From: other@example.org\nMessage-ID: <9@example.org>\n\nanother thread\n",
		"From: B <b@example.org>\nTo: =?utf-8?q?=C3=9C=2C_C?= <c@example.org>\nCc: nobody, LIST@example.org\nMessage-ID: <3@example.org>\nIn-Reply-To: <1@example.org>\n\nits sister\n",
		"From: D <d@example.org>\nMessage-ID: <4@example.org>\nIn-Reply-To: <3@example.org>\n\na grandchild\n",
	}
	path := filepath.Join(t.TempDir(), "mbox")
	if err := os.WriteFile(path, []byte(separator+strings.Join(mails, "\n"+separator)), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := Index(context.Background(), []string{path}, func(string) string { return "" }, func(err error) { t.Error(err) })
	if err != nil || len(all) != 4 {
		t.Fatal(len(all), err)
	}
	for _, c := range []struct{ why, id, want string }{
		{"by one of its messages", "4@example.org", "2@example.org 3@example.org 4@example.org"},
		{"by one that is not here", "1@example.org", "2@example.org 3@example.org 4@example.org"},
		{"alone", "9@example.org", "9@example.org"},
		{"unknown", "8@example.org", ""},
	} {
		var got []string
		for _, m := range (&Query{IDs: []string{c.id}}).Select(all) {
			got = append(got, m.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
	people, err := Participants(context.Background(), (&Query{IDs: []string{"0@example.org"}}).Select(all))
	var got []string
	for _, p := range people {
		got = append(got, p.String())
	}
	// The list of "nobody, LIST@…" has a part that is no address, so all of it is passed over.
	if want := `A <a@example.org>; list@example.org; B <b@example.org>; "Ü, C" <c@example.org>; D <d@example.org>`; strings.Join(got, "; ") != want || err != nil {
		t.Errorf("got %s, want %s, %v", strings.Join(got, "; "), want, err)
	}
}

package feedback

import (
	"testing"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

func TestIsBot(t *testing.T) {
	t.Parallel()
	for mailbox, want := range map[string]bool{
		"lkp@intel.com": true, "bot@kernelci.org": true, "patchwork-bot+netdevbpf@kernel.org": true, "syzbot+0123@syzkaller.appspotmail.com": true,
		"NoReply@Example.org": true, "mailer-daemon@x.example": true, "ci@project.example": true,
		"talbot@example.org": false, "talbot+list@example.org": false, "robotnik@example.org": false, "lkp@intel.com.evil.example": false, "": false, "[": false,
	} {
		if got := isBot(append(DefaultBots(), "ci@*", "["), patchmail.Address{Mailbox: mailbox}); got != want {
			t.Errorf("%q: %v", mailbox, got)
		}
	}
}

func TestSaysNothingElse(t *testing.T) {
	t.Parallel()
	from := patchmail.Address{Name: "Rita Reviewer", Mailbox: "rita@r.example"}
	const tag = "Reviewed-by: Rita Reviewer <rita@r.example>\n"
	for _, tc := range []struct {
		why, body string
		want      bool
	}{
		{"a trailer", tag, true},
		{"courtesies", "Hi Jane,\n\nLooks good to me, thanks!\n\n" + tag + "\nCheers,\nRita\n", true},
		{"two lines, and a note", "Reviewed-by: Rita Reviewer\n <rita@r.example>\n[on hw]\n", true},
		{"no trailer", "Thanks!\n", false},
		{"a remark", tag + "\nBut mind the leak.\n", false},
		{"a remark that begins like a courtesy", "Looks good to me except for the leak.\n" + tag, false},
		{"a word that is no courtesy", "No.\n" + tag, false},
		{"a condition", "With the leak fixed:\n" + tag, false},
	} {
		given, _ := trailers.FromReply(tc.body)
		if got := saysNothingElse(remarks(tc.body, nil), given, from); got != tc.want {
			t.Errorf("%s: %v", tc.why, got)
		}
	}
}

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// A scenario is a row of the fault matrix, spec/mail.md 4.4, played with the
// whole program: a series of four messages for three recipients is sent, the
// fault strikes, the world is healed, and --continue goes on until it ends
// with 0.
type scenario struct {
	row  int
	name string

	server mailtest.Options
	config []string         // KEY=VALUE
	fault  func(s *staging) // the first run; nil: kprep send --yes
	said   string           // part of what the first run prints
	heal   func(s *staging) // nil: the server comes to its senses

	statuses []int // of all runs
	refused  int   // (message, recipient) pairs that are refused for good
	more     bool  // left out of the short run
}

// unstaged rows, and why.
func unstaged() map[int]string {
	web := "the web endpoint joins later"
	return map[int]string{
		35: "nobody can know that a server kept what it deferred; sendmail, TestF35LyingServer: the second copy has the same bytes",
		42: "wants a disk of its own: cmd/kprep, send_disk.txtar",
		45: "a process cannot be given another clock: cmd/kprep, TestF45ClockSetBack",
		48: web, 49: web, 50: web, 51: web, 52: web, 53: web,
		57: "the mail that arrives has other message-ids: cmd/kprep, send_outlook.txtar",
		58: "a bounce comes after all that a transport can see",
	}
}

// Every row of the matrix is staged, or has a reason.
func TestEveryFaultHasItsScenario(t *testing.T) {
	t.Parallel()
	staged := map[int]bool{}
	names := map[string]bool{}
	for _, sc := range slices.Concat(reaching(), refusing(), breaking(), dying()) {
		staged[sc.row] = true
		if names[sc.title()] {
			t.Errorf("two scenarios are called %q", sc.title())
		}
		names[sc.title()] = true
	}
	for row := 1; row <= 58; row++ {
		if _, reason := unstaged()[row]; staged[row] == reason {
			t.Errorf("F%d: staged %v, reason not to %v", row, staged[row], reason)
		}
	}
}

func (sc scenario) title() string { return fmt.Sprintf("F%02d %s", sc.row, sc.name) }

// TestFaults plays one scenario of each kind, with KPREP_SCENARIOS all
// ('make scenarios'): once with PIPELINING and once without.
func TestFaults(t *testing.T) {
	t.Parallel()
	everything := os.Getenv("KPREP_SCENARIOS") != ""
	template := mailedSeries(t)
	for _, sc := range slices.Concat(reaching(), refusing(), breaking(), dying()) {
		if sc.more && !everything {
			continue
		}
		for name, without := range map[string]bool{"": false, ", step by step": true} {
			if without && !everything {
				continue
			}
			t.Run(sc.title()+name, func(t *testing.T) {
				t.Parallel()
				sc := sc
				sc.server.NoPipelining = without
				sc.server.Faults = slices.Clone(sc.server.Faults)
				sc.play(stageFault(t, template, &sc))
			})
		}
	}
}

func (sc scenario) play(s *staging) {
	s.t.Helper()
	s.branch = s.repo.Git("rev-parse", "HEAD")
	if sc.fault == nil {
		sc.fault = func(s *staging) { s.kprep("send", "--yes") }
	}
	sc.fault(s)
	if sc.said != "" && !strings.Contains(s.printed.String(), sc.said) {
		s.t.Errorf("nobody said %q:\n%s", sc.said, s.printed.String())
	}
	if s.statuses[0] == 1 && sc.row != 43 && len(s.arrived()) > 0 {
		s.t.Error("status 1, and something left")
	}
	s.server.Heal()
	if sc.heal != nil {
		sc.heal(s)
	}
	s.goOn()
	if !slices.Equal(s.statuses, sc.statuses) {
		s.t.Errorf("statuses %v, want %v\n%s", s.statuses, sc.statuses, s.printed.String())
	}
	s.judge(sc.refused)
	if again, out := s.start("send", "--continue").end(); again != 0 {
		s.t.Errorf("--continue with nothing open: status %d\n%s", again, out)
	}
	s.checkSecrets()
}

// on is a server with these faults.
func on(faults ...mailtest.Fault) mailtest.Options { return mailtest.Options{Faults: faults} }

// healthy lets the mail go to a server that has nothing wrong with it.
func healthy(s *staging) { s.moveTo(mailtest.Options{}) }

// brief is for servers that keep silent.
const brief = "kprep.smtp-timeout=1"

// reaching are faults before the first message.
func reaching() []scenario {
	tls := "sendemail.smtpEncryption=tls"
	secured := func(s *staging) { s.moveTo(mailtest.Options{TLS: mailtest.StartTLS}) }
	all := []scenario{
		{row: 1, name: "connection refused", said: "refused", statuses: []int{1, 0}, fault: func(s *staging) {
			s.server.Close()
			s.kprep("send", "--yes")
		}, heal: healthy},
		{row: 2, name: "no such host", said: "nowhere.invalid", config: []string{tls}, statuses: []int{1, 0}, fault: func(s *staging) {
			s.set("sendemail.smtpServer", "nowhere.invalid")
			s.write("passwords", strings.Replace(s.read("passwords"), s.server.Host(), "nowhere.invalid", 1), 0o600)
			s.kprep("send", "--yes")
		}, heal: secured, more: true},
		{row: 3, name: "no greeting", server: on(mailtest.Fault{At: mailtest.AtGreeting, Hang: true}), config: []string{brief},
			said: "the server is silent", statuses: []int{1, 0}, more: true},
		{row: 4, name: "greeting 554", server: on(mailtest.Fault{At: mailtest.AtGreeting, Reply: "554 5.7.1 go away"}), said: "554 5.7.1", statuses: []int{1, 0}, more: true},
		{row: 4, name: "EHLO 421", server: on(mailtest.Fault{At: mailtest.AtEHLO, Reply: "421 4.3.2 busy"}), said: "421 4.3.2", statuses: []int{1, 0}, more: true},
		{row: 4, name: "EHLO 421, once", server: on(mailtest.Fault{At: mailtest.AtEHLO, Times: 1, Reply: "421 4.3.2 busy"}), statuses: []int{0}, more: true},
		{row: 6, name: "STARTTLS is not offered", config: []string{tls}, said: "STARTTLS", statuses: []int{1, 0}, heal: secured},
		{row: 6, name: "STARTTLS 454", config: []string{tls}, said: "454", statuses: []int{1, 0}, more: true,
			server: mailtest.Options{TLS: mailtest.StartTLS, Faults: []mailtest.Fault{{At: mailtest.AtSTARTTLS, Reply: "454 4.7.0 not now"}}}},
		{row: 7, name: "plain text injected", config: []string{tls}, statuses: []int{1, 0}, heal: secured, more: true,
			server: mailtest.Options{TLS: mailtest.StartTLS, Inject: "250 2.0.0 trust me"}},
		{row: 8, name: "a wrong password", said: "535", statuses: []int{1, 0}, fault: func(s *staging) {
			s.remember("wrong")
			s.kprep("send", "--yes")
			if got := s.read("passwords"); strings.Contains(got, "wrong") {
				s.t.Errorf("the helper still has %q", got)
			}
		}, heal: func(s *staging) { s.remember(canary) }},
		{row: 9, name: "the login fails for now", server: on(mailtest.Fault{At: mailtest.AtAUTH, Reply: "454 4.7.0 later"}), said: "454", statuses: []int{1, 0}, heal: func(s *staging) {
			if !strings.Contains(s.read("passwords"), canary) {
				s.t.Error("the password is forgotten")
			}
		}},
		{row: 10, name: "an expired token", config: []string{"sendemail.smtpAuth=XOAUTH2"}, statuses: []int{0}, more: true,
			server: mailtest.Options{Mechanisms: []string{"XOAUTH2"}}, fault: expiredToken},
		{row: 24, name: "larger than SIZE", server: mailtest.Options{MaxSize: 300}, said: "300", statuses: []int{1, 0}, heal: healthy, more: true},
		{row: 39, name: "nobody answers the question", statuses: []int{1, 0}, fault: func(s *staging) {
			s.kprep("send")
			if len(s.sending().Messages) > 0 {
				s.t.Error("there is a journal")
			}
		}, heal: begin, more: true},
		{row: 40, name: "the tag is there", said: "exists already", statuses: []int{1, 0}, fault: func(s *staging) {
			s.repo.Git("tag", s.tag(), "main")
			s.kprep("send", "--yes")
		}, heal: func(s *staging) { s.repo.Git("tag", "-d", s.tag()); begin(s) }, more: true},
		{row: 41, name: "the tag is locked", said: ".lock", statuses: []int{1, 0}, fault: func(s *staging) {
			s.lock("refs/tags/" + s.tag())
			s.kprep("send", "--yes")
		}, heal: func(s *staging) { s.unlock("refs/tags/" + s.tag()); begin(s) }, more: true},
		{row: 47, name: "the hook refuses", said: "not wanted", statuses: []int{1, 0}, fault: func(s *staging) {
			s.write("repo/.git/hooks/sendemail-validate", "#!/bin/sh\necho not wanted >&2\nexit 1\n", 0o700)
			s.kprep("send", "--yes")
		}, heal: func(s *staging) { os.Remove(s.path("repo/.git/hooks/sendemail-validate")); begin(s) }, more: true},
		{row: 55, name: "a broken trailer", said: "foo at x", statuses: []int{0}, fault: func(s *staging) {
			s.repo.Git("commit", "--quiet", "--amend", "-m", "add 2", "-m", "Cc: Foo <foo at x.example>")
			s.branch = s.repo.Git("rev-parse", "HEAD")
			s.kprep("send", "--yes")
		}, more: true},
		{row: 56, name: "8-bit text, and no 8BITMIME", server: mailtest.Options{No8BitMIME: true}, statuses: []int{0}},
		{row: 56, name: "a long line and CR", statuses: []int{0}, fault: func(s *staging) {
			s.repo.Write("file2", strings.Repeat("x", 1500)+"\nends with CR\r\n")
			s.repo.Git("commit", "--quiet", "--all", "--amend", "--no-edit")
			s.branch = s.repo.Git("rev-parse", "HEAD")
			s.kprep("send", "--yes")
		}, more: true},
	}
	for kind, name := range map[mailtest.Certificate]string{mailtest.SelfSigned: "self-signed", mailtest.WrongHost: "for another host", mailtest.Expired: "expired"} {
		all = append(all, scenario{row: 5, name: "a certificate that is " + name, config: []string{tls}, said: "certificate", statuses: []int{1, 0}, heal: secured,
			server: mailtest.Options{TLS: mailtest.StartTLS, Certificate: kind}, more: kind != mailtest.Expired, fault: func(s *staging) {
				s.kprep("send", "--yes")
				if said := strings.Join(s.server.Lines(), " "); strings.Contains(said, "AUTH") {
					s.t.Errorf("the server heard %s", said)
				}
			}})
	}
	return all
}

// begin starts the send that nothing was kept of.
func begin(s *staging) { s.kprep("send", "--yes") }

func (s *staging) tag() string {
	return "sent/" + strings.TrimSpace(run(s.t, s.repo, "info", "change-id")) + "-v1"
}

func (s *staging) lock(ref string) {
	s.t.Helper()
	path := filepath.Join("repo", ".git", ref+".lock")
	if err := os.MkdirAll(filepath.Dir(s.path(path)), 0o755); err != nil {
		s.t.Fatal(err)
	}
	s.write(path, "", 0o600)
}

func (s *staging) unlock(ref string) { os.Remove(s.path(filepath.Join("repo", ".git", ref+".lock"))) }

// expiredToken is a helper that has an old token, and a new one for who
// rejects that.
func expiredToken(s *staging) {
	s.write("token", "expired", 0o600)
	s.write("helper", fmt.Sprintf("#!/bin/sh\ncd %q\ncat >>asked\necho $1 >>asked\ncase $1 in\nget) echo username=%s; echo \"password=$(cat token)\" ;;\nerase) echo %s >token ;;\nesac\n",
		s.root, mailbox, canary), 0o700)
	s.set("credential.helper", "")
	s.set("credential.helper", s.path("helper"))
	s.kprep("send", "--yes")
	os.Remove(s.path("token"))
}

// refusing are faults by which a server says no, or later.
func refusing() []scenario {
	const later, no = "451 4.3.0 later", "550 5.1.1 no"
	at := func(stage mailtest.Stage, since, times int, reply string) mailtest.Options {
		return on(mailtest.Fault{At: stage, Since: since, Times: times, Reply: reply})
	}
	toBob := func(since, times int, reply string) mailtest.Options {
		return on(mailtest.Fault{At: mailtest.AtRCPT, Recipient: bob, Since: since, Times: times, Reply: reply})
	}
	grey := mailtest.Options{}
	for _, to := range []string{list, bob, "carol@example.org"} {
		grey.Faults = append(grey.Faults, mailtest.Fault{At: mailtest.AtRCPT, Recipient: to, Times: 1, Reply: "450 4.2.0 Greylisted"})
	}
	onlySecond := func(stage mailtest.Stage, reply string) mailtest.Options {
		return on(mailtest.Fault{At: stage, Message: 2, Reply: reply})
	}
	return []scenario{
		{row: 11, name: "MAIL is deferred", server: at(mailtest.AtMAIL, 3, 0, later), said: later, statuses: []int{3, 0}},
		{row: 11, name: "MAIL is deferred, once", server: at(mailtest.AtMAIL, 3, 1, later), statuses: []int{0}, more: true},
		{row: 12, name: "the sender is refused", server: at(mailtest.AtMAIL, 2, 0, "550 5.7.1 not you"), said: "not you", statuses: []int{3, 3, 3, 0}, refused: 3, more: true},
		{row: 13, name: "one recipient is refused", server: toBob(0, 0, no), said: no, statuses: []int{3, 0}, refused: 4},
		{row: 14, name: "one recipient is deferred, once", server: toBob(2, 1, later), statuses: []int{0}, more: true},
		{row: 14, name: "one recipient is deferred for long", server: toBob(2, 0, later), said: later, statuses: []int{3, 0}},
		{row: 14, name: "the cover is deferred for one", server: toBob(1, 0, later), said: later, statuses: []int{3, 0}, more: true},
		{row: 15, name: "too many recipients", server: mailtest.Options{MaxRecipients: 2}, statuses: []int{0}},
		{row: 16, name: "a patch is refused for all", server: onlySecond(mailtest.AtRCPT, no), said: no, statuses: []int{3, 3, 3, 0}, refused: 3, more: true},
		{row: 17, name: "DATA is deferred", server: at(mailtest.AtDATA, 2, 0, later), said: later, statuses: []int{3, 0}, more: true},
		{row: 18, name: "deferred after the dot", server: at(mailtest.AtDot, 2, 0, later), said: later, statuses: []int{3, 0}, more: true},
		{row: 19, name: "the content is refused", server: onlySecond(mailtest.AtDot, "554 5.6.0 \x1b[31mspam"), said: `554 5.6.0 \x1b[31mspam`, statuses: []int{3, 3, 3, 0}, refused: 3},
		{row: 20, name: "the first is refused", server: at(mailtest.AtDot, 0, 1, "554 5.6.0 spam"), said: "spam", statuses: []int{1, 0}, heal: func(s *staging) {
			run(s.t, s.repo, "send", "--abandon", "--yes")
			begin(s)
		}, more: true},
		{row: 21, name: "the last is refused", server: on(mailtest.Fault{At: mailtest.AtDot, Message: 4, Reply: "554 5.6.0 spam"}), said: "spam", statuses: []int{3, 3, 3, 0}, refused: 3, more: true},
		{row: 25, name: "too large, said after the dot", server: on(mailtest.Fault{At: mailtest.AtDot, Message: 4, Reply: "552 5.3.4 too big"}), said: "too big", statuses: []int{3, 3, 3, 0}, refused: 3, more: true},
		{row: 26, name: "421 in the middle", server: at(mailtest.AtMAIL, 3, 1, "421 4.3.2 closing"), statuses: []int{0}, more: true},
		{row: 26, name: "421 again and again", server: at(mailtest.AtDATA, 2, 0, "421 4.3.2 closing"), said: "421", statuses: []int{3, 0}, more: true},
		{row: 27, name: "two messages a connection", server: mailtest.Options{MaxMessages: 2}, statuses: []int{0}},
		{row: 28, name: "a time is named", server: at(mailtest.AtMAIL, 3, 1, "450 4.7.1 too quick, try again in 1 second"), said: "waiting 1s", statuses: []int{0}, more: true},
		{row: 28, name: "a long time is named", server: at(mailtest.AtMAIL, 3, 0, "450 4.7.1 too quick, try again in 1 hour"), said: "1 hour", statuses: []int{3, 0}},
		{row: 29, name: "greylisting", server: grey, statuses: []int{0}, more: true},
		{row: 29, name: "greylisting for long", server: toBob(0, 0, "450 4.2.0 Greylisted for 300 seconds"), said: "300 seconds", statuses: []int{3, 0}, more: true},
		{row: 34, name: "garbage before the dot", server: onlySecond(mailtest.AtMAIL, "?? what"), statuses: []int{0}, more: true},
		{row: 34, name: "garbage after the dot", server: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Reply: "?? what", Keep: true}), said: "not SMTP", statuses: []int{4, 0}},
	}
}

// breaking are faults by which a server falls silent or goes away.
func breaking() []scenario {
	all := []scenario{
		{row: 31, name: "silence after the dot", server: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Hang: true, Keep: true}), config: []string{brief},
			said: "the server is silent", statuses: []int{4, 0}},
		{row: 32, name: "a slow answer", server: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Pause: 3 * time.Second}), statuses: []int{0}, more: true},
		{row: 33, name: "QUIT is dropped", server: on(mailtest.Fault{At: mailtest.AtQUIT, Drop: true}), statuses: []int{0}, more: true},
		{row: 33, name: "QUIT is not answered", server: on(mailtest.Fault{At: mailtest.AtQUIT, Hang: true}), config: []string{brief}, statuses: []int{0}, more: true},
	}
	for _, at := range []mailtest.Stage{mailtest.AtMAIL, mailtest.AtRCPT, mailtest.AtDATA} {
		all = append(all,
			scenario{row: 22, name: "lost at " + string(at), server: on(mailtest.Fault{At: at, Message: 2, Drop: true}), statuses: []int{0}, more: true},
			scenario{row: 22, name: "lost at " + string(at) + " again and again", server: on(mailtest.Fault{At: at, Since: 2, Drop: true}), said: "connection lost", statuses: []int{3, 0}, more: true},
			scenario{row: 30, name: "silence at " + string(at), server: on(mailtest.Fault{At: at, Since: 2, Hang: true}), config: []string{brief}, said: "the server is silent", statuses: []int{3, 0}, more: at != mailtest.AtRCPT})
	}
	for name, f := range map[string]mailtest.Fault{"lost": {Drop: true}, "silence": {Hang: true}} {
		f.At, f.Since = mailtest.AtBody, 4
		row := map[string]int{"lost": 22, "silence": 30}[name]
		all = append(all, scenario{row: row, name: name + " in the body", server: on(f), config: []string{brief}, said: "connection lost", statuses: []int{3, 0}, fault: largePatch, more: row == 30})
	}
	for message, name := range map[int]string{1: "the cover", 2: "a patch", 4: "the last"} {
		for kept, fate := range map[bool]string{true: "and there", false: "and gone"} {
			all = append(all, scenario{row: 23, name: name + " is lost after the dot, " + fate, said: "no answer to the final dot", statuses: []int{4, 0},
				server: on(mailtest.Fault{At: mailtest.AtDot, Message: message, Drop: true, Keep: kept}), more: message != 2})
		}
	}
	for script, c := range map[string]struct {
		name     string
		statuses []int
		refused  int
	}{
		"exit 75":      {"defers", []int{3, 0}, 0},
		"exit 1":       {"refuses", []int{3, 3, 3, 0}, 3},
		"kill -9 $$":   {"is killed", []int{4, 0}, 0},
		"exec sleep 9": {"hangs", []int{4, 0}, 0},
	} {
		all = append(all, scenario{row: 54, name: "the command " + c.name, statuses: c.statuses, refused: c.refused, fault: byCommand(script),
			config: []string{brief}, more: c.refused > 0 || c.statuses[0] == 3})
	}
	return all
}

// largePatch is more than the kernel takes without the server's reading: its
// dot cannot have left.
func largePatch(s *staging) {
	s.repo.Write("file2", strings.Repeat(strings.Repeat("x", 70)+"\n", 100_000))
	s.repo.Git("commit", "--quiet", "--all", "--amend", "--no-edit")
	s.branch = s.repo.Git("rev-parse", "HEAD")
	s.kprep("send", "--yes")
}

// byCommand sends through a command that hands messages on to a server, and
// fails with the second.
func byCommand(fails string) func(*staging) {
	return func(s *staging) {
		s.write("calls", "", 0o600)
		s.write("mailer", fmt.Sprintf(mailer, s.path("calls"), fails, s.root), 0o700)
		s.set("sendemail.sendmailCmd", s.path("mailer"))
		s.kprep("send", "--yes")
	}
}

const mailer = `#!/bin/sh
n=$(wc -l <%[1]q)
echo >>%[1]q
if test $n -eq 1; then cat >/dev/null; %[2]s; fi
cat >%[3]q/queue-$n
printf '%%s\n' "$@" | grep -A9 '^-i$' | tail -n +2 >%[3]q/to-$n
`

// queued is what the command handed on.
func (s *staging) queued() []mailtest.Message {
	s.t.Helper()
	var all []mailtest.Message
	for n := range 9 {
		if text := s.read(fmt.Sprintf("queue-%d", n)); text != "" {
			data := strings.ReplaceAll(text, "\n", "\r\n")
			all = append(all, mailtest.Message{To: strings.Fields(s.read(fmt.Sprintf("to-%d", n))), Data: []byte(data)})
		}
	}
	return all
}

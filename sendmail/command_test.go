package sendmail

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// script writes an executable shell script and returns its path.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fake sendmail")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

const recorder = `out="$(dirname "$0")"
n=$(ls "$out" | grep -c arg)
for a in "$@"; do printf '%s\n' "$a"; done >"$out/arg$n"
cat >"$out/in$n"
`

func commandTransport(t *testing.T, lines ...string) *Command {
	t.Helper()
	s, err := ReadSettings(testConfig(lines), "", false)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := OpenTransport(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr.(*Command)
}

func TestCommandGetsSendmailsArguments(t *testing.T) {
	t.Parallel()
	nasty := `"$(touch pwned);'x'"@example.org`
	for name, c := range map[string]struct {
		line string // %s is the script
		more []string
		from string
		want string
	}{
		"command":              {"sendemail.sendmailCmd='%s'", nil, "me@example.org", "-f me@example.org -i"},
		"command with options": {"sendemail.sendmailCmd='%s' -a \"my account\"", nil, "", "-a my account -i"},
		"program":              {"sendemail.smtpServer=%s", nil, "me@example.org", "-f me@example.org -i"},
		"smtpServerOption": {"sendemail.smtpServer=%s", []string{"sendemail.smtpServerOption=-oi x", "sendemail.smtpServerOption=--"}, "me@example.org",
			"-oi x -- -f me@example.org -i"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := script(t, recorder)
			tr := commandTransport(t, append(c.more, strings.ReplaceAll(c.line, "%s", path))...)
			messages := series(1)
			messages[1].Recipients, messages[1].To = []string{alice, nasty}, nil
			j, err := Create(filepath.Join(t.TempDir(), "j"), Plan{EnvelopeFrom: c.from}, each(messages))
			if err != nil {
				t.Fatal(err)
			}
			defer j.Close()
			sum, err := quickly().Run(t.Context(), j, tr, nil)
			if err != nil || sum.Status() != 0 || !strings.HasPrefix(j.of(0)[0].Reply, "queued by ") {
				t.Fatalf("%+v, %v, %v", sum, err, j.of(0))
			}
			dir := filepath.Dir(path)
			args, _ := os.ReadFile(filepath.Join(dir, "arg1"))
			if got := strings.Join(strings.Split(strings.TrimSpace(string(args)), "\n"), " "); got != c.want+" "+alice+" "+nasty {
				t.Errorf("arguments %q", got)
			}
			in, _ := os.ReadFile(filepath.Join(dir, "in1"))
			if string(in) != string(messages[1].Raw) {
				t.Errorf("standard input %q", in)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "pwned")); len(left) > 0 {
				t.Error("a recipient was run as a command")
			}
		})
	}
}

// A shell's command is as deaf to the terminal as a program is.
func TestCommandOfTheShellIgnoresTheTerminal(t *testing.T) {
	t.Parallel()
	tr := commandTransport(t, "sendemail.sendmailCmd=kill -INT $$; kill -HUP $$; cat >/dev/null; :")
	j := journalOf(t, series(0))
	if sum, err := quickly().Run(t.Context(), j, tr, nil); err != nil || sum.Status() != 0 {
		t.Errorf("%+v, %v", j.of(0), err)
	}
}

func TestF54Command(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		state  State
		status int
		reply  string
	}{
		"taken":                          {"cat >/dev/null", Accepted, 0, "queued by"},
		"EX_TEMPFAIL":                    {"cat >/dev/null; echo 'try \x1b[1mlater' >&2; exit 75", Deferred, 1, "exit status 75: try "},
		"refused":                        {"cat >/dev/null; echo no such account; exit 1", Refused, 1, "no such account"},
		"told of Ctrl-C by the terminal": {"cat >/dev/null; kill -INT $$; kill -QUIT $$; kill -HUP $$", Accepted, 0, "queued by"},
		"not found":                      {"exit 127", Deferred, 1, "127"},
		"killed":                         {"cat >/dev/null; kill -KILL $$", Unknown, 4, ""},
		"what it runs was killed":        {"cat >/dev/null; exit 137", Unknown, 4, "signal"},
		"fine, without reading":          {"exec 0<&-; sleep 0.2; exit 0", Unknown, 4, "without reading"},
		"refused, without reading":       {"exec 0<&-; sleep 0.2; exit 1", Refused, 1, "exit status 1"},
		"hangs":                          {"exec sleep 60", Unknown, 4, "killed"},
		"leaves a child on the pipes":    {"cat >/dev/null; sleep 20 & exit 0", Accepted, 0, "queued by"},
		"says more than anybody reads":   {"cat >/dev/null; yes | head -c 1000000; exit 0", Accepted, 0, "queued by"},
		"says more than anybody stores":  {"cat >/dev/null; yes | head -c 1000000; exit 1", Refused, 1, "y y y"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := commandTransport(t, "sendemail.smtpServer="+script(t, c.script))
			tr.limits.program, tr.limits.linger = 10*time.Second, 200*time.Millisecond
			if name == "hangs" {
				tr.limits.program = 300 * time.Millisecond
			}
			messages := series(1)
			for i := range messages { // more than a pipe holds
				messages[i].Raw = append(messages[i].Raw, strings.Repeat(strings.Repeat("x", 70)+"\n", 3000)...)
			}
			j := journalOf(t, messages)
			sum, err := quickly().Run(t.Context(), j, tr, nil)
			r := j.of(0)[0]
			if err != nil || r.State != c.state || sum.Status() != c.status || !strings.Contains(r.Reply, c.reply) || len(r.Reply) > 512 {
				t.Errorf("%+v, status %d, %v", r, sum.Status(), err)
			}
			if strings.Contains(r.Reply, "\x1b") {
				t.Errorf("raw escape in %q", r.Reply)
			}
			want := Pending
			if c.state == Accepted {
				want = Accepted
			}
			if got := j.of(1)[0].State; got != want {
				t.Errorf("the patch is %s", got)
			}
		})
	}
}

// Anybody whose address is in a trailer could have it begin with a dash: the
// command never gets it, and the others get their mail.
func TestCommandGetsNoAddressThatIsAnOption(t *testing.T) {
	t.Parallel()
	path := script(t, recorder)
	messages := series(1)
	option := "-oQ/tmp@example.org"
	messages[0].Recipients, messages[0].To = []string{option, alice}, nil
	messages[1].Recipients, messages[1].To = []string{option}, nil
	j := journalOf(t, messages)
	sum, err := quickly().Run(t.Context(), j, commandTransport(t, "sendemail.smtpServer="+path), nil)
	if err != nil || sum.Status() != 3 || j.of(0)[0].State != Refused || j.of(0)[1].State != Accepted || j.of(1)[0].State != Refused {
		t.Errorf("%v, %+v, %+v", err, j.of(0), j.of(1))
	}
	if args, err := os.ReadFile(filepath.Join(filepath.Dir(path), "arg0")); err != nil || string(args) != "-f\nme@example.org\n-i\n"+alice+"\n" {
		t.Errorf("arguments %q, %v", args, err)
	}
	if ran, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "arg*")); len(ran) != 1 {
		t.Errorf("the command ran %d times", len(ran))
	}
}

func TestCommandRefusesBeforeItRuns(t *testing.T) {
	t.Parallel()
	path := script(t, recorder)
	j, err := Create(filepath.Join(t.TempDir(), "j"), Plan{EnvelopeFrom: "-x@example.org"}, each(series(1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	sum, err := quickly().Run(t.Context(), j, commandTransport(t, "sendemail.smtpServer="+path), nil)
	if err == nil || !strings.Contains(err.Error(), "dash") || sum.Status() != 1 || states(j) != "pending pending" {
		t.Errorf("%v, %s", err, states(j))
	}
	j = journalOf(t, series(1))
	sum, err = quickly().Run(t.Context(), j, commandTransport(t, "sendemail.smtpServer="+path+".not"), nil)
	if err == nil || sum.Status() != 1 || states(j) != "pending pending" {
		t.Errorf("%v, %s", err, states(j))
	}
	if ran, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "arg*")); len(ran) > 0 {
		t.Error("the command ran")
	}
}

// git send-email, where it is installed, calls a command with the very same
// arguments.
func TestCommandAgreesWithGit(t *testing.T) {
	t.Parallel()
	where, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		gittest.NoPeer(t, "git is not installed")
	}
	if _, err := os.Stat(filepath.Join(strings.TrimSpace(string(where)), "git-send-email")); err != nil {
		gittest.NoPeer(t, "git send-email is not installed ('make peers' does it)")
	}
	path := script(t, recorder)
	dir := filepath.Dir(path)
	mail := filepath.Join(dir, "mail")
	if err := os.WriteFile(mail, []byte("From: me@example.org\nSubject: x\n\nbody\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("git", "-c", "sendemail.sendmailCmd='"+path+"'", "-c", "sendemail.confirm=never", "send-email", "--quiet",
		"--no-validate", "--suppress-cc=all", "--from=me@example.org", "--envelope-sender=auto", "--to="+alice, "--cc="+bob, mail)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "HOME="+dir,
		"GIT_AUTHOR_NAME=Me", "GIT_AUTHOR_EMAIL=me@example.org", "GIT_COMMITTER_NAME=Me", "GIT_COMMITTER_EMAIL=me@example.org")
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "Perl module") {
		gittest.NoPeer(t, fmt.Sprintf("git send-email lacks what it needs: %s", out))
	}
	if err != nil {
		t.Fatalf("git send-email: %v\n%s", err, out)
	}
	tr := commandTransport(t, "sendemail.sendmailCmd='"+path+"'")
	if _, err := tr.Send(t.Context(), "me@example.org", 0, series(0)[0], []string{alice, bob}, func([]string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	git, _ := os.ReadFile(filepath.Join(dir, "arg0"))
	ours, _ := os.ReadFile(filepath.Join(dir, "arg1"))
	if len(git) == 0 || string(git) != string(ours) {
		t.Errorf("git: %q\nours: %q", git, ours)
	}
}

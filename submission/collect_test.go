package submission

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/project"
)

// commands makes a repository with these scripts and configures them as the
// user's commands; an empty one is not set.
func commands(t *testing.T, to, cc string) (r *gittest.Repo, toCmd, ccCmd project.Command) {
	t.Helper()
	r = gittest.New(t)
	for name, script := range map[string]string{"to": to, "cc": cc} {
		if script == "" {
			continue
		}
		r.Write("bin/"+name, script)
		if err := os.Chmod(filepath.Join(r.Dir, "bin", name), 0o755); err != nil {
			t.Fatal(err)
		}
		r.Git("config", "b4.send-auto-"+name+"-cmd", "bin/"+name+" 'an argument'")
	}
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	settings, err := project.Load(context.Background(), repo, "")
	if err != nil {
		t.Fatal(err)
	}
	if toCmd, ccCmd, err = settings.RecipientCommands(); err != nil {
		t.Fatal(err)
	}
	return r, toCmd, ccCmd
}

// find runs scripts over patches whose mails are given.
func find(t *testing.T, to, cc string, limit time.Duration, mails ...string) (findings, error) {
	t.Helper()
	r, toCmd, ccCmd := commands(t, to, cc)
	return findAll(context.Background(), mailsFor(mails...), finder(r.Dir, r.Env, limit, question{field: To, command: toCmd}, question{field: Cc, command: ccCmd}))
}

func mailsFor(mails ...string) []PatchMail {
	patches := make([]PatchMail, len(mails))
	for i, mail := range mails {
		patches[i] = PatchMail{Title: fmt.Sprintf("foo: change %d", i+1), Mail: []byte(mail)}
	}
	return patches
}

func list[T fmt.Stringer](all []T) string {
	texts := make([]string, len(all))
	for i, a := range all {
		texts[i] = a.String()
	}
	return strings.Join(texts, "; ")
}

// Each mail names its recipients itself; the first patch answers last.
func TestFirstSightingDecides(t *testing.T) {
	t.Parallel()
	const to = "#!/bin/sh\nwhile read -r key value; do case $key in slow) sleep 0.3;; to) echo \"$value\";; esac; done\n"
	const cc = "#!/usr/bin/perl\nwhile (<STDIN>) { print \"$1\\n\" if /^cc (.*)/ }\n"
	got, err := find(t, to, cc, time.Minute,
		"slow\nto A <a@example.org>\nto B <b@example.org>\ncc c@example.org\ncc B again <B@EXAMPLE.org>\n",
		"to c@example.org\nto D <d@example.org>\ncc a@example.org\n",
		"", "to e@example.org\ncc A <a@example.org>\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := "A <a@example.org>; B <b@example.org>; D <d@example.org>; e@example.org"; list(got.To) != want {
		t.Errorf("To: %s", list(got.To))
	}
	if want := "c@example.org"; list(got.Cc) != want {
		t.Errorf("Cc: %s", list(got.Cc))
	}
	var found []string
	for _, f := range got.Found {
		found = append(found, fmt.Sprintf("%d %s %s %s", f.Patch, f.Kind, f.Mailbox, f.Source))
	}
	const toKey, ccKey = " b4.send-auto-to-cmd", " b4.send-auto-cc-cmd"
	want := []string{
		"0 To a@example.org" + toKey, "0 To b@example.org" + toKey, "0 Cc c@example.org" + ccKey, "0 Cc B@EXAMPLE.org" + ccKey,
		"1 To c@example.org" + toKey, "1 To d@example.org" + toKey, "1 Cc a@example.org" + ccKey,
		"3 To e@example.org" + toKey, "3 Cc a@example.org" + ccKey,
	}
	if strings.Join(found, "\n") != strings.Join(want, "\n") {
		t.Errorf("found:\n%s", strings.Join(found, "\n"))
	}
}

func TestCommandsSeeTheMailTheTopAndTheirArguments(t *testing.T) {
	t.Parallel()
	mail := "Subject: [PATCH] x\n\nbytes \xff\x00 and \r\n" + strings.Repeat("long\n", 100_000)
	r, to, cc := commands(t, "#!/bin/sh\ncat >mail; echo \"$1@$#.example\"; pwd >where\n", "")
	got, err := findAll(context.Background(), mailsFor(mail), finder(r.Dir, r.Env, time.Minute, question{field: To, command: to}, question{field: Cc, command: cc}))
	if err != nil || len(got.To) != 0 || len(got.Warnings) != 1 || got.Warnings[0].Line != "an argument@1.example" {
		t.Errorf("%+v, %v", got, err)
	}
	if seen, err := os.ReadFile(filepath.Join(r.Dir, "mail")); string(seen) != mail {
		t.Errorf("the command read %d bytes of %d, %v", len(seen), len(mail), err)
	}
	top := r.Git("rev-parse", "--show-toplevel")
	if where, err := os.ReadFile(filepath.Join(r.Dir, "where")); strings.TrimSpace(string(where)) != top {
		t.Errorf("it ran in %q, %v", where, err)
	}
}

func TestNoCommands(t *testing.T) {
	t.Parallel()
	got, err := find(t, "", "", time.Minute, "mail")
	if err != nil || got.Found != nil || got.Warnings != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// A command need not read its input.
func TestDeafCommand(t *testing.T) {
	t.Parallel()
	got, err := find(t, "#!/bin/sh\necho a@example.org\n", "", time.Minute, strings.Repeat("x", 1<<20))
	if err != nil || list(got.To) != "a@example.org" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnswerLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, line, want, warning string }{
		{"role", "Jane Doe <j@example.org> (maintainer:FOO BAR)", "Jane Doe <j@example.org>", ""},
		{"role of a list", "linux-foo@example.org (open list:FOO (32-BIT))", "linux-foo@example.org", ""},
		{"role cut in the middle", "linux-foo@example.org (open list:FOO (32-...)", "linux-foo@example.org", ""},
		{"role with an address", "j@example.org (supporter:x@y,commit_signer:3/5=60%)", "j@example.org", ""},
		{"role with brackets", "j@example.org (open list:<foo>)", "j@example.org", ""},
		{"two roles", "<j@example.org> (a:B) (c:D)", "j@example.org", ""},
		{"quoted name", `"Doe (x) > \" y, Jane" <j@example.org> (role)`, `"Doe (x) > \" y, Jane" <j@example.org>`, ""},
		{"comment inside the name", "Jane (JD) Doe <j@example.org>", `"Jane (JD) Doe" <j@example.org>`, ""},
		{"comma in a name without quotes", "Doe, Jane <j@example.org>", `"Doe, Jane" <j@example.org>`, ""},
		{"a list, as b4 takes it", "a@example.org, B <b@example.org>", "a@example.org; B <b@example.org>", ""},
		{"empty", " \t\r", "", ""},
		{"CRLF", "j@example.org\r", "j@example.org", ""},
		{"encoded name", "=?utf-8?q?J=C3=B6rg?= <j@example.org>", "Jörg <j@example.org>", ""},
		{"no address", "Bad divisor in main::", "", `b4.x printed "Bad divisor in main::", which is no address`},
		{"escape sequence", "\x1b[2J <j@example.org>", "", `b4.x printed "\x1b[2J <j@example.org>"`},
		{"not UTF-8", "J\xf6rg <j@example.org>", "", `b4.x printed "J\xf6rg`},
	} {
		var a Answer
		a.read(c.line+"\n", Cc, 3, "b4.x")
		if got := list(a.Found); got != c.want {
			t.Errorf("%s: %q gave %s", c.why, c.line, got)
		}
		if got := list(a.Warnings); !strings.HasPrefix(got, c.warning) || (got == "") != (c.warning == "") {
			t.Errorf("%s: %q warns %s", c.why, c.line, got)
		}
	}
}

// A command that prints garbage does not flood the terminal.
func TestGarbageIsToldInFewLines(t *testing.T) {
	t.Parallel()
	var a Answer
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "%d %s\n", i, strings.Repeat("x", 10000))
	}
	a.read(text.String()+"a@example.org\n", Cc, 0, "b4.x")
	if len(a.Found) != 1 || len(a.Warnings) != 6 || a.Warnings[5].String() != "b4.x: 995 more lines that name nobody" {
		t.Errorf("found %v, %d warnings", a.Found, len(a.Warnings))
	}
	for _, w := range a.Warnings {
		if len(w.String()) > 300 {
			t.Errorf("a warning of %d bytes", len(w.String()))
		}
	}
}

func TestOneWarningForTheSameLine(t *testing.T) {
	t.Parallel()
	got, err := find(t, "#!/bin/sh\necho nobody\necho a@example.org\n", "", time.Minute, "1", "2", "3")
	if err != nil || len(got.Warnings) != 1 || len(got.Found) != 3 || list(got.To) != "a@example.org" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFailuresNameCommandPatchAndStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, to, cc, status, stderr string }{
		{"exit status", "#!/bin/sh\necho a@example.org\nprintf 'bad \\033[31mthing\\n' >&2; exit 3\n", "", "exit status 3", `bad \x1b[31mthing`},
		{"Cc command", "#!/bin/sh\n", "#!/usr/bin/perl\ndie \"no MAINTAINERS\\n\";\n", "exit status 2", "no MAINTAINERS"},
		{"signal", "#!/bin/sh\nkill -TERM $$\n", "", "signal: terminated", ""},
		{"no interpreter", "#!/no/such/interpreter\n", "", "no such file or directory", ""},
		{"too much output", "#!/bin/sh\nhead -c 2000000 /dev/zero\n", "", "it printed more than 1048576 bytes", ""},
		{"a process left behind", "#!/bin/sh\nsleep 100 &\n", "", "it ended but left a process behind", ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			_, err := find(t, c.to, c.cc, time.Minute, "mail")
			failed := (*CommandError)(nil)
			if !errors.As(err, &failed) {
				t.Fatalf("got %v", err)
			}
			key := "b4.send-auto-to-cmd"
			if c.cc != "" {
				key = "b4.send-auto-cc-cmd"
			}
			if failed.Command.Key != key || failed.Title != "foo: change 1" || failed.Stderr != c.stderr || !strings.Contains(failed.Status, c.status) {
				t.Errorf("%+v", failed)
			}
			for _, part := range []string{key, failed.Command.Line, "foo: change 1", c.status, c.stderr} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
		})
	}
}

func TestTheFirstFailingPatchIsNamed(t *testing.T) {
	t.Parallel()
	const script = "#!/bin/sh\nread -r what; case $what in slow) sleep 0.3; exit 1;; fast) exit 1;; esac\n"
	_, err := find(t, script, "", time.Minute, "good", "slow", "fast", "fast")
	failed := (*CommandError)(nil)
	if !errors.As(err, &failed) || failed.Title != "foo: change 2" {
		t.Errorf("got %v", err)
	}
}

// A Finder need not be a command.
func TestAfterAFailureNobodyIsAsked(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var asked atomic.Int32
	_, err := findAll(context.Background(), mailsFor(make([]string, 1000)...), func(context.Context, int, PatchMail) (Answer, error) {
		asked.Add(1)
		time.Sleep(time.Millisecond)
		return Answer{}, broken
	})
	if n := int(asked.Load()); err != broken || n > 2*runtime.NumCPU()+1 {
		t.Errorf("%v after %d patches", err, n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := findAll(ctx, mailsFor("mail"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before it began: %v", err)
	}
}

// The project's own script, found and run as the project has it.
func TestTheTreesScript(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Write("scripts/get_maintainer.pl", `#!/usr/bin/perl
use strict;
my %on = map { $_ => 1 } @ARGV;
die "wrong arguments: @ARGV" unless @ARGV == 5 && $on{"--nogit"} && $on{"--norolestats"};
while (<STDIN>) {
	next unless m{^\+\+\+ b/(\S+)\.c};
	print "\"Doe, Jane\" <$1\@example.org>\n" if $on{"--nol"};
	print "$1-list\@example.org\n" if $on{"--nom"};
}
`)
	if err := os.Chmod(filepath.Join(r.Dir, "scripts/get_maintainer.pl"), 0o755); err != nil {
		t.Fatal(err)
	}
	base := r.Commit("base\n")
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	settings, err := project.Load(context.Background(), repo, gitrepo.ID(base))
	if err != nil {
		t.Fatal(err)
	}
	to, cc, err := settings.RecipientCommands()
	if err != nil || to.NeedsConsent() || cc.NeedsConsent() {
		t.Fatal(to, cc, err)
	}
	got, err := findAll(context.Background(), mailsFor("+++ b/foo.c\n", "+++ b/bar.c\n+++ b/foo.c\n"),
		finder(repo.TopLevel, r.Env, time.Minute, question{field: To, command: to}, question{field: Cc, command: cc}))
	if err != nil || list(got.To) != `"Doe, Jane" <foo@example.org>; "Doe, Jane" <bar@example.org>` ||
		list(got.Cc) != "foo-list@example.org; bar-list@example.org" {
		t.Errorf("To: %s\nCc: %s\n%v", list(got.To), list(got.Cc), err)
	}
	if got.Found[0].Source != "scripts/get_maintainer.pl" {
		t.Errorf("named by %s", got.Found[0].Source)
	}
}

// The end of stderr is where the error stands.
func TestLongStderr(t *testing.T) {
	t.Parallel()
	_, err := find(t, "#!/bin/sh\nyes noise | head -c 100000 >&2; echo last words >&2; exit 1\n", "", time.Minute, "mail")
	failed := (*CommandError)(nil)
	if !errors.As(err, &failed) || len(failed.Stderr) > maxStderr+10 || !strings.HasSuffix(failed.Stderr, "last words") || !strings.HasPrefix(failed.Stderr, "... ") {
		t.Errorf("got %v", err)
	}
}

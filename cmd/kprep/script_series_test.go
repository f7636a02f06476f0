package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// makeSeries: series [PATCHES]. It makes the repository $WORK/project with the
// tag v1.0 and the branch b4/topic, a series of so many patches (2 unless said
// otherwise) with a complete cover letter to list@lists.example.org, and goes
// there. Patch N creates the file N.
func makeSeries(ts *testscript.TestScript, neg bool, args []string) {
	patches := 2
	if len(args) == 1 {
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		patches = n
	}
	if neg || len(args) > 1 {
		ts.Fatalf("usage: series [PATCHES]")
	}
	const cover = "A short title\n\nWhat this series is about.\n\nTo: list@lists.example.org\nSigned-off-by: Jane Doe <jane@example.org>\n"
	makeProject(ts, neg, nil)
	dir := ts.MkAbs(".")
	ts.Check(os.WriteFile(filepath.Join(dir, ".git", "cover"), []byte(cover), 0o600))
	ts.Check(ts.Exec("kprep", "-q", "new", "topic"))
	ts.Check(ts.Exec("kprep", "-q", "cover", "--from", ".git/cover"))
	for i := range patches {
		name := strconv.Itoa(i + 1)
		ts.Check(os.WriteFile(filepath.Join(dir, name), []byte("line "+name+"\n"), 0o600))
		ts.Check(ts.Exec("git", "add", name))
		ts.Check(ts.Exec("git", "commit", "-q", "-m", "add "+name, "-m", "It was missing."))
	}
}

// makeProject: project. It makes the repository $WORK/project with one commit,
// the tag v1.0 and the file "file", and goes there.
func makeProject(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: project")
	}
	dir := filepath.Join(ts.Getenv("WORK"), "project")
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(ts.Chdir(dir))
	ts.Check(os.WriteFile(filepath.Join(dir, "file"), []byte("one\n"), 0o600))
	for _, words := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-q", "-m", "Start"}, {"tag", "v1.0"}} {
		ts.Check(ts.Exec("git", words...))
	}
}

// mailTo: mailto NAME. Mail goes through that server, in the clear, with the
// pauses before another try cut to 50 ms, 250 ms and 1.5 s.
func mailTo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || state(ts).servers[args[0]] == nil {
		ts.Fatalf("usage: mailto NAME")
	}
	server := state(ts).servers[args[0]]
	ts.Check(ts.Exec("git", "config", "--global", "sendemail.smtpServer", server.Host()))
	ts.Check(ts.Exec("git", "config", "--global", "sendemail.smtpServerPort", server.Port()))
	ts.Check(ts.Exec("git", "config", "--global", "kprep.smtp-timeout", "15"))
}

// checkRefused: refused STATUS PROGRAM [ARGUMENTS]. The program must end with
// that status, print nothing on stdout, change nothing in the repository here and send nothing to any server. Its stderr is left for cmp,
// made independent of the run: see [stable].
func checkRefused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refused STATUS PROGRAM [ARGUMENTS]")
	}
	dir := ts.MkAbs(".")
	before, mail := repositoryState(ts, dir), received(ts)
	checkStatus(ts, false, args)
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("%s printed a result: %s", args[1], out)
	}
	text := ts.ReadFile("stderr")
	if after := repositoryState(ts, dir); !bytes.Equal(after, before) {
		ts.Fatalf("%s changed the repository\n--- before\n%s--- after\n%s", args[1], before, after)
	}
	if after := received(ts); after != mail {
		ts.Fatalf("%s sent %d messages", args[1], after-mail)
	}
	fmt.Fprint(ts.Stderr(), stable(ts, text))
}

func received(ts *testscript.TestScript) int {
	n := 0
	for _, server := range state(ts).servers {
		n += len(server.Messages())
	}
	for _, web := range state(ts).webs {
		n += len(web.Messages())
	}
	return n
}

// stable replaces the scratch directory by $WORK, ports of servers by PORT,
// object names by HASH, and what else differs from run to run.
func stable(ts *testscript.TestScript, text string) string {
	text = strings.ReplaceAll(text, ts.Getenv("WORK"), "$WORK")
	for _, server := range state(ts).servers {
		text = strings.ReplaceAll(text, ":"+server.Port(), ":PORT")
	}
	for name, web := range state(ts).webs {
		text = strings.ReplaceAll(text, web.URL(), "URL-of-"+name)
	}
	for _, volatile := range [][2]string{
		{`\bcover-[0-9]+\b`, "cover-N"},
		{`\bprocess id [0-9]+\b`, "process id N"},
		{`\bsince [-0-9]+ [:0-9]+`, "since TIME"},
	} {
		text = regexp.MustCompile(volatile[0]).ReplaceAllString(text, volatile[1])
	}
	return regexp.MustCompile(`\b[0-9a-f]{7,64}\b`).ReplaceAllStringFunc(text, func(word string) string {
		if len(word) == len("20250102") || word == "ed25519" { // a date, a kind of key
			return word
		}
		return "HASH"
	})
}

// interruptAt: interrupt STATUS SERVER REGEXP PROGRAM [ARGUMENTS]. It runs the
// program, sends it SIGINT as soon as the lines that the server was given match,
// and wants the status. stdout and stderr are left as by refused.
func interruptAt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || state(ts).servers[args[1]] == nil {
		ts.Fatalf("usage: interrupt STATUS SERVER REGEXP PROGRAM [ARGUMENTS]")
	}
	server, pattern := state(ts).servers[args[1]], regexp.MustCompile(args[2])
	cmd := exec.Command(args[3], args[4:]...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), append(state(ts).vars, "KPREP_SEED="+ts.Getenv("KPREP_SEED"))
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	ts.Check(cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for deadline := time.Now().Add(20 * time.Second); !pattern.MatchString(strings.Join(server.Lines(), "\n")); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			cmd.Process.Kill()
			<-done
			ts.Fatalf("%s never said %s\n%s", args[3], args[2], stderr.String())
		}
	}
	ts.Check(cmd.Process.Signal(syscall.SIGINT))
	err := <-done
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%s: %v", args[3], err)
	}
	fmt.Fprint(ts.Stdout(), stable(ts, stdout.String()))
	fmt.Fprint(ts.Stderr(), stable(ts, stderr.String()))
	if got := cmd.ProcessState.ExitCode(); strconv.Itoa(got) != args[0] {
		ts.Fatalf("%s ended with status %d, want %s\n%s", args[3], got, args[0], stderr.String())
	}
}

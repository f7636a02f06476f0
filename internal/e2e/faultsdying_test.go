package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// dying are faults of this machine and of who sits at it.
func dying() []scenario {
	hangAt := func(stage mailtest.Stage, message int, keep bool) mailtest.Options {
		return on(mailtest.Fault{At: stage, Message: message, Hang: true, Keep: keep})
	}
	all := []scenario{
		{row: 36, name: "killed in the dialogue", server: hangAt(mailtest.AtRCPT, 2, false), statuses: []int{-1, 0}, fault: killed("RCPT", 4), more: true},
		{row: 36, name: "killed after the dot, and there", server: hangAt(mailtest.AtDot, 2, true), statuses: []int{-1, 4, 0}, fault: killedInFlight(syscall.SIGKILL)},
		{row: 36, name: "killed after the dot, and gone", server: hangAt(mailtest.AtDot, 2, false), statuses: []int{-1, 4, 0}, fault: killedInFlight(syscall.SIGKILL), more: true},
		{row: 37, name: "killed before tag and reroll", server: hangAt(mailtest.AtQUIT, 0, false), statuses: []int{-1, 0}, fault: killed("QUIT", 1)},
		{row: 41, name: "the branch is locked when the mail is out", said: "could not be updated", statuses: []int{5, 0},
			server: on(mailtest.Fault{At: mailtest.AtDot, Message: 4, Pause: time.Second}), fault: func(s *staging) {
				g := s.start("send", "--yes")
				s.hears("DATA", 4)
				s.lock("refs/heads/b4/topic")
				s.ends(g)
			}, heal: func(s *staging) { s.unlock("refs/heads/b4/topic") }},
		{row: 43, name: "two at once", said: "process id", statuses: []int{1, 0},
			server: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Pause: 2 * time.Second}), fault: func(s *staging) {
				g := s.start("send", "--yes")
				s.hears("DATA", 2)
				g.cmd.Process.Signal(syscall.SIGSTOP) // however long the other one takes
				s.kprep("send", "--yes")
				g.cmd.Process.Signal(syscall.SIGCONT)
				s.ends(g)
			}},
		{row: 44, name: "suspended until the connection is gone", statuses: []int{0},
			server: on(mailtest.Fault{At: mailtest.AtRCPT, Message: 2, Drop: true, Pause: time.Second}), fault: suspended, more: true},
		{row: 44, name: "suspended after the dot", statuses: []int{4, 0}, said: "no answer to the final dot",
			server: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Drop: true, Keep: true, Pause: time.Second}), fault: suspended, more: true},
		{row: 46, name: "amended in between", statuses: []int{3, 0}, server: on(mailtest.Fault{At: mailtest.AtMAIL, Since: 3, Reply: "451 4.3.0 later"}),
			heal: func(s *staging) {
				s.repo.Write("file2", "something else\n")
				s.repo.Git("commit", "--quiet", "--all", "--amend", "-m", "amended")
			}},
	}
	for sig, name := range map[syscall.Signal]string{syscall.SIGINT: "Ctrl-C", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "the terminal is closed"} {
		all = append(all, scenario{row: 38, name: name, statuses: []int{3, 0}, said: "interrupted", more: sig != syscall.SIGINT,
			server: on(mailtest.Fault{At: mailtest.AtDot, Message: 2, Pause: time.Second}), fault: killedInFlight(sig)})
	}
	return append(all, scenario{row: 38, name: "Ctrl-C twice", server: hangAt(mailtest.AtDot, 2, true), statuses: []int{4, 0}, more: true, fault: func(s *staging) {
		g := s.start("send", "--yes")
		s.hears("DATA", 2)
		s.inFlight()
		g.cmd.Process.Signal(syscall.SIGINT)
		time.Sleep(300 * time.Millisecond)
		g.cmd.Process.Signal(syscall.SIGINT)
		s.ends(g)
	}})
}

// ends waits for a run that counts.
func (s *staging) ends(g *going) {
	s.t.Helper()
	status, _ := g.end()
	s.statuses = append(s.statuses, status)
}

// killed kills the run when the server has heard the n-th of a command.
func killed(command string, n int) func(*staging) {
	return func(s *staging) {
		g := s.start("send", "--yes")
		s.hears(command, n)
		g.cmd.Process.Kill()
		s.ends(g)
	}
}

// inFlight waits until the second message is.
func (s *staging) inFlight() {
	s.t.Helper()
	s.until("the second message in flight", func() bool {
		logs, _ := filepath.Glob(s.path("repo/.git/kprep/send/*/v1/*/log"))
		for _, name := range logs {
			if text, _ := os.ReadFile(name); strings.Count(string(text), `"in-flight"`) >= 2 {
				return true
			}
		}
		return false
	})
	time.Sleep(100 * time.Millisecond) // the record is there; so is the dot
}

// killedInFlight sends the signal while the second message is in flight.
func killedInFlight(sig syscall.Signal) func(*staging) {
	return func(s *staging) {
		g := s.start("send", "--yes")
		s.inFlight()
		g.cmd.Process.Signal(sig)
		s.ends(g)
	}
}

func suspended(s *staging) {
	g := s.start("send", "--yes")
	s.hears("RCPT", 4)
	g.cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(1500 * time.Millisecond)
	g.cmd.Process.Signal(syscall.SIGCONT)
	s.ends(g)
}

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/internal/mailtest"
)

const (
	canary  = "c4nary-in-the-mine"
	mailbox = "jane@example.org"
	bob     = "bob@example.org"
	list    = "list@lists.example.org"

	// within is how long one run of kprep may take in a scenario: far more
	// than all its limits together, which the settings shrink.
	within = 30 * time.Second
)

// gitSpy stands in front of git and writes down what it is called with.
const gitSpy = "#!/bin/sh\n{ printf '%%s\\n' \"$*\"; export -p; } >>%q\nexec %q \"$@\"\n"

// mailedSeries is a cover letter and three patches with 8-bit text, for three
// recipients, that has a way to send and a password in a credential helper.
func mailedSeries(t *testing.T) *gittest.Repo {
	t.Helper()
	r := gittest.New(t)
	r.Commit("base\n")
	run(t, r, "new", "topic")
	file := filepath.Join(filepath.Dir(r.Dir), "cover")
	cover := fmt.Sprintf("A title\n\nText.\n\nTo: %s\nCc: %s\nCc: carol@example.org\n", list, bob)
	if err := os.WriteFile(file, []byte(cover), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, r, "cover", "--from", file)
	for i := range 3 {
		r.Write(fmt.Sprintf("file%d", i), fmt.Sprintf("naïve %d\n.\n..dots\nFrom here\n\ttab \n", i))
		r.Commit(fmt.Sprintf("add %d\n\nText.\n", i))
	}
	return r
}

// A staging is one scenario under way, in a repository of its own.
type staging struct {
	t        *testing.T
	repo     *gittest.Repo
	server   *mailtest.Server // where mail goes now
	earlier  []mailtest.Message
	root     string // of the scenario's files
	statuses []int
	printed  strings.Builder // what all runs printed
	base     string          // what the series starts from
	branch   string          // its tip, when it was sent first
}

func stageFault(t *testing.T, template *gittest.Repo, sc *scenario) *staging {
	t.Helper()
	s := &staging{t: t, repo: new(gittest.Repo), root: t.TempDir()}
	*s.repo = *template
	s.repo.Dir = filepath.Join(s.root, "repo")
	if err := os.CopyFS(s.repo.Dir, os.DirFS(template.Dir)); err != nil {
		t.Fatal(err)
	}
	s.spyOnGit()
	s.set("credential.helper", "store --file "+s.path("passwords"))
	s.set("sendemail.smtpUser", mailbox)
	s.set("kprep.smtp-timeout", "6")
	for _, line := range sc.config {
		key, value, _ := strings.Cut(line, "=")
		s.set(key, value)
	}
	s.moveTo(sc.server)
	s.base = s.repo.Git("rev-parse", "main")
	return s
}

func (s *staging) path(name string) string { return filepath.Join(s.root, name) }

func (s *staging) write(name, text string, mode os.FileMode) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
}

func (s *staging) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	return string(text)
}

func (s *staging) spyOnGit() {
	git, err := exec.LookPath("git")
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.Mkdir(s.path("bin"), 0o700); err != nil {
		s.t.Fatal(err)
	}
	s.write("bin/git", fmt.Sprintf(gitSpy, s.path("seen"), git), 0o700)
	s.repo.Env = append(slices.Clone(s.repo.Env), "PATH="+s.path("bin")+":"+os.Getenv("PATH"))
}

// set adds a line to the repository's configuration; the last one counts.
func (s *staging) set(key, value string) {
	s.t.Helper()
	section, name, _ := strings.Cut(key, ".")
	config, err := os.OpenFile(filepath.Join(s.repo.Dir, ".git", "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer config.Close()
	value = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
	fmt.Fprintf(config, "[%s]\n\t%s = \"%s\"\n", section, name, value)
}

// moveTo starts another server, and lets the mail go there.
func (s *staging) moveTo(o mailtest.Options) {
	s.t.Helper()
	if s.server != nil {
		s.earlier = append(s.earlier, s.server.Messages()...)
	}
	if o.Users == nil {
		o.Users = map[string]string{mailbox: canary}
	}
	s.server = mailtest.Start(s.t, o)
	s.set("sendemail.smtpServer", s.server.Host())
	s.set("sendemail.smtpServerPort", s.server.Port())
	if o.TLS == mailtest.StartTLS {
		s.write("ca.pem", string(s.server.CA()), 0o600)
		s.set("sendemail.smtpSSLCertPath", s.path("ca.pem"))
	}
	s.remember(canary)
}

// remember gives the helper a password for the server.
func (s *staging) remember(password string) {
	s.write("passwords", fmt.Sprintf("smtp://%s:%s@%s%%3a%s\n", strings.Replace(mailbox, "@", "%40", 1), password, s.server.Host(), s.server.Port()), 0o600)
}

// arrived is all mail so far.
func (s *staging) arrived() []mailtest.Message {
	return slices.Concat(s.earlier, s.server.Messages(), s.queued())
}

// A going is a run of kprep that has not ended.
type going struct {
	s      *staging
	cmd    *exec.Cmd
	out    bytes.Buffer
	cancel context.CancelFunc
	ctx    context.Context
}

func (s *staging) start(words ...string) *going {
	s.t.Helper()
	g := &going{s: s}
	g.ctx, g.cancel = context.WithTimeout(s.t.Context(), within)
	path, _ := exec.LookPath("kprep")
	g.cmd = exec.CommandContext(g.ctx, path, words...)
	g.cmd.Dir, g.cmd.Env = s.repo.Dir, s.repo.Env
	g.cmd.Stdout, g.cmd.Stderr = &g.out, &g.out
	g.cmd.WaitDelay = time.Second
	if err := g.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	return g
}

// end waits, and returns the exit status, -1 after a signal, and the output.
func (g *going) end() (int, string) {
	g.s.t.Helper()
	g.cmd.Wait()
	late := g.ctx.Err()
	g.cancel()
	fmt.Fprintf(&g.s.printed, "$ kprep %s\n%s", strings.Join(g.cmd.Args[1:], " "), g.out.Bytes())
	if late != nil {
		g.s.t.Fatalf("kprep %q hangs\n%s", g.cmd.Args[1:], g.out.String())
	}
	return g.cmd.ProcessState.ExitCode(), g.out.String()
}

// kprep is one run that counts.
func (s *staging) kprep(words ...string) (status int, out string) {
	s.t.Helper()
	status, out = s.start(words...).end()
	s.statuses = append(s.statuses, status)
	return status, out
}

// until waits for something to come true.
func (s *staging) until(what string, is func() bool) {
	s.t.Helper()
	for begin := time.Now(); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > within {
			s.t.Fatalf("it never came to this: %s", what)
		}
	}
}

// hears waits until the server has been told the n-th of a command.
func (s *staging) hears(command string, n int) {
	s.t.Helper()
	s.until(fmt.Sprintf("%s %d", command, n), func() bool {
		return strings.Count("\n"+strings.Join(s.server.Lines(), "\n"), "\n"+command) >= n
	})
}

// A sending is one send as 'kprep send --status --json' tells it.
type sending struct {
	State, Journal string
	Messages       []struct {
		ID         string `json:"message-id"`
		Recipients []struct{ Recipient, State string }
	}
}

// sending is the last send that was not given up; its zero value when there is
// none.
func (s *staging) sending() sending {
	s.t.Helper()
	_, text := s.start("send", "--status", "--json").end()
	var status struct{ Sends []sending }
	if err := json.Unmarshal([]byte(text[strings.Index(text, "{"):]), &status); err != nil {
		s.t.Fatalf("%v\n%s", err, text)
	}
	status.Sends = slices.DeleteFunc(status.Sends, func(one sending) bool { return one.State == "abandoned" })
	if len(status.Sends) == 0 {
		return sending{}
	}
	return status.Sends[len(status.Sends)-1]
}

// settling are the options that tell the truth about what is unknown.
func (s *staging) settling() []string {
	var words []string
	for _, m := range s.sending().Messages {
		for _, r := range m.Recipients {
			if r.State != "unknown" {
				continue
			}
			option := "--not-arrived"
			if slices.ContainsFunc(s.arrived(), func(a mailtest.Message) bool {
				return bytes.Contains(a.Data, []byte("<"+m.ID+">\r\n")) && isAbout(a, m.ID)
			}) {
				option = "--arrived"
			}
			words = append(words, option, m.ID)
			break
		}
	}
	return words
}

func isAbout(m mailtest.Message, id string) bool {
	found := idLine.FindSubmatch(m.Data)
	return found != nil && string(found[1]) == id
}

// goOn is what a user does once the world is well again: --continue until
// nothing is left. Nothing of unknown fate may leave before he settles it.
func (s *staging) goOn() {
	s.t.Helper()
	status, out := s.statuses[len(s.statuses)-1], ""
	for range 5 {
		if status == 0 {
			return
		}
		words := []string{"send", "--continue", "--yes"}
		if status == 4 {
			before := len(s.arrived())
			if again, out := s.start(words...).end(); again != 4 || s.repeats(before) {
				s.t.Fatalf("unasked: status %d, %d messages, were %d\n%s", again, len(s.arrived()), before, out)
			}
			words = append(words, s.settling()...)
		}
		if status == 3 && len(s.statuses) > 1 {
			words = append(words, "--accept-refusals")
		}
		status, out = s.kprep(words...)
	}
	s.t.Errorf("statuses %v, and no end\n%s", s.statuses, out)
}

// repeats says whether what came after the first so many had been there.
func (s *staging) repeats(first int) bool {
	all := s.arrived()
	for _, m := range all[first:] {
		if slices.ContainsFunc(all[:first], func(was mailtest.Message) bool { return bytes.Equal(was.Data, m.Data) }) {
			return true
		}
	}
	return false
}

// judge compares what arrived with what was to arrive, byte for byte.
func (s *staging) judge(refused int) {
	s.t.Helper()
	one := s.sending()
	if len(one.Messages) != 4 || one.State != "closed" {
		s.t.Fatalf("%d messages, %q\n%s", len(one.Messages), one.State, s.printed.String())
	}
	var wanted []mailtest.Wanted
	for _, m := range one.Messages {
		w := mailtest.Wanted{ID: m.ID}
		for _, r := range m.Recipients {
			switch r.State {
			case "accepted":
				w.To = append(w.To, r.Recipient)
			case "refused":
				refused--
			default:
				s.t.Errorf("%s is %s for %s", m.ID, r.State, r.Recipient)
			}
		}
		wanted = append(wanted, w)
	}
	if refused != 0 {
		s.t.Errorf("%d more refusals than the journal has", refused)
	}
	if err := mailtest.CheckSeries(s.arrived(), wanted); err != nil {
		s.t.Error(err)
	}
	s.checkPatches()
	if tags := s.repo.Git("tag", "--list", "sent/*"); strings.Count(tags, "sent/") != 1 {
		s.t.Errorf("tags %q", tags)
	}
}

// checkPatches has git compare the patches that arrived with the commits.
func (s *staging) checkPatches() {
	s.t.Helper()
	ids := func(text string) []string {
		var all []string
		for line := range strings.Lines(s.repo.GitInput(text, "patch-id", "--verbatim")) {
			id, _, _ := strings.Cut(line, " ")
			all = append(all, id)
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	var text strings.Builder
	for _, m := range s.arrived() {
		body := open(s.t, bytes.ReplaceAll(m.Data, []byte("\r\n"), []byte("\n"))).body
		if patch := strings.Index(body, "\ndiff --git"); patch >= 0 {
			patch, _, _ := strings.Cut(body[patch:], "\n-- \n") // what follows is a signature
			fmt.Fprintf(&text, "From %040d Mon Sep 17 00:00:00 2001\n%s\n", 1, patch)
		}
	}
	got := ids(text.String())
	want := ids(s.repo.Git("log", "--reverse", "-p", "--format=From %H Mon Sep 17 00:00:00 2001", s.base+".."+s.branch) + "\n")
	lost := slices.DeleteFunc(slices.Clone(got), func(id string) bool { return slices.Contains(want, id) })
	if len(lost) > 0 || len(got) == 0 {
		s.t.Errorf("patches %v, want some of %v", got, want)
	}
}

// checkSecrets looks for the password wherever it must not be.
func (s *staging) checkSecrets() {
	s.t.Helper()
	places := map[string]string{"the output": s.printed.String(), "arguments or environment of git": s.read("seen")}
	if places["arguments or environment of git"] == "" {
		s.t.Error("nobody saw git")
	}
	err := filepath.WalkDir(filepath.Join(s.repo.Dir, ".git", "kprep"), func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			text, readErr := os.ReadFile(path)
			places[path], err = string(text), readErr
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Error(err)
	}
	secrets := []string{canary, base64.StdEncoding.EncodeToString([]byte("\x00" + mailbox + "\x00" + canary)), base64.StdEncoding.EncodeToString([]byte(canary))}
	for place, text := range places {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				s.t.Errorf("the password is in %s", place)
			}
		}
	}
}

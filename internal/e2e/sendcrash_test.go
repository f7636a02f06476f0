package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/internal/mailtest"
)

// toSend is a series of eleven patches and a cover letter, twelve messages.
func toSend(t *testing.T) *gittest.Repo {
	r := gittest.New(t)
	r.Commit("base\n")
	run(t, r, "new", "topic")
	file := filepath.Join(filepath.Dir(r.Dir), "cover")
	if err := os.WriteFile(file, []byte("A title\n\nText.\n\nTo: list@lists.example.org\nCc: bob@example.org\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, r, "cover", "--from", file)
	for i := range 11 {
		r.Write(fmt.Sprintf("file%d", i), "text\n")
		r.Commit(fmt.Sprintf("add %d\n\nText.\n", i))
	}
	r.Git("config", "sendemail.smtpServer", "127.0.0.1")
	return r
}

// A sendCrash is one send that is killed, in a copy of the repository.
type sendCrash struct {
	t      *testing.T
	repo   *gittest.Repo
	server *mailtest.Server
	port   string // where it is to be had, some way off
}

func (c sendCrash) kprep(words ...string) (status int, out string) {
	c.t.Helper()
	cmd := program(c.repo, append([]string{"-c", "sendemail.smtpServerPort=" + c.port}, words...)...)
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// kill runs kprep and kills it after a while.
func (c sendCrash) kill(after time.Duration, words ...string) {
	c.t.Helper()
	cmd := program(c.repo, append([]string{"-c", "sendemail.smtpServerPort=" + c.port}, words...)...)
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	time.Sleep(after)
	cmd.Process.Kill()
	cmd.Wait()
	dropLocks(c.repo)
	for was := -1; was != len(c.server.Messages()); time.Sleep(20 * time.Millisecond) {
		was = len(c.server.Messages()) // and what is on its way gets there
	}
}

var idLine = regexp.MustCompile(`(?mi)^Message-ID: <([^>]+)>`)

// arrived are the message-ids that the server has, in order.
func (c sendCrash) arrived() []string {
	var ids []string
	for _, m := range c.server.Messages() {
		ids = append(ids, idLine.FindStringSubmatch(string(m.Data))[1])
	}
	return ids
}

// unknown are the message-ids that the journal is in doubt about.
func (c sendCrash) unknown() []string {
	_, text := c.kprep("send", "--status", "--json")
	var status struct {
		Sends []struct {
			Messages []struct {
				ID         string `json:"message-id"`
				Recipients []struct{ State string }
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &status); err != nil {
		c.t.Fatalf("%v\n%s", err, text)
	}
	var ids []string
	for _, s := range status.Sends {
		for _, m := range s.Messages {
			if m.Recipients[0].State == "unknown" {
				ids = append(ids, m.ID)
			}
		}
	}
	return ids
}

// finish goes on until nothing is left, and tells what the kill had hit.
func (c sendCrash) finish() string {
	c.t.Helper()
	what := "between messages"
	status, out := c.kprep("send", "--continue")
	if strings.Contains(out, "no send of this series is unfinished") {
		if n := len(c.server.Messages()); n > 0 && n != 12 {
			c.t.Fatalf("%d messages left, and nothing is open", n)
		}
		if len(c.server.Messages()) == 12 {
			return "after the end"
		}
		what = "before the mail"
		status, out = c.kprep("send", "--yes")
	}
	if status == 4 {
		what = "in flight"
		before := len(c.server.Messages())
		if again, _ := c.kprep("send", "--continue", "--yes"); again != 4 || len(c.server.Messages()) != before {
			c.t.Fatalf("status %d, %d messages, were %d: something was sent unasked", again, len(c.server.Messages()), before)
		}
		words := []string{"send", "--continue"}
		for _, id := range c.unknown() {
			option := "--not-arrived"
			if slices.Contains(c.arrived(), id) {
				option = "--arrived"
			}
			words = append(words, option, id)
		}
		if len(words) == 2 {
			c.t.Fatal("status 4, and nothing is unknown")
		}
		status, out = c.kprep(words...)
	}
	if status != 0 {
		c.t.Fatalf("status %d\n%s", status, out)
	}
	return what
}

// A kill at any moment of a send, and of going on with it: every message
// arrives exactly once, in order, and of what nobody knows nothing is repeated.
func TestKillDuringASend(t *testing.T) {
	t.Parallel()
	template := toSend(t)
	random := rand.New(rand.NewPCG(2, uint64(crashes(t))))
	hit := map[string]int{}
	whole := 400 * time.Millisecond
	for i := range crashes(t) + 1 {
		c := sendCrash{t: t, repo: new(gittest.Repo), server: mailtest.Start(t, mailtest.Options{})}
		*c.repo = *template
		distance, err := mailtest.NewDistance(c.server.Addr(), 8*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		c.port = distance.Port()
		c.repo.Dir = filepath.Join(t.TempDir(), "repo")
		if err := os.CopyFS(c.repo.Dir, os.DirFS(template.Dir)); err != nil {
			t.Fatal(err)
		}
		if i == 0 { // how long it takes here
			begin := time.Now()
			if status, out := c.kprep("send", "--yes"); status != 0 {
				t.Fatalf("status %d\n%s", status, out)
			}
			whole = time.Since(begin)
		} else {
			c.kill(time.Duration(float64(whole)*math.Sqrt(random.Float64())), "send", "--yes") // the later, the likelier in the mail
			if i%4 == 0 {
				c.kill(time.Duration(random.Int64N(int64(whole/2))), "send", "--continue")
			}
			hit[c.finish()]++
		}
		ids := c.arrived()
		if sorted := slices.Sorted(slices.Values(ids)); len(ids) != 12 || len(slices.Compact(sorted)) != 12 {
			t.Fatalf("kill %d: %d messages, %d of them different", i, len(ids), len(slices.Compact(sorted)))
		}
		for k, id := range ids {
			if !strings.Contains(id, fmt.Sprintf("-v1-%d-", k)) {
				t.Errorf("kill %d: message %d is %s", i, k, id)
			}
		}
		if got := run(t, c.repo, "info", "revision"); got != "2\n" {
			t.Errorf("kill %d: the branch is v%s", i, got)
		}
		if got := c.repo.Git("tag", "-l", "sent/*"); strings.Count(got, "sent/") != 1 {
			t.Errorf("kill %d: tags %q", i, got)
		}
		os.RemoveAll(c.repo.Dir)
		distance.Close()
		c.server.Close()
	}
	t.Logf("a send takes %v; kills by what they hit: %v", whole, hit)
}

// F44: a process that sleeps while its connection dies goes on when it wakes up.
func TestSuspendedDuringASend(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{
		{At: mailtest.AtMAIL, Message: 3, Pause: 500 * time.Millisecond, Drop: true}}})
	c := sendCrash{t: t, repo: toSend(t), server: server, port: server.Port()}
	cmd := program(c.repo, "-c", "sendemail.smtpServerPort="+c.port, "send", "--yes")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); strings.Count(strings.Join(server.Lines(), "\n"), "MAIL") < 3; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			cmd.Process.Kill()
			t.Fatalf("it never came to the third message: %q", server.Lines())
		}
	}
	cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(time.Second) // the server has hung up by now
	cmd.Process.Signal(syscall.SIGCONT)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if ids := c.arrived(); len(ids) != 12 || server.Connections() != 2 {
		t.Errorf("%d messages over %d connections: %q", len(ids), server.Connections(), ids)
	}
}

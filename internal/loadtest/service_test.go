package loadtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/internal/mailtest"
)

const serviceURL = "https://send.example.net/_b4_submit"

// patience bounds every wait for something that takes a moment as a rule.
const patience = 2 * time.Minute

// A service is one database, and the instances that run over it.
type service struct {
	t    *testing.T
	dir  string // configuration, feed and logs
	env  []string
	mail *mailtest.Server

	lock      sync.Mutex
	instances []*instance
	started   int
}

// newService configures a service and runs so many instances of it. settings
// are more lines of the section endpoint.
func newService(t *testing.T, database string, instances int, mail *mailtest.Server, settings string) *service {
	t.Helper()
	gittest.Peer(t, "git")
	dir := t.TempDir()
	s := &service{t: t, dir: dir, env: gittest.Env(dir), mail: mail}
	config := fmt.Sprintf(`[endpoint]
	url = %s
	from = devnull@relay.example.net
	destination = [a-z-]+@lists\\.example\\.org
	listen = 127.0.0.1:0
	database = %q
	feed = feed
	listId = topic.lists.example.org
%s
[sendemail]
	smtpServer = %s
	smtpServerPort = %s
`, serviceURL, database, settings, mail.Host(), mail.Port())
	if err := os.WriteFile(s.config(), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for range instances {
		s.instances = append(s.instances, s.start())
	}
	t.Cleanup(func() {
		for _, i := range s.instances {
			i.kill()
		}
	})
	return s
}

func (s *service) config() string { return filepath.Join(s.dir, "endpoint.conf") }

func (s *service) command(words ...string) *exec.Cmd {
	cmd := exec.Command("kprep", words...)
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
}

// An instance is one process.
type instance struct {
	web, smtp string // host:port
	cmd       *exec.Cmd
	ended     chan struct{}
	log       string // its file
}

var (
	webLine  = regexp.MustCompile(`"msg":"listening","address":"([^"]+)"`)
	smtpLine = regexp.MustCompile(`"msg":"listening for mail","address":"([^"]+)"`)
)

// start runs an instance until it listens.
func (s *service) start() *instance {
	s.t.Helper()
	s.started++
	i := &instance{ended: make(chan struct{}), log: filepath.Join(s.dir, fmt.Sprintf("log%d", s.started))}
	log, err := os.Create(i.log)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	i.cmd = s.command("endpoint", "serve", "--config", s.config())
	i.cmd.Stderr = log
	if err := i.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { i.cmd.Wait(); close(i.ended) }()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(i.log)
		if err != nil {
			s.t.Fatal(err)
		}
		if found := webLine.FindSubmatch(text); found != nil {
			i.web = string(found[1])
			if found := smtpLine.FindSubmatch(text); found != nil {
				i.smtp = string(found[1])
			}
			return i
		}
		select {
		case <-i.ended:
			s.t.Fatalf("the service ended: %s", text)
		default:
		}
	}
	i.kill()
	s.t.Fatal("the service does not listen")
	return nil
}

// kill is SIGKILL: the process learns nothing of it.
func (i *instance) kill() {
	i.cmd.Process.Kill()
	<-i.ended
}

// at is the instance that has the place n now.
func (s *service) at(n int) *instance {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.instances[n%len(s.instances)]
}

// replace kills the instance at a place, and runs another.
func (s *service) replace(n int) {
	s.t.Helper()
	s.at(n).kill()
	fresh := s.start()
	s.lock.Lock()
	defer s.lock.Unlock()
	s.instances[n] = fresh
}

// peakMemory is the most that the process ever had in memory, in MB.
func (i *instance) peakMemory(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("no peak in %s", status)
	}
	kB, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kB >> 10
}

// A queued message is one that an operator is told of.
type queued struct {
	Message    int64
	MessageID  string `json:"message-id"`
	Due        time.Time
	Claims     int
	Deliveries []struct{ Recipient, State, Reply string }
}

func (q queued) has(state string) bool {
	for _, d := range q.Deliveries {
		if d.State == state {
			return true
		}
	}
	return false
}

// queue is what kprep endpoint queue says.
func (s *service) queue() []queued {
	s.t.Helper()
	var stderr bytes.Buffer
	cmd := s.command("endpoint", "queue", "--config", s.config(), "--json")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var report struct{ Messages []queued }
	if err == nil {
		err = json.Unmarshal(out, &report)
	}
	if err != nil {
		s.t.Fatalf("kprep endpoint queue: %v\n%s%s", err, out, stderr.Bytes())
	}
	return report.Messages
}

// settle decides on a delivery of unknown fate.
func (s *service) settle(message int64, recipient, decision string) {
	s.t.Helper()
	if out, err := s.command("endpoint", "settle", "--config", s.config(), "--recipient", recipient, decision, fmt.Sprint(message)).CombinedOutput(); err != nil {
		s.t.Fatalf("kprep endpoint settle %d: %v\n%s", message, err, out)
	}
}

// waitFor waits until done, not for ever.
func waitFor(t *testing.T, what string, limit time.Duration, done func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for %v: %s", limit, what)
		}
	}
}

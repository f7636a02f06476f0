package feed

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// run runs a program that must succeed, in a world of its own below home, "" for
// none, and returns what it printed.
func run(t *testing.T, home string, program string, args ...string) string {
	t.Helper()
	gittest.Peer(t, program)
	if home == "" {
		home = t.TempDir()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(gittest.Env(home), "PI_DIR="+filepath.Join(home, ".public-inbox"), "XDG_RUNTIME_DIR="+home)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &complaints, time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s%s", program, args, err, out.Bytes(), complaints.Bytes())
	}
	return out.String()
}

// public-inbox indexes a feed, over the end of an epoch too, and goes on where
// it was; it serves the thread as it was appended.
func TestPublicInbox(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git", "public-inbox-init", "public-inbox-index", "public-inbox-httpd")
	home := t.TempDir()
	dir := filepath.Join(home, "feed")
	s := testSettings(dir)
	s.EpochSize = 1500
	f := openFeed(t, s)
	appendMails(t, f, series("a", 3))
	appendMails(t, f, series("b", 3))
	run(t, home, "public-inbox-init", "-V2", "-L", "basic", "kprep", dir, "http://127.0.0.1/kprep", "list@lists.example.org")
	run(t, home, "public-inbox-index", dir)
	// As docs/running-an-endpoint.md has it, but for the environment.
	hook := filepath.Join(dir, "hooks", "post-commit")
	if err := os.MkdirAll(filepath.Dir(hook), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hook, fmt.Appendf(nil, "#!/bin/sh\nHOME=%s\nexport HOME\nexec public-inbox-index .\n", home), 0o755); err != nil {
		t.Fatal(err)
	}
	late := series("late", 3)
	appendMails(t, f, late)
	if last, err := f.lastEpoch(); err != nil || last == 0 {
		t.Fatalf("all is in one epoch, %v", err)
	}

	url := serve(t, home)
	for _, name := range []string{"a", "b", "late"} {
		mbox := get(t, url+"/kprep/"+name+"-0@example.org/t.mbox.gz")
		if n := strings.Count(mbox, "\nMessage-ID: <"+name+"-"); n != 3 {
			t.Errorf("the thread %s has %d mails:\n%s", name, n, mbox)
		}
	}
	if got := get(t, url+"/kprep/late-1@example.org/raw"); !strings.Contains(got, string(late[1])) {
		t.Errorf("the mail is served as\n%s\nwant\n%s", got, late[1])
	}
	clone := filepath.Join(home, "clone")
	run(t, home, "git", "clone", "-q", "--mirror", url+"/kprep/0", clone)
	if got, want := run(t, home, "git", "-C", clone, "rev-parse", "HEAD"), run(t, home, "git", "-C", f.epoch(0), "rev-parse", "HEAD"); got != want {
		t.Errorf("the clone is at %s, the feed at %s", got, want)
	}
}

// lei finds the mails of a feed.
func TestLei(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git", "public-inbox-init", "public-inbox-index", "lei")
	home, err := os.MkdirTemp("", "kp") // sockets have short names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	dir := filepath.Join(home, "feed")
	appendMails(t, openFeed(t, testSettings(dir)), series("a", 3))
	run(t, home, "public-inbox-init", "-V2", "kprep", dir, "http://127.0.0.1/kprep", "list@lists.example.org")
	run(t, home, "public-inbox-index", dir)
	t.Cleanup(func() { run(t, home, "lei", "daemon-kill") })
	if got := run(t, home, "lei", "q", "--only", dir, "-f", "mboxrd", "l:kprep.lists.example.org"); strings.Count(got, "\nMessage-ID: <a-") != 3 {
		t.Errorf("lei finds\n%s", got)
	}
}

// serve runs public-inbox-httpd and returns its URL.
func serve(t *testing.T, home string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	defer listener.Close()
	// It takes over a listening socket as systemd hands it.
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec public-inbox-httpd -W0 -1 "$0" -2 "$0"`, filepath.Join(home, "httpd.log"))
	cmd.Env = append(gittest.Env(home), "PI_DIR="+filepath.Join(home, ".public-inbox"), "LISTEN_FDS=1")
	cmd.ExtraFiles = []*os.File{file}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(home, "httpd.log"))
			t.Logf("public-inbox-httpd says\n%s", log)
		}
	})
	return fmt.Sprintf("http://%s", listener.Addr())
}

// get fetches a page, and unpacks it.
func get(t *testing.T, url string) string {
	t.Helper()
	client := http.Client{Timeout: time.Minute}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body io.Reader = response.Body
	if strings.HasSuffix(url, ".gz") {
		if body, err = gzip.NewReader(body); err != nil {
			t.Fatalf("%s: %s: %v", url, response.Status, err)
		}
	}
	text, err := io.ReadAll(body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v\n%s", url, response.Status, err, text)
	}
	return string(text)
}

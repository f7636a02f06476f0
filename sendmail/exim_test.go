package sendmail

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// eximConf is an Exim that keeps to one folder, @DIR, and to this machine.
const eximConf = `exim_path = @EXIM
exim_user = nobody
exim_group = nogroup
primary_hostname = mail.example.org
spool_directory = @DIR/spool
log_file_path = @DIR/log/%slog
pid_file_path = @DIR/pid
local_interfaces = 127.0.0.1
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
message_size_limit = 100000
accept_8bitmime = true
pipelining_advertise_hosts = *
tls_advertise_hosts =
keep_environment =
begin acl
rcpt:
  defer local_parts = grey
        message = 4.2.0 Greylisted for 300 seconds
  deny  local_parts = nobody
        message = 5.1.1 No such user
  accept domains = example.org : lists.example.org
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  maildir_format
  directory = @DIR/mail/box
  batch_max = 1
  user = nobody
  group = nogroup
`

// eximUser is who Debian's Exim insists on being.
const eximUser = "Debian-exim"

// startExim runs the Exim that KPREP_EXIM names, which need not be installed,
// and returns its port and its folder for mail. The user whom it wants is there
// for itself alone.
func startExim(t *testing.T) (port, mail string) {
	t.Helper()
	exim := os.Getenv("KPREP_EXIM")
	if exim == "" {
		t.Skip("'make conformance-mail' runs it: it wants root, and a mount namespace")
	}
	dir, err := os.MkdirTemp("/var/tmp", "kprep-exim-") // Exim's own users must get there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range []string{"", "spool", "log", "mail"} {
		path := filepath.Join(dir, name)
		os.Mkdir(path, 0o700)
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(l.Addr().String())
	l.Close()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("conf", strings.NewReplacer("@DIR", dir, "@EXIM", exim).Replace(eximConf))
	for file, line := range map[string]string{"passwd": eximUser + ":x:64999:64999::/:/bin/false\n", "group": eximUser + ":x:64999:\n"} {
		own, err := os.ReadFile("/etc/" + file)
		if err != nil {
			t.Fatal(err)
		}
		write(file, string(own)+line)
	}
	cmd := exec.Command("unshare", "-m", "sh", "-c",
		fmt.Sprintf("mount --bind %[1]s/passwd /etc/passwd && mount --bind %[1]s/group /etc/group && exec %[2]q -C %[1]s/conf -bdf -oX 127.0.0.1.%[3]s", dir, exim, port))
	cmd.WaitDelay = time.Second // for whom it started
	var said head
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for range 200 {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			return port, filepath.Join(dir, "mail")
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("Exim does not answer: %s", said.String())
	return "", ""
}

// Exim takes, refuses and defers what Postfix does, and delivers the planned
// bytes once to each recipient.
func TestEximAgrees(t *testing.T) {
	port, mail := startExim(t)
	playPeer(t, peerCases(), port, mail)
}

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

// postfixMain is a Postfix that keeps to one folder, @DIR, and to this machine.
// It takes mail of up to 100 kB for example.org with at most three recipients,
// and has something against two of them.
const postfixMain = `compatibility_level = 3.6
queue_directory = @DIR/queue
data_directory = @DIR/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = example.org lists.example.org
virtual_mailbox_base = @DIR/mail
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
smtpd_tls_cert_file = @DIR/conf/cert.pem
smtpd_tls_key_file = @DIR/conf/cert.pem
smtpd_tls_security_level = may
smtpd_recipient_limit = 3
smtpd_recipient_restrictions = check_recipient_access inline:{
  {grey@example.org=450 4.2.0 Greylisted for 300 seconds} {nobody@example.org=550 5.1.1 No such user} }, permit_mynetworks, reject
message_size_limit = 100000
maillog_file = @DIR/log
maillog_file_prefixes = @DIR
`

const postfixMaster = `127.0.0.1:@PORT inet n - n - - smtpd
pickup   unix n - n 60 1 pickup
cleanup  unix n - n - 0 cleanup
qmgr     unix n - n 300 1 qmgr
rewrite  unix - - n - - trivial-rewrite
bounce   unix - - n - 0 bounce
defer    unix - - n - 0 bounce
trace    unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error    unix - - n - - error
retry    unix - - n - - error
virtual  unix - n n - - virtual
anvil    unix - - n - 1 anvil
tlsmgr   unix - - n 1000? 1 tlsmgr
postlog  unix-dgram n - n - 1 postlogd
`

// startPostfix runs a Postfix of its own and returns its port, its folder for
// mail and the certificate to trust.
func startPostfix(t *testing.T) (port, mail, ca string) {
	t.Helper()
	if os.Getenv("KPREP_POSTFIX") == "" {
		t.Skip("'make conformance-mail' runs it: it wants Postfix and root")
	}
	dir, err := os.MkdirTemp("/var/tmp", "kprep-postfix-") // Postfix's own users must get there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(l.Addr().String())
	l.Close()
	conf, fill := filepath.Join(dir, "conf"), strings.NewReplacer("@DIR", dir, "@PORT", port)
	certificate := filepath.Join(conf, "cert.pem")
	must := func(name string, args ...string) {
		t.Helper()
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, log)
		}
	}
	must("mkdir", "-p", "-m", "755", conf, filepath.Join(dir, "queue"), filepath.Join(dir, "data"), filepath.Join(dir, "mail"))
	must("chmod", "755", dir)
	must("chown", "postfix", filepath.Join(dir, "data"))
	must("chown", "65534:65534", filepath.Join(dir, "mail"))
	must("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", certificate+".key", "-out", certificate, "-days", "2",
		"-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
	ca = filepath.Join(dir, "ca.pem")
	must("cp", certificate, ca)
	must("sh", "-c", fmt.Sprintf("cat %s.key >>%s", certificate, certificate))
	for name, text := range map[string]string{"main.cf": postfixMain, "master.cf": postfixMaster} {
		if err := os.WriteFile(filepath.Join(conf, name), []byte(fill.Replace(text)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	must("postfix", "-c", conf, "start")
	t.Cleanup(func() { exec.Command("postfix", "-c", conf, "stop").Run() })
	return port, filepath.Join(dir, "mail"), ca
}

// delivered waits until so many messages are in Postfix's mailbox, and returns
// their text.
func delivered(t *testing.T, mail string, count int) []string {
	t.Helper()
	var files []string
	for range 300 {
		files, _ = filepath.Glob(filepath.Join(mail, "box", "new", "*"))
		if len(files) >= count {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	var all []string
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	if len(all) != count {
		t.Errorf("%d messages were delivered, want %d", len(all), count)
	}
	return all
}

// Postfix takes what is sent, over TLS and not, refuses and defers what it is
// told to, and delivers the planned bytes once to each recipient.
func TestPostfixAgrees(t *testing.T) {
	port, mail, ca := startPostfix(t)
	cases := append(peerCases(), []peerCase{
		{"by STARTTLS", testConfig{"sendemail.smtpEncryption=tls", "sendemail.smtpSSLCertPath=" + ca}, nil, all, 0, 12},
		{"an untrusted certificate", testConfig{"sendemail.smtpEncryption=tls"}, nil, outOfReach, 1, 0},
		{"more recipients than it takes", nil, func(m []Outgoing) {
			m[1].Recipients = []string{alice, bob, list, "c@example.org", "d@example.org", "e@example.org", "f@example.org"}
		}, all, 0, 16},
	}...)
	playPeer(t, cases, port, mail)
}

// A peerCase is what a real server is sent, and what comes of it.
type peerCase struct {
	name   string
	lines  testConfig
	change func([]Outgoing)
	states string
	status int
	copies int // that are delivered
}

// peerCases are for a server that takes mail of up to 100 kB for example.org,
// greylists grey@, and has no nobody@.
func peerCases() []peerCase {
	const nobody, grey = "nobody@example.org", "grey@example.org"
	return []peerCase{
		{"in the clear", nil, nil, all, 0, 12},
		{"no login offered", testConfig{"sendemail.smtpUser=me", "sendemail.smtpPass=x"}, nil, outOfReach, 1, 0},
		{"a recipient refused", nil, func(m []Outgoing) { m[1].Recipients = []string{alice, nobody, list} },
			"accepted " + noBob + " accepted accepted", 3, 11},
		{"a recipient greylisted for long", nil, func(m []Outgoing) { m[1].Recipients = []string{alice, grey, list} },
			"accepted accepted/deferred/accepted accepted accepted", 3, 11},
		{"nobody accepted", nil, func(m []Outgoing) { m[0].Recipients, m[0].To = []string{nobody, grey}, nil },
			"refused/deferred pending pending pending", 1, 0},
		{"too large", nil, func(m []Outgoing) { m[3].Raw = append(m[3].Raw, strings.Repeat("long\n", 20_000)...) }, outOfReach, 1, 0},
		{"dots, long lines and 8-bit text", nil, func(m []Outgoing) {
			m[1].Raw = []byte(strings.Replace(string(m[1].Raw), "7bit", "8bit", 1) + "naïve\n..\n.\n" + strings.Repeat("x", 998) + "\n")
		}, all, 0, 12},
	}
}

func playPeer(t *testing.T, cases []peerCase, port, mail string) {
	total := 0
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			settings, err := ReadSettings(append(c.lines, "sendemail.smtpServer=127.0.0.1", "sendemail.smtpServerPort="+port), "", false)
			if err != nil {
				t.Fatal(err)
			}
			tr, err := OpenTransport(settings, nil)
			if err != nil {
				t.Fatal(err)
			}
			messages := series(3)
			for i := range messages {
				// With all that servers would add.
				whole := fmt.Sprintf("From: me@example.org\nTo: %s\nDate: Thu, 01 Jan 2026 12:00:0%d +0000\nMessage-ID: <%s>\n", list, i, messages[i].ID)
				messages[i].Raw = []byte(whole + string(messages[i].Raw) + c.name + "\n")
			}
			if c.change != nil {
				c.change(messages)
			}
			j := journalOf(t, messages)
			sum, err := quickly().Run(t.Context(), j, tr, nil)
			tr.Close()
			if states(j) != c.states || sum.Status() != c.status {
				t.Errorf("%s, status %d, %v, %q, want %s", states(j), sum.Status(), err, sum.Stopped, c.states)
			}
			total += c.copies
			texts := strings.Join(delivered(t, mail, total), "\x00")
			for i, m := range messages {
				want := 0
				for _, r := range j.of(i) {
					if r.State == Accepted {
						want++
					}
				}
				// Servers put header fields on top, and change nothing below.
				if got := strings.Count(texts+"\x00", "\n"+string(m.Raw)+"\x00"); want > 0 && got != want {
					t.Errorf("message %d was delivered %d times, want %d", i, got, want)
				}
			}
		})
	}
}

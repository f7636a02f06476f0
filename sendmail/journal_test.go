package sendmail

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCreateWritesEverythingPrivately(t *testing.T) {
	t.Parallel()
	messages := series(2)
	j := journalOf(t, messages)
	modes := map[string]fs.FileMode{}
	err := filepath.WalkDir(j.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		rel, _ := filepath.Rel(j.Dir(), path)
		modes[rel] = info.Mode().Perm()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{".": 0o700, "msg": 0o700, "plan": 0o600, "log": 0o600, "lock": 0o600, "departed": 0o600,
		"msg/0000.eml": 0o600, "msg/0001.eml": 0o600, "msg/0002.eml": 0o600}
	for name, mode := range want {
		if modes[name] != mode {
			t.Errorf("%s has mode %o, want %o", name, modes[name], mode)
		}
	}
	if len(modes) != len(want) {
		t.Errorf("files %v", modes)
	}
	text, err := os.ReadFile(filepath.Join(j.Dir(), "plan"))
	if err != nil {
		t.Fatal(err)
	}
	var p Plan
	if err := json.Unmarshal(text, &p); err != nil || len(p.Messages) != 3 || p.Messages[1].SHA256 != digest(messages[1].Raw) ||
		p.Messages[1].Size != len(messages[1].Raw) || !p.Messages[1].Date.Equal(messages[1].Date) {
		t.Errorf("plan %s", text)
	}
	if whole, err := json.MarshalIndent(p, "", "  "); err != nil || string(text) != string(whole)+"\n" {
		t.Errorf("the plan is not written as encoding/json would: %s", text)
	}
	for i, want := range messages {
		if m, err := j.Message(i); err != nil || !bytes.Equal(m.Raw, want.Raw) || !slices.Equal(m.Recipients, want.Recipients) || m.ID != want.ID {
			t.Errorf("message %d: %+v, %v", i, m, err)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(p *Plan, m *Outgoing){
		"CR":                          func(_ *Plan, m *Outgoing) { m.Raw = append(m.Raw, "a\rb\n"...) },
		"CRLF":                        func(_ *Plan, m *Outgoing) { m.Raw = append(m.Raw, "a\r\n"...) },
		"NUL":                         func(_ *Plan, m *Outgoing) { m.Raw = append(m.Raw, "a\x00b\n"...) },
		"a line too long":             func(_ *Plan, m *Outgoing) { m.Raw = append(m.Raw, strings.Repeat("x", 999)+"\n"...) },
		"no last line end":            func(_ *Plan, m *Outgoing) { m.Raw = append(m.Raw, "x"...) },
		"no header":                   func(_ *Plan, m *Outgoing) { m.Raw = []byte("x\n") },
		"raw Latin-1 in the header":   func(_ *Plan, m *Outgoing) { m.Raw = []byte("Subject: \xe9\n\nx\n") },
		"no recipients":               func(_ *Plan, m *Outgoing) { m.Recipients = nil },
		"a recipient twice":           func(_ *Plan, m *Outgoing) { m.Recipients = []string{alice, alice} },
		"a parameter in a recipient":  func(_ *Plan, m *Outgoing) { m.Recipients = []string{"a@example.org> NOTIFY=NEVER"} },
		"a blank in a recipient":      func(_ *Plan, m *Outgoing) { m.Recipients = []string{"a b@example.org"} },
		"a command in a recipient":    func(_ *Plan, m *Outgoing) { m.Recipients = []string{"a@example.org\r\nDATA"} },
		"a quote that ends too early": func(_ *Plan, m *Outgoing) { m.Recipients = []string{`"a"> x"@example.org`} },
		"no domain":                   func(_ *Plan, m *Outgoing) { m.Recipients = []string{"alice"} },
		"To that is no recipient":     func(_ *Plan, m *Outgoing) { m.To = []string{"x@example.org"} },
		"a name with a folder":        func(_ *Plan, m *Outgoing) { m.Name = "../x.eml" },
		"a name twice":                func(_ *Plan, m *Outgoing) { m.Name = "0000-change.eml" },
		"no message-id":               func(_ *Plan, m *Outgoing) { m.ID = "" },
		"a sender with a parameter":   func(p *Plan, _ *Outgoing) { p.EnvelopeFrom = "me@example.org> SIZE=1 <x" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, messages := Plan{Kind: "send"}, series(1)
			messages[1].To = nil
			spoil(&p, &messages[1])
			dir := filepath.Join(t.TempDir(), "j")
			if j, err := Create(dir, p, each(messages)); err == nil {
				j.Close()
				t.Fatal("accepted")
			}
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("something was left: %v", err)
			}
		})
	}
	good := []string{`"a b"@example.org`, `"a\"b"@example.org`, "a+b@[192.0.2.1]", "žofie@example.org", "a'b@x.example.org"}
	for _, mailbox := range good {
		if err := checkMailbox(mailbox); err != nil {
			t.Error(err)
		}
	}
}

func TestCreateLeavesNothingWhenItFails(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "v1", "0001-send")
	if _, err := Create(dir, Plan{Finish: json.RawMessage("{")}, each(series(1))); err == nil {
		t.Fatal("a plan that is no JSON was written")
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the journal is still there: %v", err)
	}
}

func TestCreateKeepsToAnExistingFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Create(dir, Plan{}, each(series(1))); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the folder is gone: %v", err)
	}
}

func TestOpenJournalRefuses(t *testing.T) {
	t.Parallel()
	j := journalOf(t, series(1))
	var busy *BusyError
	if _, err := OpenJournal(j.Dir()); !errors.As(err, &busy) || busy.PID != os.Getpid() || time.Since(busy.Since) > time.Minute {
		t.Errorf("a second one may open it: %v", err)
	}
	if r, err := ReadJournal(j.Dir()); err != nil || r.Mark("x") == nil || r.Append(receipts(0, []string{alice}, Accepted, AtDot, 250, "")...) == nil {
		t.Errorf("a reader may write: %v", err)
	}
	if err := j.depart(0, []string{alice}); err != nil {
		t.Fatal(err)
	}
	if err := j.Mark("tagged"); err != nil {
		t.Fatal(err)
	}
	if r, err := ReadJournal(j.Dir()); err != nil || r.of(0)[0].State != InFlight {
		t.Errorf("a reader sees %v, %v", r.of(0), err)
	}
	j.Close()

	for name, damage := range map[string]func(dir string) error{
		"no plan": func(dir string) error { return os.Remove(filepath.Join(dir, "plan")) },
		"no plan, nor the file of what departed": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "plan")), os.Remove(filepath.Join(dir, "departed")))
		},
		"no file of what departed": func(dir string) error { return os.Remove(filepath.Join(dir, "departed")) },
		"a plan that is no JSON":   func(dir string) error { return os.Truncate(filepath.Join(dir, "plan"), 100) },
		"a plan that is a folder": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "plan")), os.Mkdir(filepath.Join(dir, "plan"), 0o700))
		},
		"no log":              func(dir string) error { return os.Remove(filepath.Join(dir, "log")) },
		"a message changed":   func(dir string) error { return appendTo(filepath.Join(dir, "msg/0000.eml"), "x\n") },
		"a message lost":      func(dir string) error { return os.Remove(filepath.Join(dir, "msg/0001.eml")) },
		"a bit in the middle": func(dir string) error { return flip(filepath.Join(dir, "log"), 20) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "j")
			if err := os.CopyFS(dir, os.DirFS(j.Dir())); err != nil {
				t.Fatal(err)
			}
			if err := damage(dir); err != nil {
				t.Fatal(err)
			}
			again, err := OpenJournal(dir)
			if err == nil {
				_, err = quickly().Run(t.Context(), again, NewDirectory(t.TempDir()), nil)
			}
			var damaged *DamagedError
			if !errors.As(err, &damaged) {
				t.Errorf("error %v", err)
			}
		})
	}
	empty := t.TempDir()
	if _, err := OpenJournal(empty); !errors.Is(err, ErrNoPlan) {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(empty); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := OpenJournal(filepath.Join(empty, "none")); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrNoPlan) {
		t.Errorf("error %v", err)
	}
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func flip(path string, at int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text[at] ^= 1
	return os.WriteFile(path, text, 0o600)
}

// A crash may cut the log at any byte. What is read then is the state after
// the last whole record: nothing counts as accepted whose record was cut, and
// nothing in flight as pending.
func TestLogCutAtEveryByte(t *testing.T) {
	t.Parallel()
	j := journalOf(t, series(2))
	steps := []func() error{
		func() error { return j.depart(0, []string{alice, list}) },
		func() error {
			return j.Append(append(receipts(0, []string{bob}, Refused, AtRcpt, 550, "no such user"),
				receipts(0, []string{alice, list}, Accepted, AtDot, 250, "OK: queued as \"4711\"")...)...)
		},
		func() error { return j.depart(1, []string{alice, bob, list}) },
		func() error {
			return j.Append(receipts(1, []string{alice, bob, list}, Deferred, AtDot, 451, "later")...)
		},
		func() error { return j.depart(1, []string{alice, bob, list}) },
		func() error {
			return j.Append(receipts(1, []string{alice, bob, list}, Accepted, AtDot, 250, "fine")...)
		},
		func() error { return j.Mark("mail-done") },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	log, err := os.ReadFile(filepath.Join(j.Dir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "j")
	if err := os.CopyFS(dir, os.DirFS(j.Dir())); err != nil {
		t.Fatal(err)
	}
	for cut := range len(log) + 1 {
		tails := []string{"", "\x00\x00\x00\x00", "00000000 {}"} // a file system may leave garbage
		for _, tail := range tails[cut%3 : cut%3+1] {
			if err := os.Truncate(filepath.Join(dir, departedFile), int64(bytes.IndexByte(log, '\n')+1)); err != nil { // whose part is TestDamageNeverSendsAgain's
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "log"), append(slices.Clone(log[:cut]), tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			read := ReadJournal
			if cut%13 == 0 {
				read = OpenJournal // costs syncs
			}
			got, err := read(dir)
			if err != nil {
				t.Fatalf("cut at %d, tail %q: %v", cut, tail, err)
			}
			// The truth, read by other means: whole lines only.
			want := map[string]string{}
			whole := log[:bytes.LastIndexByte(log[:cut], '\n')+1]
			for line := range bytes.Lines(whole) {
				var r record
				if err := json.Unmarshal(line[9:], &r); err != nil {
					t.Fatal(err)
				}
				for _, to := range r.Recipients {
					want[string(rune('0'+r.Message))+to] = readAfterCrash(r.State)
				}
			}
			for _, r := range got.Receipts() {
				w := want[string(rune('0'+r.Message))+r.Recipient]
				if w == "" {
					w = string(Pending)
				}
				if readAfterCrash(r.State) != w {
					t.Errorf("cut at %d: message %d to %s is %s, want %s", cut, r.Message, r.Recipient, r.State, w)
				}
			}
			if cut%13 > 0 {
				continue
			}
			// What follows must be readable, whatever was cut.
			if err := got.Mark("after"); err != nil {
				t.Fatal(err)
			}
			got.Close()
			if again, err := ReadJournal(dir); err != nil || !again.Has("after") {
				t.Errorf("cut at %d: the next record is lost: %v", cut, err)
			}
		}
	}
}

// readAfterCrash is what a state means when the process is gone.
func readAfterCrash(s State) string {
	if s == InFlight {
		return string(Unknown)
	}
	return string(s)
}

// Any damage to the log either is noticed or leaves no pair better than it is.
func FuzzLogDamage(f *testing.F) {
	j := record{Message: 0, Recipients: []string{alice}, State: InFlight, Run: "1"}
	k := record{Message: 0, Recipients: []string{alice}, State: Unknown, Run: "1", Step: AtDot}
	a, _ := j.line()
	b, _ := k.line()
	log := append(a, b...)
	f.Add(3, byte(1))
	f.Add(len(a)+4, byte(7))
	f.Add(len(log)-1, byte(1))
	f.Fuzz(func(t *testing.T, at int, mask byte) {
		if at < 0 || at >= len(log) || mask == 0 {
			return
		}
		text := slices.Clone(log)
		text[at] ^= mask
		var records []record
		_, err := readRecords(bytes.NewReader(text), func(_ []byte, r record) error {
			records = append(records, r)
			return nil
		})
		if err != nil {
			return
		}
		for _, r := range records {
			if r.State != InFlight && r.State != Unknown {
				t.Errorf("byte %d ^ %x: %+v", at, mask, r)
			}
		}
		if at < len(a) && len(records) > 0 {
			t.Errorf("damage to the first record at %d went unnoticed", at)
		}
	})
}

func TestMarksAreKeptOnce(t *testing.T) {
	t.Parallel()
	j := journalOf(t, series(1))
	for _, m := range []string{"mail-done", "tagged", "mail-done", "tagged"} {
		if err := j.Mark(m); err != nil {
			t.Fatal(err)
		}
	}
	if j = reopen(t, j); !slices.Equal(j.Marks(), []string{"mail-done", "tagged"}) || j.Has("closed") {
		t.Errorf("marks %q", j.Marks())
	}
}

func TestJournalsInOrder(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "odd[1]*")
	if dir, err := NextDir(root, 1, "send"); err != nil || dir != filepath.Join(root, "v1", "0001-send") {
		t.Errorf("%q, %v", dir, err)
	}
	for _, d := range []string{"v10/0001-send", "v2/0010-resend", "v2/0009-send", "v2/lock", "v2/x-y", "vx/0001-send"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Journals(root)
	for i := range all {
		all[i], _ = filepath.Rel(root, all[i])
	}
	if want := []string{"v2/0009-send", "v2/0010-resend", "v10/0001-send"}; err != nil || !slices.Equal(all, want) {
		t.Errorf("%q, %v", all, err)
	}
	if dir, err := NextDir(root, 2, "reflect"); err != nil || filepath.Base(dir) != "0011-reflect" {
		t.Errorf("%q, %v", dir, err)
	}
}

// The lock must fall with its process, however that ends.
func TestLockDiesWithItsProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "lock")
	if file := os.Getenv("KPREP_TEST_LOCK"); file != "" {
		if _, err := TakeLock(file); err != nil {
			os.Exit(3)
		}
		os.Stdout.WriteString("locked\n")
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestLockDiesWithItsProcess$")
	cmd.Env = append(os.Environ(), "KPREP_TEST_LOCK="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	var busy *BusyError
	if _, err := TakeLock(path); !errors.As(err, &busy) || busy.PID != cmd.Process.Pid {
		t.Errorf("error %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	lock, err := TakeLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}

package sendmail

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// aged is a journal with a bit of everything behind it: what was accepted at
// once, what was deferred first, what is unknown, and what is still to be sent.
func aged(t testing.TB) (dir string, left map[string]bool) {
	t.Helper()
	j, err := Create(filepath.Join(t.TempDir(), "v1", "0001-send"), Plan{Kind: "send", Revision: 1, EnvelopeFrom: "me@example.org"}, each(series(4)))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	to := []string{alice, bob, list}
	for _, step := range []func() error{
		func() error { return j.depart(0, to) },
		func() error { return j.Append(receipts(0, to, Accepted, AtDot, 250, "fine")...) },
		func() error { return j.depart(1, to) },
		func() error { return j.Append(receipts(1, to, Deferred, AtDot, 451, "later")...) },
		func() error { return j.depart(1, to) },
		func() error { return j.Append(receipts(1, to, Accepted, AtDot, 250, "fine")...) },
		func() error { return j.depart(2, to[1:]) },
		func() error {
			return j.Append(append(receipts(2, to[1:], Accepted, AtDot, 250, "fine"), receipts(2, to[:1], Refused, AtRcpt, 550, "no")...)...)
		},
		func() error { return j.depart(3, to) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	left = map[string]bool{}
	for _, r := range j.Receipts() {
		if r.State == Accepted || r.State == InFlight {
			left[fmt.Sprint(r.Message, r.Recipient)] = true
		}
	}
	return j.Dir(), left
}

// checkDamage wants that one damaged file lets nothing leave that has left: the
// journal is refused, or holds what left for accepted or unknown.
func checkDamage(t *testing.T, dir, what string, left map[string]bool) {
	t.Helper()
	j, err := OpenJournal(dir)
	if err != nil {
		checkSalvage(t, dir, what, left)
		return
	}
	defer j.Close()
	for i := range j.plan.Messages {
		if m, err := j.Message(i); err != nil || len(m.Raw) == 0 {
			continue // Run finds out before it connects
		}
		for _, to := range j.open(i) {
			if left[fmt.Sprint(i, to)] {
				t.Errorf("%s: message %d would be sent to %s again", what, i, to)
			}
		}
	}
}

// checkSalvage wants that what is still known of a damaged journal is true: what
// left is accepted or unknown, and only what was accepted is accepted.
func checkSalvage(t *testing.T, dir, what string, left map[string]bool) {
	t.Helper()
	j := Salvage(dir)
	if len(j.Damage()) == 0 || j.plan.Kind == "" {
		t.Errorf("%s: %q is refused, and nothing is wrong with it", what, dir)
	}
	for _, r := range j.Receipts() {
		gone := r.State == Accepted || r.State == Unknown
		if left[fmt.Sprint(r.Message, r.Recipient)] && !gone {
			t.Errorf("%s: message %d left for %s, and is said to be %s", what, r.Message, r.Recipient, r.State)
		}
		if r.State == Accepted && r.Message == 3 || r.State == InFlight {
			t.Errorf("%s: message %d is said to be %s", what, r.Message, r.State)
		}
	}
	for i := range 4 {
		if i >= len(j.plan.Messages) || len(j.of(i)) == 0 {
			t.Errorf("%s: nothing is told of message %d", what, i)
		}
	}
	if s, err := quickly().Run(t.Context(), j, NewDirectory(t.TempDir()), nil); !errors.As(err, new(*DamagedError)) {
		t.Errorf("%s: it was sent from: %v, %v", what, s, err)
	}
}

// Whatever one file of a journal loses, or has changed: nothing that left, or
// may have, is sent again. Nor is it after what was repaired is settled.
func TestDamageNeverSendsAgain(t *testing.T) {
	t.Parallel()
	dir, left := aged(t)
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{logFile, departedFile, planFile} {
		whole, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		damaged := filepath.Join(t.TempDir(), "v1", "0001-send")
		try := func(what string, text []byte) {
			os.RemoveAll(filepath.Dir(damaged))
			if err := os.CopyFS(damaged, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(damaged, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
			checkDamage(t, damaged, what, left)
		}
		ends := []int{0}
		for i, b := range whole {
			if b == '\n' {
				ends = append(ends, i, i+1)
			}
		}
		for range 60 {
			ends = append(ends, random.IntN(len(whole)))
		}
		for _, at := range ends {
			try(fmt.Sprintf("%s cut at %d", name, at), whole[:at])
			if at < len(whole) {
				flipped := slices.Clone(whole)
				flipped[at] ^= 1 << random.IntN(8)
				try(fmt.Sprintf("%s changed at %d", name, at), flipped)
			}
		}
	}
}

// An emptied file of what departed does not let a log that has lost records, or
// all of them, pass for whole.
func TestEmptiedDeparturesAreNoticed(t *testing.T) {
	t.Parallel()
	dir, left := aged(t)
	log, err := os.ReadFile(filepath.Join(dir, logFile))
	if err != nil {
		t.Fatal(err)
	}
	for at := range log {
		if at > 0 && log[at-1] != '\n' {
			continue
		}
		damaged := filepath.Join(t.TempDir(), "v1", "0001-send")
		if err := errors.Join(os.CopyFS(damaged, os.DirFS(dir)), os.Truncate(filepath.Join(damaged, logFile), int64(at)),
			os.Truncate(filepath.Join(damaged, departedFile), 0)); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenJournal(damaged); !errors.As(err, new(*DamagedError)) {
			t.Errorf("log cut at %d: error %v", at, err)
		}
		if at > 0 { // else nothing tells to whom these messages were to go
			checkDamage(t, damaged, fmt.Sprintf("log cut at %d", at), left)
		}
	}
}

// Journals from before the file of what departed began with the plan's record
// are read as ever, and are as safe against damage to one file.
func TestJournalsFromBefore(t *testing.T) {
	t.Parallel()
	dir, left := aged(t)
	now, err := ReadJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := states(now)
	writeAsBefore(t, dir)
	before, err := ReadJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := states(before); got != want || len(before.Damage()) > 0 {
		t.Errorf("%s, want %s; damage %v", got, want, before.Damage())
	}
	for _, name := range []string{logFile, departedFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(text); at += 17 {
			damaged := filepath.Join(t.TempDir(), "v1", "0001-send")
			if err := errors.Join(os.CopyFS(damaged, os.DirFS(dir)), os.Truncate(filepath.Join(damaged, name), int64(at))); err != nil {
				t.Fatal(err)
			}
			checkDamage(t, damaged, fmt.Sprintf("%s cut at %d", name, at), left)
		}
	}
	again, err := OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := errors.Join(again.Settle(3, false), again.depart(3, []string{alice}), again.depart(4, []string{alice})); err != nil {
		t.Fatal(err)
	}
	again = reopen(t, again)
	if got, want := states(again), strings.Replace(want, "in-flight pending", "unknown/deferred/deferred unknown/pending/pending", 1); got != want {
		t.Errorf("gone on with: %s, want %s", got, want)
	}
}

// writeAsBefore takes the plan's record out of the file of what departed, and
// the mention of that out of the log.
func writeAsBefore(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{logFile, departedFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		first, ok := parseRecord(line)
		if !ok || first.Plan == "" || !first.Twice {
			t.Fatalf("%s begins with %s", name, line)
		}
		if first.Twice = false; name == logFile {
			if line, err = first.line(); err != nil {
				t.Fatal(err)
			}
			rest = append(line, rest...)
		}
		if err := os.WriteFile(filepath.Join(dir, name), rest, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What was lost and found again can be settled once and for all.
func TestLostRecordsAreSettledOnce(t *testing.T) {
	t.Parallel()
	dir, _ := aged(t)
	if err := os.Truncate(filepath.Join(dir, logFile), 0); err != nil {
		t.Fatal(err)
	}
	j, err := OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := states(j), "unknown unknown pending/unknown/unknown unknown pending"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for i := range 4 {
		if err := j.Settle(i, i > 0); err != nil {
			t.Fatal(err)
		}
	}
	j = reopen(t, j)
	if got, want := states(j), "deferred accepted pending/accepted/accepted accepted pending"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Of whole records all is known, whatever else is lost; of the rest that it may
// have left, and only where records may be lost that all of it may have.
func TestSalvage(t *testing.T) {
	t.Parallel()
	remove := func(names ...string) func(dir string) error {
		return func(dir string) (err error) {
			for _, name := range names {
				err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
			}
			return err
		}
	}
	for name, c := range map[string]struct {
		do             func(dir string) error
		states, damage string
		vouched        bool
	}{
		"no plan":                 {remove(planFile), "accepted unknown/deferred/accepted pending", "the plan is gone", false},
		"no log":                  {remove(logFile), "unknown unknown unknown", "the log is gone", true},
		"no departures":           {remove(departedFile), "accepted unknown/accepted/unknown unknown", "the file departed is gone", true},
		"a message":               {remove("msg/0002.eml"), "accepted deferred/accepted/unknown pending", "msg/0002.eml is gone", true},
		"plan and log":            {remove(planFile, logFile), "unknown unknown unknown", "the log is gone; the plan is gone", false},
		"plan and messages":       {remove(planFile, "msg"), "accepted accepted/unknown/deferred", "the plan is gone; msg/0000.eml is gone; msg/0001.eml is gone", false},
		"everything but messages": {remove(planFile, logFile, departedFile), "unknown unknown unknown", "the log is gone; the file departed is gone; the plan is gone", false},
		"a plan of another":       {func(dir string) error { return appendTo(filepath.Join(dir, planFile), " ") }, "accepted unknown/deferred/accepted pending", "the plan is not the one that was written", false},
		"a record": {func(dir string) error { return flip(filepath.Join(dir, logFile), 600) },
			"accepted unknown/accepted/unknown unknown", "1 of 6 records of the log do not fit their checksums", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messages := series(2)
			for i := range messages {
				messages[i].Raw = append([]byte("Message-ID: <"+messages[i].ID+">\nTo: "+list+"\nCc: "+alice+", "+bob+"\n"), messages[i].Raw...)
			}
			dir := filepath.Join(t.TempDir(), "topic", "v7", "0003-send")
			j, err := Create(dir, Plan{Kind: "send", ChangeID: "topic", Revision: 7}, each(messages))
			if err != nil {
				t.Fatal(err)
			}
			everybody := []string{alice, bob, list}
			if err := errors.Join(j.depart(0, everybody), j.Append(receipts(0, everybody, Accepted, AtDot, 250, "fine")...), j.depart(1, everybody[1:]),
				j.Append(append(receipts(1, []string{bob}, Accepted, AtDot, 250, "fine"), receipts(1, []string{alice}, Deferred, AtRcpt, 450, "later")...)...),
				j.Close(), c.do(dir)); err != nil {
				t.Fatal(err)
			}
			got := Salvage(dir)
			if s := strings.ReplaceAll(states(got), "/unknown/unknown", "/unknown"); s != c.states {
				t.Errorf("states %s, want %s", s, c.states)
			}
			if damage := strings.Join(got.Damage(), "; "); !strings.HasPrefix(damage, c.damage) {
				t.Errorf("damage %s, want %s", damage, c.damage)
			}
			if p := got.Plan(); got.Vouched() != c.vouched || p.Kind != "send" || p.Revision != 7 || p.ChangeID != "topic" {
				t.Errorf("vouched %v, plan %+v", got.Vouched(), p)
			}
		})
	}
}

// The end of a damaged journal can be marked, and is found again.
func TestSalvageIsMarked(t *testing.T) {
	t.Parallel()
	dir, _ := aged(t)
	if err := os.RemoveAll(filepath.Join(dir, logFile)); err != nil {
		t.Fatal(err)
	}
	j, err := OpenSalvage(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Mark("abandoned"), j.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadJournal(dir); !errors.As(err, new(*DamagedError)) {
		t.Errorf("error %v", err)
	}
	if j := Salvage(dir); !j.Has("abandoned") || j.Has("closed") {
		t.Errorf("marks %v", j.Marks())
	}
}

func FuzzJournalDamage(f *testing.F) {
	dir, left := aged(f)
	f.Add(uint8(0), 0, byte(0))
	f.Add(uint8(0), 700, byte(4))
	f.Add(uint8(1), 30, byte(1))
	f.Add(uint8(2), 400, byte(128))
	f.Fuzz(func(t *testing.T, file uint8, at int, mask byte) {
		name := []string{logFile, departedFile, planFile}[file%3]
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if at < 0 || at >= len(text) {
			return
		}
		if mask == 0 {
			text = text[:at]
		} else {
			text[at] ^= mask
		}
		damaged := filepath.Join(t.TempDir(), "v1", "0001-send")
		if err := os.CopyFS(damaged, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(damaged, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		checkDamage(t, damaged, fmt.Sprintf("%s at %d ^ %x", name, at, mask), left)
	})
}

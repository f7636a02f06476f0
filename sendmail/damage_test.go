package sendmail

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// aged is a journal with a bit of everything behind it: what was accepted at
// once, what was deferred first, what is unknown, and what is still to be sent.
func aged(t testing.TB) (dir string, left map[string]bool) {
	t.Helper()
	j, err := Create(filepath.Join(t.TempDir(), "v1", "0001-send"), Plan{Kind: "send", Revision: 1, EnvelopeFrom: "me@example.org"}, series(4))
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
		damaged := filepath.Join(t.TempDir(), "j")
		try := func(what string, text []byte) {
			os.RemoveAll(damaged)
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
		damaged := filepath.Join(t.TempDir(), "j")
		if err := os.CopyFS(damaged, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(damaged, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		checkDamage(t, damaged, fmt.Sprintf("%s at %d ^ %x", name, at, mask), left)
	})
}

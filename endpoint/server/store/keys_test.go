package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func silent(Key) *Submission { return nil }

// key is one of kim's.
func key(selector, fingerprint string) Key {
	return Key{Identity: "kim@example.org", Selector: selector, Fingerprint: fingerprint, Algorithm: "ed25519", Public: []byte(fingerprint), Created: epoch}
}

var rules = Rules{Attempts: 5, Wait: 24 * time.Hour}

func enrol(t *testing.T, s *Store, k Key, challenge string) Key {
	t.Helper()
	pending, err := s.Enrol(t.Context(), k, challenge, after(time.Hour), silent)
	if err != nil || pending.State != Pending {
		t.Fatalf("enrolled: %+v, %v", pending, err)
	}
	return pending
}

func answered(t *testing.T, s *Store, k Key, challenge string, want KeyState) Key {
	t.Helper()
	got, err := s.Answer(t.Context(), k, challenge, rules, epoch, silent)
	if err != nil || got.State != want {
		t.Fatalf("answered: %+v, %v; want %s", got, err, want)
	}
	return got
}

func testEnrol(t *testing.T, s *Store) {
	mallory := enrol(t, s, key("default", "m"), "cm")
	kim := enrol(t, s, key("default", "k"), "ck")
	mallory2 := enrol(t, s, key("default", "m"), "cm2") // again, which takes nothing from kim
	if mallory2.ID != mallory.ID {
		t.Errorf("a second row for the same key: %+v", mallory2)
	}
	_, err := s.Answer(t.Context(), mallory, "ck", rules, epoch, silent) // kim's challenge is none of mallory's
	wants(t, err, ErrWrongAnswer)
	got := answered(t, s, kim, "ck", Active)
	if !got.ActiveFrom.Equal(epoch) || !got.Counts(epoch) || string(got.Public) != "k" {
		t.Errorf("active: %+v", got)
	}
	_, err = s.Answer(t.Context(), kim, "ck", rules, epoch, silent)
	wants(t, err, ErrNoKey) // it is not pending any more
	_, err = s.Answer(t.Context(), mallory, "cm", rules, epoch, silent)
	wants(t, err, ErrTaken)
	_, err = s.Enrol(t.Context(), key("default", "x"), "cx", after(time.Hour), silent)
	wants(t, err, ErrTaken)
	_, err = s.Enrol(t.Context(), key("default", "k"), "cx", after(time.Hour), silent)
	wants(t, err, ErrEnrolled)
	keys, err := s.Keys(t.Context(), "kim@example.org")
	must(t, err)
	if len(keys) != 2 {
		t.Errorf("keys: %+v", keys)
	}
}

func testGuesses(t *testing.T, s *Store) {
	k := enrol(t, s, key("default", "k"), "right")
	for range rules.Attempts {
		_, err := s.Answer(t.Context(), k, "wrong", rules, epoch, silent)
		wants(t, err, ErrWrongAnswer)
	}
	_, err := s.Answer(t.Context(), k, "right", rules, epoch, silent)
	wants(t, err, ErrTooManyAnswers)
	enrol(t, s, k, "another")
	answered(t, s, k, "another", Active)
}

func testExpiry(t *testing.T, s *Store) {
	k := enrol(t, s, key("default", "k"), "c")
	_, err := s.Answer(t.Context(), k, "c", rules, after(time.Hour), silent)
	wants(t, err, ErrNoChallenge)
	active := answered(t, s, enrol(t, s, key("other", "l"), "d"), "d", Active)
	must(t, s.Tidy(t.Context(), after(time.Hour)))
	keys, err := s.Keys(t.Context(), k.Identity)
	must(t, err)
	if len(keys) != 1 || keys[0].ID != active.ID {
		t.Errorf("after the challenge expired: %+v", keys)
	}
	_, err = s.Answer(t.Context(), k, "c", rules, epoch, silent)
	wants(t, err, ErrNoKey)
}

func testFurtherKey(t *testing.T, s *Store) {
	answered(t, s, enrol(t, s, key("default", "k"), "c"), "c", Active)
	r := rules
	r.StopHash = "stop"
	further, err := s.Answer(t.Context(), enrol(t, s, key("laptop", "l"), "d"), "d", r, epoch, silent)
	must(t, err)
	if further.State != Waiting || further.Counts(after(24*time.Hour-time.Millisecond)) || !further.Counts(after(24*time.Hour)) {
		t.Fatalf("a further key: %+v", further)
	}
	_, err = s.Stoppable(t.Context(), "")
	wants(t, err, ErrNoKey)
	found, err := s.Stoppable(t.Context(), "stop")
	if err != nil || found.ID != further.ID {
		t.Fatalf("stoppable: %+v, %v", found, err)
	}
	stopped, err := s.Revoke(t.Context(), found, after(time.Minute), silent)
	if err != nil || stopped.State != Revoked || stopped.Counts(after(48*time.Hour)) {
		t.Fatalf("stopped: %+v, %v", stopped, err)
	}
	_, err = s.Revoke(t.Context(), found, after(time.Minute), silent)
	wants(t, err, ErrNoKey)
	_, err = s.Enrol(t.Context(), key("desk", "l"), "e", after(time.Hour), silent)
	wants(t, err, ErrRevoked)
}

func testRotate(t *testing.T, s *Store) {
	old := answered(t, s, enrol(t, s, key("default", "k"), "c"), "c", Active)
	other := answered(t, s, enrol(t, s, key("laptop", "l"), "d"), "d", Waiting)
	_, err := s.Rotate(t.Context(), old.ID, key("laptop", "n"), "", epoch, silent)
	wants(t, err, ErrTaken)
	_, err = s.Rotate(t.Context(), old.ID, key("default", "k"), "", epoch, silent)
	wants(t, err, ErrRevoked) // itself
	foreign := key("default", "n")
	foreign.Identity = "mallory@example.org"
	_, err = s.Rotate(t.Context(), old.ID, foreign, "", epoch, silent)
	wants(t, err, ErrNoKey)
	enrol(t, s, key("default2", "n"), "e") // under way, and overtaken
	mails := 0
	fresh, err := s.Rotate(t.Context(), old.ID, key("default", "n"), "", epoch, func(k Key) *Submission { mails++; return series(Notice, 1) })
	if err != nil || fresh.State != Active || fresh.Selector != "default" || mails != 1 {
		t.Fatalf("rotated: %+v, %v, %d mails", fresh, err, mails)
	}
	_, err = s.Rotate(t.Context(), old.ID, key("x", "x"), "", epoch, silent)
	wants(t, err, ErrNoKey)
	if mail := claim(t, s, "a", epoch); mail == nil || mail.Kind != Notice {
		t.Errorf("no mail about it: %+v", mail)
	}
	keys, err := s.Keys(t.Context(), old.Identity)
	must(t, err)
	for _, k := range keys {
		if want := map[int64]KeyState{old.ID: Revoked, other.ID: Waiting, fresh.ID: Active}[k.ID]; want != "" && k.State != want {
			t.Errorf("%s is %s, want %s", k.Fingerprint, k.State, want)
		}
	}
}

// Of two first keys that are verified at once, one has to wait: while the change
// of one is open, that of the other does not begin.
func testFirstKeys(t *testing.T, s *Store) {
	states := make([]KeyState, 2)
	inside := make(chan struct{}, 2)
	var group sync.WaitGroup
	for i := range states {
		name := fmt.Sprint(i)
		k := enrol(t, s, key(name, name), name)
		group.Go(func() {
			got, err := s.Answer(context.Background(), k, name, rules, epoch, func(Key) *Submission {
				inside <- struct{}{}
				for deadline := time.Now().Add(200 * time.Millisecond); len(inside) < 2 && time.Now().Before(deadline); {
					time.Sleep(5 * time.Millisecond)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			states[i] = got.State
		})
	}
	group.Wait()
	if states[0] == states[1] {
		t.Errorf("both are %s, want one active and one waiting", states[0])
	}
}

func testNonce(t *testing.T, s *Store) {
	use := func(identity, nonce string, want bool) {
		t.Helper()
		if fresh, err := s.UseNonce(t.Context(), identity, nonce, after(time.Minute)); fresh != want || err != nil {
			t.Errorf("UseNonce(%s, %s) = %v, %v", identity, nonce, fresh, err)
		}
	}
	use("a", "1", true)
	use("a", "1", false)
	use("b", "1", true)
	must(t, s.Tidy(t.Context(), after(30*time.Second)))
	use("a", "1", false)
	must(t, s.Tidy(t.Context(), after(time.Minute)))
	use("a", "1", true)
}

func testCount(t *testing.T, s *Store) {
	limits := []Limit{{"who", time.Hour, 3, 0}, {"who", 24 * time.Hour, 4, 0}}
	for range 3 {
		must(t, s.Count(t.Context(), limits, epoch))
	}
	err := s.Count(t.Context(), limits, after(55*time.Minute))
	if l := (*LimitError)(nil); !errors.As(err, &l) || l.Limit.Period != time.Hour || !l.Until.Equal(epoch.Truncate(time.Hour).Add(time.Hour)) {
		t.Fatalf("the fourth in an hour: %v", err)
	}
	must(t, s.Count(t.Context(), []Limit{{"another", time.Hour, 3, 3}}, epoch))
	if err := s.Count(t.Context(), []Limit{{"a third", time.Hour, 3, 4}}, epoch); !errors.As(err, new(*LimitError)) {
		t.Errorf("four at once: %v", err)
	}
	must(t, s.Count(t.Context(), limits, after(time.Hour))) // what was refused did not count
	must(t, s.Tidy(t.Context(), after(time.Hour)))
	err = s.Count(t.Context(), limits, after(2*time.Hour))
	if l := (*LimitError)(nil); !errors.As(err, &l) || l.Limit.Period != 24*time.Hour {
		t.Fatalf("the fifth in a day: %v", err)
	}
}

func testFates(t *testing.T, s *Store) {
	accept(t, s, series(Reflect, 1))
	accept(t, s, series(Receive, 2))
	fates, err := s.Fates(t.Context(), "kim@example.org", []string{"1@example.org", "x@example.org", "0@example.org"})
	must(t, err)
	if len(fates) != 3 || fates[0] == nil || fates[1] != nil || fates[2] == nil || fates[2].Kind != Receive || len(fates[2].Deliveries) != 2 {
		t.Errorf("fates: %+v", fates)
	}
	fates, err = s.Fates(t.Context(), "mallory@example.org", []string{"1@example.org"})
	if err != nil || fates[0] != nil {
		t.Errorf("another's message: %+v, %v", fates[0], err)
	}
	later := series(Receive, 2)
	later.Received = after(time.Minute)
	later.Messages[0].MessageID, later.Messages[1].MessageID = "5@example.org", "4@example.org"
	accept(t, s, later)
	accept(t, s, series(Notice, 1))
	recent, err := s.Recent(t.Context(), 2)
	must(t, err)
	got := ""
	for _, e := range recent {
		got += " " + e.MessageID
	}
	if want := " 5@example.org 4@example.org 0@example.org 1@example.org"; got != want {
		t.Errorf("recent:%s\nwant:  %s", got, want)
	}
	gauges, err := s.Gauges(t.Context())
	if err != nil || fmt.Sprint(gauges) != "[{submissions queued 4}]" {
		t.Errorf("gauges: %v, %v", gauges, err)
	}
}

func testUnderway(t *testing.T, s *Store) {
	busy := func(identity string, now time.Time, want bool) {
		t.Helper()
		if got, err := s.Underway(t.Context(), identity, now); slices.Contains(got, "1@kim") != want || slices.Contains(got, "2@kim") != want || slices.Contains(got, "3@kim") || err != nil {
			t.Errorf("Underway(%s, %s) = %v, %v", identity, now, got, err)
		}
	}
	busy("kim", epoch, false)
	end, err := s.Begin(t.Context(), "kim", []string{"1@kim", "2@kim"}, after(time.Minute))
	must(t, err)
	end2, err := s.Begin(t.Context(), "kim", []string{"1@kim", "2@kim"}, after(time.Minute))
	must(t, err)
	must(t, end(t.Context()))
	busy("kim", epoch, true)
	busy("jo", epoch, false)
	busy("kim", after(time.Minute), false) // whoever worked on it is dead
	must(t, end2(t.Context()))
	busy("kim", epoch, false)
}

func testSecret(t *testing.T, s *Store) {
	first, err := s.Secret(t.Context(), "a", []byte("one"))
	must(t, err)
	second, err := s.Secret(t.Context(), "a", []byte("two"))
	if err != nil || string(first) != "one" || string(second) != "one" {
		t.Errorf("got %s and %s, %v", first, second, err)
	}
}

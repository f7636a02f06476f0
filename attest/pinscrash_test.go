package attest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const writerDir = "ATTEST_TEST_PIN_WRITER"

// A process that notes one message after the other, and says so of each once it
// is noted. Others kill it.
func TestPinWriter(t *testing.T) {
	dir := os.Getenv(writerDir)
	if dir == "" {
		return // it is part of TestPinsSurviveKill
	}
	pins := &Pins{Dir: dir}
	known, err := pins.Of("jane@example.org")
	if err != nil {
		t.Fatal(err)
	}
	s := Signature{Status: NoKey, Trust: FirstUse, Algorithm: Ed25519, Identity: "jane@example.org", Fingerprint: "SHA256:x", offered: "x", fits: true}
	n := 0
	if len(known) > 0 {
		s.Status, s.Trust, n = Pass, Seen, known[0].Count
	}
	for {
		n++
		if err := note(pins, s, Sighting{MessageID: strconv.Itoa(n)}); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("noted %d\n", n)
	}
}

// Killed at any moment, what was noted stays noted, and the next one goes on.
func TestPinsSurviveKill(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	noted := 0 // as the processes said
	for round := range 40 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestPinWriter$")
		cmd.Env = append(os.Environ(), writerDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// After its first message, or at once: then it may not get there.
		kill := func() *time.Timer {
			return time.AfterFunc(time.Duration(round*round*97%7000)*time.Microsecond, func() { cmd.Process.Kill() })
		}
		var timer *time.Timer
		if round%4 == 0 {
			timer = kill()
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "noted ")); err == nil {
				noted = n
				if timer == nil {
					timer = kill()
				}
			} else {
				t.Errorf("round %d: %s", round, lines.Text())
			}
		}
		cmd.Wait()
		known, err := (&Pins{Dir: dir}).Of("jane@example.org")
		switch {
		case err != nil:
			t.Fatalf("round %d: %v", round, err)
		case len(known) == 0 && noted > 0, len(known) > 1:
			t.Fatalf("round %d: %d keys", round, len(known))
		case len(known) == 1 && known[0].Count < noted:
			t.Fatalf("round %d: %d messages of %d are on record", round, known[0].Count, noted)
		}
	}
	if noted < 30 {
		t.Errorf("only %d messages were noted in all", noted)
	}
}

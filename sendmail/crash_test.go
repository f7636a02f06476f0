package sendmail

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// A process that is killed outright, at each step of the second message.
// What the next one reads from the disk must not be better than the truth, and
// going on must bring every pair once.
func TestF36Killed(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("KPREP_TEST_JOURNAL"); dir != "" {
		sendAndHang(dir)
		return
	}
	for _, c := range []struct {
		at     mailtest.Stage
		keep   bool
		states string
	}{
		{mailtest.AtMAIL, false, "accepted pending pending"},
		{mailtest.AtRCPT, false, "accepted pending pending"},
		{mailtest.AtDATA, false, "accepted pending pending"},
		{mailtest.AtDot, false, "accepted unknown pending"},
		{mailtest.AtDot, true, "accepted unknown pending"},
	} {
		t.Run(fmt.Sprint(c.at, c.keep), func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{{At: c.at, Message: 2, Hang: true, Keep: c.keep}}})
			j := journalOf(t, series(2))
			j.Close()
			cmd := exec.Command(os.Args[0], "-test.run=^TestF36Killed$")
			cmd.Env = append(os.Environ(), "KPREP_TEST_JOURNAL="+j.Dir(), "KPREP_TEST_PORT="+s.Port())
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			defer cmd.Process.Kill()
			for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
				said := strings.Join(s.Lines(), "\n")
				_, second, _ := strings.Cut(said, "DATA")
				there := strings.Contains(second, string(c.at))
				if c.at == mailtest.AtDot { // the journal knows of it, and the server has what it keeps
					log, _ := os.ReadFile(filepath.Join(j.Dir(), "log"))
					there = strings.Count(string(log), `"in-flight"`) == 2 && (!c.keep || len(s.Messages()) == 2)
				}
				if there {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("the child never came to %s: %q", c.at, said)
				}
			}
			cmd.Process.Kill()
			cmd.Wait()

			again, err := OpenJournal(j.Dir())
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			if states(again) != c.states {
				t.Errorf("after the crash: %s, want %s", states(again), c.states)
			}
			s.Heal()
			if again.Summary().Unknown > 0 {
				if err := again.Settle(1, c.keep); err != nil {
					t.Fatal(err)
				}
			}
			sum, err := quickly().Run(t.Context(), again, transportTo(t, s, nil), nil)
			if err != nil || sum.Status() != 0 {
				t.Errorf("%s, %v", states(again), err)
			}
			checkArrivals(t, again, s, false)
		})
	}
}

func sendAndHang(dir string) {
	j, err := OpenJournal(dir)
	if err != nil {
		os.Exit(3)
	}
	s, err := ReadSettings(testConfig{"sendemail.smtpServer=127.0.0.1", "sendemail.smtpServerPort=" + os.Getenv("KPREP_TEST_PORT")}, "", false)
	if err != nil {
		os.Exit(4)
	}
	tr, err := OpenTransport(s, nil)
	if err != nil {
		os.Exit(5)
	}
	quickly().Run(context.Background(), j, tr, nil)
	os.Exit(6)
}

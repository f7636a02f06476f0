package submission

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Who waits is told of it once, and only when it takes long.
func TestPatience(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		work time.Duration
		told int
	}{
		{"quick", time.Second, 0},
		{"slow", 60 * time.Second, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin, told, failed := time.Now(), 0, errors.New("failed")
				p := Patience{After: 2 * time.Second, Tell: func(what string) {
					if told++; what != "the command" || time.Since(begin) != 2*time.Second {
						t.Errorf("told of %q after %v", what, time.Since(begin))
					}
				}}
				err := p.wait("the command", func() error {
					time.Sleep(c.work)
					return failed
				})
				if err != failed || told != c.told || time.Since(begin) != c.work {
					t.Errorf("%v after %v, told %d times", err, time.Since(begin), told)
				}
			})
		})
	}
}

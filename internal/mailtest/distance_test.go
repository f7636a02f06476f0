package mailtest_test

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// Two commands in one piece take as long as one.
func TestDistanceDelaysAndDoesNotSlowDown(t *testing.T) {
	t.Parallel()
	const roundTrip = 200 * time.Millisecond
	s := mailtest.Start(t, mailtest.Options{})
	d, err := mailtest.NewDistance(s.Addr(), roundTrip)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	conn, err := net.Dial("tcp", net.JoinHostPort(d.Host(), d.Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	in.ReadString('\n')
	begin := time.Now()
	if _, err := conn.Write([]byte(strings.Repeat("NOOP\r\n", 20))); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, "250") {
			t.Fatalf("%q, %v", line, err)
		}
	}
	if took := time.Since(begin); took < roundTrip || took > 10*roundTrip {
		t.Errorf("20 commands took %v", took)
	}
}

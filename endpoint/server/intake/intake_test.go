package intake

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestReceive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		from    io.Reader
		max     int64
		scratch string
		size    int
		err     error
	}{
		"nothing":               {strings.NewReader(""), 10, dir, 0, nil},
		"what memory keeps":     {strings.NewReader(text(100)), 100, dir, 100, nil},
		"as much as it keeps":   {strings.NewReader(text(inMemory)), inMemory, dir, inMemory, nil},
		"more than it keeps":    {strings.NewReader(text(3*inMemory + 7)), 3*inMemory + 7, dir, 3*inMemory + 7, nil},
		"too much":              {strings.NewReader(text(11)), 10, dir, 0, ErrTooLarge},
		"far too much":          {strings.NewReader(text(3 * inMemory)), 2 * inMemory, dir, 0, ErrTooLarge},
		"what breaks off":       {io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken)), 10, dir, 0, broken},
		"what breaks off late":  {io.MultiReader(strings.NewReader(text(2*inMemory)), iotest.ErrReader(broken)), 3 * inMemory, dir, 0, broken},
		"small, without a disk": {strings.NewReader("a"), 10, filepath.Join(dir, "missing"), 1, nil},
		"large, without a disk": {strings.NewReader(text(2 * inMemory)), 3 * inMemory, filepath.Join(dir, "missing"), 0, os.ErrNotExist},
	} {
		b, err := Receive(c.from, c.max, c.scratch)
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
		if disk := (*DiskError)(nil); errors.As(err, &disk) != (c.err == os.ErrNotExist) {
			t.Errorf("%s: %v is the wrong one's fault", name, err)
		}
		if err != nil {
			continue
		}
		got, err := b.Bytes()
		if err != nil || string(got) != text(c.size)[:c.size] && c.size > 1 || b.Size != int64(c.size) {
			t.Errorf("%s: %d bytes, %v", name, b.Size, err)
		}
		b.Close()
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left on the disk: %v %v", left, err)
	}
}

// text is one without a period that a buffer could have.
func text(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d ", i)
	}
	return b.String()[:n]
}

func TestDoor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bounds Bounds
		want   string // of four who come, and one who comes when the first has gone
	}{
		"few of a network": {Bounds{AtOnce: 9, PerNetwork: 2}, "in in out out in"},
		"few of all":       {Bounds{AtOnce: 3, PerNetwork: 9}, "in in in out in"},
		"many of a proxy":  {Bounds{AtOnce: 9, PerNetwork: 1, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}, "in in in in in"},
		"too many of one":  {Bounds{AtOnce: 2, PerNetwork: 1, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, "in in out out in"},
		"of another proxy": {Bounds{AtOnce: 9, PerNetwork: 1, Exempt: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, "in out out out in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			c.bounds.Away, c.bounds.Log = "out", slog.New(slog.NewTextHandler(io.Discard, nil))
			door := NewDoor(l, c.bounds)
			inside := make(chan net.Conn, 10)
			go func() {
				for {
					conn, err := door.Accept()
					if err != nil {
						return
					}
					io.WriteString(conn, "in")
					inside <- conn
				}
			}()
			var got []string
			come := func() {
				conn, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { conn.Close() })
				conn.SetDeadline(time.Now().Add(time.Minute))
				word := make([]byte, 3)
				n, _ := conn.Read(word)
				got = append(got, string(word[:n]))
			}
			for range 4 {
				come()
			}
			first := <-inside
			first.Close()
			first.Close() // it does not count twice
			come()
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

func TestLife(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	other, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	conn, err := NewDoor(l, Bounds{AtOnce: 1, PerNetwork: 1, Life: 50 * time.Millisecond}).Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, deadline := range []time.Time{{}, time.Now().Add(time.Hour)} {
		if err := conn.SetReadDeadline(deadline); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("beyond its life: %v", err)
		}
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"192.0.2.7:1": "192.0.2.0/24", "[2001:db8:1:2::3]:1": "2001:db8:1::/48", "[::ffff:192.0.2.7]:1": "192.0.2.0/24", "[fe80::1%lo]:1": "fe80::/48"} {
		a := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))
		if got := Network(Address(a)).String(); got != want {
			t.Errorf("%s is in %s, want %s", address, got, want)
		}
	}
	if Network(Address(&net.UnixAddr{Name: "x"})).IsValid() {
		t.Error("a socket has a network")
	}
}

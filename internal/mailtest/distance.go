package mailtest

import (
	"io"
	"net"
	"time"
)

// A Distance is a way to a server on which everything takes its time.
type Distance struct {
	listener net.Listener
	target   string
	half     time.Duration
}

// NewDistance opens a port of 127.0.0.1 that leads to the server at address,
// roundTrip away: what is sent is delayed, not slowed down, so commands that
// are sent together arrive together.
func NewDistance(address string, roundTrip time.Duration) (*Distance, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &Distance{listener: listener, target: address, half: roundTrip / 2}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go d.carry(near)
		}
	}()
	return d, nil
}

// Host is "127.0.0.1".
func (d *Distance) Host() string { h, _, _ := net.SplitHostPort(d.listener.Addr().String()); return h }

// Port is the port as decimal digits.
func (d *Distance) Port() string { _, p, _ := net.SplitHostPort(d.listener.Addr().String()); return p }

// Close takes no more connections; those that are open go on.
func (d *Distance) Close() error { return d.listener.Close() }

func (d *Distance) carry(near net.Conn) {
	time.Sleep(d.half) // the way there of the first packet; the greeting comes back at once
	far, err := net.Dial("tcp", d.target)
	if err != nil {
		near.Close()
		return
	}
	go d.copy(far, near)
	d.copy(near, far)
}

// A packet is data that must not arrive before its time.
type packet struct {
	data []byte
	due  time.Time
}

// copy delays each piece by half a round trip, and the end of the connection
// as well.
func (d *Distance) copy(to, from net.Conn) {
	packets := make(chan packet, 1<<12)
	go func() {
		defer close(packets)
		for {
			buffer := make([]byte, 32<<10)
			n, err := from.Read(buffer)
			packets <- packet{buffer[:n], time.Now().Add(d.half)}
			if err != nil {
				return
			}
		}
	}()
	for p := range packets {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			break
		}
	}
	to.Close()
	for range packets { // until the reader notices
	}
	io.Copy(io.Discard, from)
	from.Close()
}

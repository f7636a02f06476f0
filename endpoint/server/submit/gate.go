package submit

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A gate lets in as many connections as may be, and bounds how long each lasts.
type gate struct {
	net.Listener
	options Options

	mu     sync.Mutex
	total  int
	inside map[netip.Prefix]int
}

func newGate(l net.Listener, o Options) *gate {
	return &gate{Listener: l, options: o, inside: map[netip.Prefix]int{}}
}

// networkOf is what counts as one place to come from.
func networkOf(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 56
	}
	network, _ := a.Prefix(bits) // the zero value for an address that is none
	return network
}

// Accept turns away at the door who is too much.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		network := networkOf(addressOf(conn.RemoteAddr()))
		if g.enter(network) {
			return &visitor{Conn: conn, gate: g, network: network, end: time.Now().Add(g.options.Life)}, nil
		}
		g.options.Log.Warn("too many connections", slog.String("network", network.String()))
		conn.SetWriteDeadline(time.Now().Add(time.Second))
		conn.Write([]byte("421 4.7.0 too many connections; please come back later\r\n"))
		conn.Close()
	}
}

func (g *gate) enter(network netip.Prefix) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.total >= g.options.AtOnce || g.inside[network] >= g.options.PerNetwork {
		return false
	}
	g.total++
	g.inside[network]++
	return true
}

func (g *gate) leave(network netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if g.inside[network]--; g.inside[network] == 0 {
		delete(g.inside, network)
	}
}

// A visitor is a connection that was let in.
type visitor struct {
	net.Conn
	gate    *gate
	network netip.Prefix
	end     time.Time
	once    sync.Once
}

func (v *visitor) Close() error {
	v.once.Do(func() { v.gate.leave(v.network) })
	return v.Conn.Close()
}

// bounded keeps every deadline within the life of the connection.
func (v *visitor) bounded(t time.Time) time.Time {
	if t.IsZero() || t.After(v.end) {
		return v.end
	}
	return t
}

func (v *visitor) SetDeadline(t time.Time) error      { return v.Conn.SetDeadline(v.bounded(t)) }
func (v *visitor) SetReadDeadline(t time.Time) error  { return v.Conn.SetReadDeadline(v.bounded(t)) }
func (v *visitor) SetWriteDeadline(t time.Time) error { return v.Conn.SetWriteDeadline(v.bounded(t)) }

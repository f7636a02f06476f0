package intake

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Network is what one client can have addresses in, as a rule: a /24, or a /48
// of IPv6. It is the zero value for an address that is none.
func Network(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	network, _ := a.Prefix(bits) // the zero value where it fails
	return network
}

// Address is the IP address of a peer, the zero value for none.
func Address(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// Bounds are those of a door.
type Bounds struct {
	AtOnce     int            // connections
	PerNetwork int            // of them, from one network
	Exempt     []netip.Prefix // proxies, which stand for many networks; the first bound is theirs too
	Life       time.Duration  // of a connection; 0: any
	Away       string         // said to those who are turned away
	Log        *slog.Logger
}

// A Door is a listener that lets in as many connections as may be, and turns
// away who is too much.
type Door struct {
	net.Listener
	bounds Bounds

	mu     sync.Mutex
	total  int
	inside map[netip.Prefix]int
	told   time.Time // when it was last logged that there is no room
}

// NewDoor puts bounds on a listener.
func NewDoor(l net.Listener, b Bounds) *Door {
	return &Door{Listener: l, bounds: b, inside: map[netip.Prefix]int{}}
}

// Accept waits for a connection that may come in.
func (d *Door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		a := Address(conn.RemoteAddr())
		network := Network(a)
		if d.exempt(a) {
			network = netip.Prefix{}
		}
		if d.enter(network) {
			v := &visitor{Conn: conn, door: d, network: network}
			if d.bounds.Life > 0 {
				v.end = time.Now().Add(d.bounds.Life)
			}
			return v, nil
		}
		d.turnAway(conn)
	}
}

// turnAway waits for nobody: a few bytes fit into any new connection.
func (d *Door) turnAway(conn net.Conn) {
	if now := time.Now(); now.Sub(d.told) > time.Second { // not as often as somebody knocks
		d.told = now
		d.bounds.Log.Warn("too many connections")
	}
	conn.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	conn.Write([]byte(d.bounds.Away))
	conn.Close()
}

func (d *Door) exempt(a netip.Addr) bool {
	for _, p := range d.bounds.Exempt {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// enter counts a connection, unless it is too many. Those of the zero network
// are not counted by network.
func (d *Door) enter(network netip.Prefix) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.total >= d.bounds.AtOnce || network.IsValid() && d.inside[network] >= d.bounds.PerNetwork {
		return false
	}
	d.total++
	d.inside[network]++
	return true
}

func (d *Door) leave(network netip.Prefix) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total--
	if d.inside[network]--; d.inside[network] == 0 {
		delete(d.inside, network)
	}
}

// A visitor is a connection that was let in.
type visitor struct {
	net.Conn
	door    *Door
	network netip.Prefix
	end     time.Time // zero: it may stay
	once    sync.Once
}

func (v *visitor) Close() error {
	v.once.Do(func() { v.door.leave(v.network) })
	return v.Conn.Close()
}

// CloseWrite lets net/http give its answer to a client that is still talking.
func (v *visitor) CloseWrite() error {
	if half, ok := v.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// bounded keeps every deadline within the life of the connection.
func (v *visitor) bounded(t time.Time) time.Time {
	if !v.end.IsZero() && (t.IsZero() || t.After(v.end)) {
		return v.end
	}
	return t
}

func (v *visitor) SetDeadline(t time.Time) error      { return v.Conn.SetDeadline(v.bounded(t)) }
func (v *visitor) SetReadDeadline(t time.Time) error  { return v.Conn.SetReadDeadline(v.bounded(t)) }
func (v *visitor) SetWriteDeadline(t time.Time) error { return v.Conn.SetWriteDeadline(v.bounded(t)) }

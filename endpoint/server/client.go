package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kprep/kprep/endpoint/server/intake"
)

// clientAddress is where a request comes from. What a proxy of ours says counts
// as far as proxies of ours say it: the last address in X-Forwarded-For that is
// none of theirs.
func clientAddress(r *http.Request, proxies []netip.Prefix) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	address = address.Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !within(address, proxies) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		address = next.Unmap().WithZone("")
	}
	return address
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// network names that of a client.
func network(a netip.Addr) string {
	if n := intake.Network(a); n.IsValid() {
		return n.String()
	}
	return "unknown"
}

// blind hides a network from who reads the database, and stays the same.
func (s *Server) blind(network string) string {
	mac := hmac.New(sha256.New, s.salt)
	mac.Write([]byte(network))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// A gate lets so many requests of each network in at once, and in an hour.
type gate struct {
	atOnce int
	hourly int64

	lock   sync.Mutex
	inside map[string]int
	hour   time.Time
	since  map[string]int64 // in this hour
}

// maxNetworks bounds the memory of a gate; beyond, it begins to count anew.
const maxNetworks = 100_000

// enter returns why there is no room; who enters has to leave.
func (g *gate) enter(network string, now time.Time) error {
	g.lock.Lock()
	defer g.lock.Unlock()
	if hour := now.Truncate(time.Hour); !hour.Equal(g.hour) || len(g.since) >= maxNetworks {
		g.hour, g.since = hour, map[string]int64{}
	}
	if g.inside[network] >= g.atOnce {
		return &refusal{status: http.StatusTooManyRequests, message: "Too many requests from your network at once", after: 10 * time.Second}
	}
	if g.since[network] >= g.hourly {
		return &refusal{status: http.StatusTooManyRequests, message: "Too many requests from your network", after: g.hour.Add(time.Hour).Sub(now)}
	}
	g.since[network]++
	g.inside[network]++
	return nil
}

func (g *gate) leave(network string) {
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.inside[network]--; g.inside[network] == 0 {
		delete(g.inside, network)
	}
}

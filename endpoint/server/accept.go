package server

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/kprep/kprep/endpoint"
)

// Accept answers a request to receive or to reflect messages that came by
// another way than HTTP: whole, with LF line ends, and from the client. It goes
// through the same checks and limits, and is answered with the same status. Its
// caller holds the memory for it.
func (s *Server) Accept(ctx context.Context, r endpoint.Request, client netip.Addr) (endpoint.Answer, int) {
	x := &exchange{Server: s, network: network(client), start: s.now()}
	answer, err := x.guarded(func() (*endpoint.Answer, error) { return x.take(ctx, &r) })
	status := http.StatusOK
	if err != nil {
		answer, status = asRefusal(err).answer()
	}
	x.end(ctx, status, err)
	return *answer, status
}

// take is handle for what is in memory already.
func (x *exchange) take(ctx context.Context, r *endpoint.Request) (*endpoint.Answer, error) {
	if err := x.gate.enter(x.network, x.now()); err != nil {
		return nil, err
	}
	defer x.gate.leave(x.network)
	size := int64(0)
	for _, m := range r.Messages {
		size += int64(len(m))
	}
	if size > x.Limits.Request {
		return nil, x.tooLarge()
	}
	ctx, cancel := context.WithTimeout(ctx, x.Limits.Work)
	defer cancel()
	return x.act(ctx, r)
}

package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/endpoint"
)

// describe tells what the service does.
func (x *exchange) describe(context.Context, *endpoint.Request) (*endpoint.Answer, error) {
	a := success("This is %s", x.Mail.Name)
	a.Service = &endpoint.Service{
		Name: x.Mail.Name, URL: x.URL.String(), Version: x.Version, Algorithms: x.algorithms(),
		OwnDomains: x.Mail.OwnDomains, RelayFrom: x.Mail.From.Mailbox,
		MaxMessages: x.Limits.Messages, MaxMessage: x.Limits.Message, MaxRequest: x.Limits.Request,
	}
	return a, nil
}

func (s *Server) algorithms() []string {
	list := []string{string(attest.Ed25519), string(attest.OpenSSH)}
	if s.OpenPGP {
		list = append(list, string(attest.OpenPGP))
	}
	return list
}

// status tells an identity what became of its messages. While one is being
// worked on, it is not said to be absent.
func (x *exchange) status(ctx context.Context, r *endpoint.Request) (*endpoint.Answer, error) {
	s, err := x.open(ctx, r.Msg, endpoint.PurposeStatus, "Invalid status message", x.counting)
	if err != nil {
		return nil, err
	}
	if err := x.once(ctx, s); err != nil {
		return nil, err
	}
	// First: what is accepted behind this look is found by the next.
	coming, err := x.store.Underway(ctx, s.key.Identity, x.now())
	if err != nil {
		return nil, err
	}
	entries, err := x.store.Fates(ctx, s.key.Identity, s.Messages)
	if err != nil {
		return nil, err
	}
	a := success("The key %s of %s/%s is enrolled", s.key.Fingerprint, s.key.Identity, s.key.Selector)
	for i, e := range entries {
		if e == nil && slices.Contains(coming, s.Messages[i]) {
			return nil, &refusal{status: http.StatusServiceUnavailable, message: "Messages of yours are being received; please ask again", after: 10 * time.Second,
				cause: errors.New("a submission is under way")}
		}
		a.Messages = append(a.Messages, fate(e, s.Messages[i]))
	}
	return a, nil
}

package submit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/intake"
)

// An Acceptor answers a request to receive or to reflect messages with LF line
// ends, with the status of HTTP. Before they are read into memory, so much of it
// has to be held.
type Acceptor interface {
	Hold(ctx context.Context, bytes int64) (release func(), err error)
	Accept(ctx context.Context, r endpoint.Request, client netip.Addr) (endpoint.Answer, int)
}

// Options are what the listener announces and bounds.
type Options struct {
	Name       string      // of this machine, to greet with
	TLS        *tls.Config // nil: STARTTLS is not offered
	Message    int64       // bytes of a message
	Recipients int         // of a message
	Scratch    string      // a folder for messages while they arrive; "" is the system's

	Work       time.Duration // to check a message
	Idle       time.Duration // for a command, or a whole message, to arrive
	Life       time.Duration // of a connection
	AtOnce     int           // connections
	PerNetwork int           // of them, from one network

	Log *slog.Logger
}

// Standard returns o with the bounds that are not given filled in.
func (o Options) standard() Options {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&o.Work, 2 * time.Minute}, {&o.Idle, 2 * time.Minute}, {&o.Life, 30 * time.Minute}} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	for _, n := range []struct {
		value    *int
		standard int
	}{{&o.AtOnce, 100}, {&o.PerNetwork, 10}, {&o.Recipients, 200}} {
		if *n.value == 0 {
			*n.value = n.standard
		}
	}
	if o.Message == 0 {
		o.Message = 2 << 20
	}
	return o
}

// wire is how long a message may be on the wire: CRLF makes it longer than it
// counts; the acceptor is exact.
func (o Options) wire() int64 { return o.Message + o.Message/8 }

// finishTime is how long connections may take to end when the service does.
const finishTime = 10 * time.Second

// Serve takes mail on a listener until ctx is done. A message that is being
// checked then is finished and answered.
func Serve(ctx context.Context, l net.Listener, a Acceptor, o Options) error {
	o = o.standard()
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{ctx: context.WithoutCancel(ctx), options: o, acceptor: a, client: intake.Address(c.Conn().RemoteAddr())}, nil
	}))
	s.Domain, s.TLSConfig = o.Name, o.TLS
	s.MaxMessageBytes, s.MaxRecipients = o.wire(), o.Recipients
	s.ReadTimeout, s.WriteTimeout = o.Idle, o.Idle
	s.EnableSMTPUTF8 = true
	s.ErrorLog = slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn)
	ended := make(chan error, 1)
	door := intake.NewDoor(l, intake.Bounds{AtOnce: o.AtOnce, PerNetwork: o.PerNetwork, Life: o.Life, Log: o.Log,
		Away: "421 4.7.0 too many connections; please come back later\r\n"})
	go func() { ended <- s.Serve(door) }()
	select {
	case err := <-ended:
		return fmt.Errorf("take mail: %w", err)
	case <-ctx.Done():
	}
	finishing, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	if err := s.Shutdown(finishing); errors.Is(err, context.DeadlineExceeded) {
		s.Close() // somebody only holds the line
	} else if err != nil {
		return fmt.Errorf("end taking mail: %w", err)
	}
	return nil
}

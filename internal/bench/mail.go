package main

import (
	"context"
	"errors"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// roundTrip is how far away the mail server is.
const roundTrip = 50 * time.Millisecond

// receiveMail starts a mail server, over there, that the repository sends to.
func (w *world) receiveMail(ctx context.Context) (closeMail func(), err error) {
	server, err := mailtest.New(mailtest.Options{})
	if err != nil {
		return nil, err
	}
	distance, err := mailtest.NewDistance(server.Addr(), roundTrip)
	if err != nil {
		server.Close()
		return nil, err
	}
	closeMail = func() {
		distance.Close()
		server.Close()
	}
	err = errors.Join(w.git(ctx, "config", "sendemail.smtpServer", distance.Host()), w.git(ctx, "config", "sendemail.smtpServerPort", distance.Port()))
	if err != nil {
		closeMail()
		return nil, err
	}
	return closeMail, nil
}

package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/kprep/kprep/endpoint/server/relay"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/sendmail"
)

// A Feed takes mails in order, and says as which commits. Package feed has one.
type Feed interface {
	Append(ctx context.Context, mails [][]byte, now time.Time) ([]string, error)
}

// Options say how a worker works. Times that are zero have a standard.
type Options struct {
	Store   *store.Store
	Open    func() (sendmail.Transport, error) // one for each series that is sent at once
	Service relay.Service
	Feed    Feed   // nil: none
	Owner   string // names this process among all that share the database
	AtOnce  int    // series that are sent at once; at least 1

	Lease  time.Duration // 2 minutes: after so long others take over from an instance that died
	Poll   time.Duration // 2 seconds: how often the queue is looked at when nobody calls
	GiveUp time.Duration // 5 days after it was received a message that is still put off is refused

	Now func() time.Time
	Log *slog.Logger

	// Sent is told of everything that became of a message for a recipient; nil:
	// nobody is. It may be called at once.
	Sent func(sendmail.State)
}

// A Worker mails what is in the queue.
type Worker struct {
	Options
	wake chan struct{}
	tick func(every time.Duration) (ticks <-chan time.Time, stop func()) // when leases are renewed
}

// New makes a worker.
func New(o Options) *Worker {
	o.AtOnce = max(o.AtOnce, 1)
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&o.Lease, 2 * time.Minute}, {&o.Poll, 2 * time.Second}, {&o.GiveUp, 5 * 24 * time.Hour}} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	return &Worker{Options: o, wake: make(chan struct{}, o.AtOnce), tick: tick}
}

func tick(every time.Duration) (ticks <-chan time.Time, stop func()) {
	t := time.NewTicker(every)
	return t.C, t.Stop
}

// Wake has the queue looked at: there is something new.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx is done. Then it finishes the messages that are in flight,
// gives its claims back, and returns.
func (w *Worker) Run(ctx context.Context) {
	var group sync.WaitGroup
	for range w.AtOnce {
		group.Go(func() { w.loop(ctx) })
	}
	group.Wait()
}

// loop sends one series after the other.
func (w *Worker) loop(ctx context.Context) {
	var transport sendmail.Transport
	defer func() {
		if transport != nil {
			transport.Close()
		}
	}()
	failures := 0 // in a row, of the mail server or the database
	for ctx.Err() == nil {
		worked, err := w.next(ctx, &transport)
		switch {
		case err != nil:
			failures++
			w.Log.Error("delivery", slog.String("cause", err.Error()))
			w.rest(ctx, min(time.Minute, w.Poll<<min(failures, 10)))
		case worked:
			failures = 0
		default:
			failures = 0
			if transport != nil { // the mail server would hang up in time
				transport.Close()
				transport = nil
			}
			w.rest(ctx, w.Poll)
		}
	}
}

// rest waits for d and a little, so that many instances do not come at once, or
// until somebody calls.
func (w *Worker) rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d + rand.N(d/8+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-w.wake:
	case <-timer.C:
	}
}

// next works on the submission that is due, if there is one. An error is about
// the mail server or the database, so that others would fare no better.
func (w *Worker) next(ctx context.Context, transport *sendmail.Transport) (worked bool, err error) {
	sub, err := w.Store.Claim(ctx, w.Owner, w.Lease, w.Now())
	if err != nil || sub == nil {
		return false, err
	}
	if *transport == nil {
		if *transport, err = w.Open(); err != nil {
			*transport = nil
			return true, errors.Join(err, w.release(ctx, sub, w.Now().Add(pause(sub.Attempts, true))))
		}
	}
	held, cancel := context.WithCancel(ctx)
	defer cancel()
	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		w.renew(held, cancel, sub)
	}()
	j := &job{Worker: w, sub: sub, transport: *transport}
	due, err := j.work(held)
	cancel()
	<-renewing
	if ctx.Err() != nil {
		due = w.Now() // whoever goes on may go on at once
	}
	return true, errors.Join(err, w.release(ctx, sub, due))
}

// renew keeps the claim while it is worked on, and stops the work when it is
// lost.
func (w *Worker) renew(ctx context.Context, stop context.CancelFunc, sub *store.Submission) {
	ticks, stopTicks := w.tick(w.Lease / 4)
	defer stopTicks()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		err := w.Store.Renew(ctx, sub, w.Now().Add(w.Lease))
		if errors.Is(err, store.ErrLeaseLost) {
			w.Log.Warn("another instance has taken a submission over", slog.Int64("submission", sub.ID))
			stop()
			return
		}
		if err != nil && ctx.Err() == nil {
			w.Log.Error("a lease could not be renewed", slog.Int64("submission", sub.ID), slog.String("cause", err.Error()))
		}
	}
}

// settleTime is how long the database may take for what must not be lost.
const settleTime = 30 * time.Second

// release gives a claim back, after an interrupt too.
func (w *Worker) release(ctx context.Context, sub *store.Submission, due time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	done, err := w.Store.Release(ctx, sub, due)
	if errors.Is(err, store.ErrLeaseLost) {
		return nil // it is somebody else's business now
	}
	if err != nil {
		return fmt.Errorf("give submission %d back: %w", sub.ID, err)
	}
	if done {
		w.Log.Info("submission done", slog.Int64("submission", sub.ID), slog.String("identity", sub.Identity))
		w.Wake() // what waited for it can go
	}
	return nil
}

package series

import (
	"context"
	"errors"
	"testing"
)

// The first failure in the list is told, whichever happens first, and what
// comes after it is stopped.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	first, second := errors.New("first"), errors.New("second")
	told := make(chan struct{})
	err := atOnce(t.Context(),
		func(context.Context) error { return nil },
		func(ctx context.Context) error {
			<-told // the other one has failed by now
			return errors.Join(first, ctx.Err())
		},
		func(context.Context) error { close(told); return second },
		func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	)
	if !errors.Is(err, first) || errors.Is(err, context.Canceled) {
		t.Errorf("told: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := atOnce(ctx, func(ctx context.Context) error { return ctx.Err() }); !errors.Is(err, context.Canceled) {
		t.Errorf("after an interrupt: %v", err)
	}
}

package main

import (
	"context"
	"io"
)

// input is standard input for who reads all of it: an interrupt ends the wait for
// more.
func (e *env) input(ctx context.Context) io.Reader { return &input{ctx, e.stdin} }

type input struct {
	ctx context.Context
	r   io.Reader
}

// Read leaves a read that waits to itself once the program is to end.
func (i *input) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	type answer struct {
		n   int
		err error
	}
	own := make([]byte, len(p)) // p is the caller's again when we return
	got := make(chan answer, 1)
	go func() {
		n, err := i.r.Read(own)
		got <- answer{n, err}
	}()
	select {
	case a := <-got:
		return copy(p, own[:a.n]), a.err
	case <-i.ctx.Done():
		return 0, i.ctx.Err()
	}
}

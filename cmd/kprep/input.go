package main

import (
	"context"
	"io"
	"os"
)

// input is standard input for who reads all of it: an interrupt ends the wait for
// more.
func (e *env) input(ctx context.Context) io.Reader { return &input{ctx, e.stdin} }

type input struct {
	ctx context.Context
	r   io.Reader
}

// A namedFile is opened by its first read, as one of a pipe waits for a writer,
// and closed by the one that fails or finds the end.
type namedFile struct {
	name string
	file *os.File
}

func (f *namedFile) Read(p []byte) (n int, err error) {
	if f.file == nil {
		if f.file, err = os.Open(f.name); err != nil {
			return 0, err
		}
	}
	if n, err = f.file.Read(p); err != nil {
		f.file.Close()
	}
	return n, err
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

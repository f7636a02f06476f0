package main

import (
	"bufio"
	"context"
	"errors"
	"io"
)

// errDeclined means that the user said no.
var errDeclined = errors.New("not confirmed: nothing was sent and nothing was changed")

// readLine reads a line from the user. An interrupt ends the wait; the end of
// input is an empty line.
func (e *env) readLine(ctx context.Context) (string, error) {
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(e.stdin).ReadString('\n')
		if errors.Is(err, io.EOF) {
			err = nil
		}
		got <- answer{line, err}
	}()
	select {
	case a := <-got:
		e.progress.again()
		return a.line, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

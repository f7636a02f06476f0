//go:build !windows

package gitrepo

import (
	"errors"
	"io"
	"os"
)

// returns bring back what a process writes into two more files.
type returns struct {
	names [2]string  // of the files, for the process
	files []*os.File // that it has open from the start
	pipes [2]*returnPipe
}

func newReturns() (*returns, error) {
	first, err := newReturnPipe()
	if err != nil {
		return nil, err
	}
	second, err := newReturnPipe()
	if err != nil {
		first.close()
		return nil, err
	}
	return &returns{
		names: [2]string{"/dev/fd/3", "/dev/fd/4"},
		files: []*os.File{first.write, second.write},
		pipes: [2]*returnPipe{first, second},
	}, nil
}

// close returns what was written into each, once the process has ended.
func (r *returns) close() (texts [2][]byte, err error) {
	for i, p := range r.pipes {
		text, pipeErr := p.close()
		texts[i], err = text, errors.Join(err, pipeErr)
	}
	return texts, err
}

// A returnPipe brings back what a process writes into one more file: nothing
// touches the disk.
type returnPipe struct {
	write *os.File
	read  chan []byte
	err   error
}

func newReturnPipe() (*returnPipe, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &returnPipe{write: w, read: make(chan []byte, 1)}
	go func() {
		data, err := io.ReadAll(r)
		p.err = errors.Join(err, r.Close())
		p.read <- data
	}()
	return p, nil
}

// close returns what was written.
func (p *returnPipe) close() ([]byte, error) {
	p.write.Close()
	data := <-p.read
	return data, p.err
}

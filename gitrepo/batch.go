package gitrepo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// maxObject bounds what is read into memory for one object: far above any
// commit, tag or MAINTAINERS file.
const maxObject = 64 << 20

// An objectReader is a running "git cat-file --batch".
type objectReader struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	in     io.WriteCloser
	out    *bufio.Reader
	err    error
}

func startObjectReader(g runner) *objectReader {
	ctx, cancel := context.WithCancel(context.Background())
	b := &objectReader{cancel: cancel, cmd: g.command(ctx, "cat-file", "--batch")}
	var stdout io.ReadCloser
	if b.in, b.err = b.cmd.StdinPipe(); b.err != nil {
		return b
	}
	if stdout, b.err = b.cmd.StdoutPipe(); b.err != nil {
		return b
	}
	b.out = bufio.NewReaderSize(stdout, 64<<10)
	b.err = b.cmd.Start()
	return b
}

func (b *objectReader) close() {
	if b.in != nil {
		b.in.Close()
	}
	b.cancel()
	if b.cmd.Process != nil {
		b.cmd.Wait()
	}
}

// read asks for one object and takes the answer.
func (b *objectReader) read(name string) (Object, error) {
	if name == "" || strings.ContainsAny(name, "\n\x00") {
		return Object{}, &MissingError{Name: name}
	}
	if err := b.ask(name); err != nil {
		return Object{}, err
	}
	return b.answer(name)
}

// ask sends names, none of them with a line feed in it. The answers are to be
// taken in the same order.
func (b *objectReader) ask(names ...string) error {
	err := b.err
	if err == nil {
		_, err = io.WriteString(b.in, strings.Join(names, "\n")+"\n")
	}
	if err != nil {
		return fmt.Errorf("git cat-file: %w", err)
	}
	return nil
}

// answer takes one, which is "<id> <type> <size> LF data LF", or "<name>
// missing LF". After an error that is no *MissingError the reader is of no more
// use.
func (b *objectReader) answer(name string) (Object, error) {
	line, err := b.out.ReadString('\n')
	if err != nil {
		return Object{}, fmt.Errorf("git cat-file ended while reading %q: %w", name, err)
	}
	line = strings.TrimSuffix(line, "\n")
	if strings.HasSuffix(line, " missing") || strings.HasSuffix(line, " ambiguous") {
		return Object{}, &MissingError{Name: name}
	}
	fields := strings.Split(line, " ")
	if len(fields) != 3 {
		return Object{}, fmt.Errorf("git cat-file answered %q for %q", line, name)
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil || size < 0 || size > maxObject {
		return Object{}, fmt.Errorf("object %s is %s bytes, more than kprep reads", fields[0], fields[2])
	}
	data := make([]byte, size+1)
	if _, err := io.ReadFull(b.out, data); err != nil {
		return Object{}, fmt.Errorf("git cat-file ended while reading %q: %w", name, err)
	}
	return Object{ID: ID(fields[0]), Kind: fields[1], Data: data[:size]}, nil
}

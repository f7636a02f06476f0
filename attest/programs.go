package attest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// Programs says how the programs that hold keys are run.
type Programs struct {
	GPG       string   // "" means gpg
	SSHKeygen string   // "" means ssh-keygen
	Env       []string // in the form of os.Environ; empty means the process's own
	Scratch   string   // a directory for short-lived files with public keys
	// Asks, which may be nil, is told of a program that may ask the user on the
	// terminal by itself, before it runs; it returns what is called afterwards.
	Asks func(program string) (done func())
}

func (p Programs) withDefaults() Programs {
	if p.GPG == "" {
		p.GPG = "gpg"
	}
	if p.SSHKeygen == "" {
		p.SSHKeygen = "ssh-keygen"
	}
	return p
}

// scratch makes a directory of our own.
func (p Programs) scratch() (string, error) {
	if p.Scratch != "" {
		if err := os.MkdirAll(p.Scratch, 0o700); err != nil {
			return "", err
		}
	}
	return os.MkdirTemp(p.Scratch, "attest-")
}

// A ProgramError reports a program that could not be started: nothing is known
// of what it was to check or sign.
type ProgramError struct {
	Program string
	Err     error
}

func (e *ProgramError) Error() string { return fmt.Sprintf("run %s: %v", e.Program, e.Err) }
func (e *ProgramError) Unwrap() error { return e.Err }

// A ran is what became of a program.
type ran struct {
	stdout []byte
	stderr string
	err    error
}

// maxOutput bounds what a program may print: a small signature can unpack to
// very much.
const maxOutput = 4 << 20

func (p Programs) run(ctx context.Context, program string, stdin []byte, args ...string) ran {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Stdin = p.Env, bytes.NewReader(stdin)
	cmd.WaitDelay = time.Second
	if p.Asks != nil {
		defer p.Asks(program)()
	}
	stdout, stderr := &bounded{}, &bounded{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // it started an agent, which stays
		err = nil
	}
	if failed := (*exec.Error)(nil); errors.As(err, &failed) {
		err = &ProgramError{program, failed.Err}
	} else if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		err = &ProgramError{program, failed.Err}
	}
	if interrupted(err) {
		// A terminal interrupts the program and us at once: we hear of it too.
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return ran{stdout.kept.Bytes(), stderr.kept.String(), err}
}

// interrupted is true of a program that Ctrl-C ended.
func interrupted(err error) bool {
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGINT
}

// said is what the program told people, on one line and each thing once.
func (r ran) said() string {
	var words []string
	for line := range strings.Lines(r.stderr) {
		line = patchmail.PrintableLine(strings.TrimSpace(line))
		if line != "" && !strings.HasPrefix(line, statusPrefix) && !slices.Contains(words, line) {
			words = append(words, line)
		}
	}
	const most = 500
	text := strings.Join(words, "; ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

// A bounded buffer takes maxOutput bytes; after that the writer is stopped. It
// hides the ReadFrom of the buffer, which io.Copy would use instead.
type bounded struct{ kept bytes.Buffer }

func (b *bounded) Write(data []byte) (int, error) {
	if b.kept.Len()+len(data) > maxOutput {
		return 0, fmt.Errorf("more than %d MB of output", maxOutput>>20)
	}
	return b.kept.Write(data)
}

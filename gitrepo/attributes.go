package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
)

// An AttributeReader is a git process that knows attributes of files.
type AttributeReader struct {
	ctx context.Context
	cmd *exec.Cmd
	in  io.WriteCloser
	out bytes.Buffer
	err bytes.Buffer
}

// StartAttributes starts the process, which then waits to be asked. The
// attributes are those that git log follows: the files .gitattributes of the
// work tree count, not those of the index.
func (r *Repo) StartAttributes(ctx context.Context) (*AttributeReader, error) {
	a := &AttributeReader{ctx: ctx, cmd: r.git.porcelain(ctx, "check-attr", "-z", "--all", "--stdin")}
	// To git, a file that is not there is an empty index.
	a.cmd.Env = append(a.cmd.Env, "GIT_INDEX_FILE="+filepath.Join(r.Dir, ".git-without-index"))
	a.cmd.Stdout, a.cmd.Stderr = &a.out, &a.err
	var err error
	if a.in, err = a.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return a, a.cmd.Start()
}

// Read asks for all attributes of files and ends the process. The files are
// named from the top of the work tree, to which toTop is the way. All that is
// said of a file comes in one string, "" for nothing.
func (a *AttributeReader) Read(toTop string, files []string) (map[string]string, error) {
	var question strings.Builder
	for _, file := range files {
		question.WriteString(toTop + file + "\x00")
	}
	_, writeErr := io.WriteString(a.in, question.String())
	a.in.Close()
	if err := a.cmd.Wait(); err != nil {
		return nil, commandError(a.ctx, a.cmd, a.err.String(), err)
	}
	if writeErr != nil {
		return nil, writeErr
	}
	if a.err.Len() > 0 {
		return nil, fmt.Errorf("git check-attr warned: %s", strings.TrimSpace(a.err.String()))
	}
	attributes := make(map[string]string, len(files))
	fields := strings.Split(strings.TrimSuffix(a.out.String(), "\x00"), "\x00")
	for ; len(fields) >= 3; fields = fields[3:] {
		attributes[strings.TrimPrefix(fields[0], toTop)] += fields[1] + "\x00" + fields[2] + "\x00"
	}
	return attributes, nil
}

// Close ends a process that was not asked.
func (a *AttributeReader) Close() {
	a.in.Close()
	a.cmd.Process.Kill()
	a.cmd.Wait()
}

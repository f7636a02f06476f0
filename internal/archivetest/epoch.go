package archivetest

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// WriteMirror makes a public-inbox v2 repository as a mirror has it: dir/git
// with bare repositories, of which each holds some of the mails.
func WriteMirror(dir string, epochs ...[][]byte) error {
	for n, mails := range epochs {
		i := 0
		err := WriteEpoch(filepath.Join(dir, "git", strconv.Itoa(n)+".git"), func() []byte {
			if i++; i <= len(mails) {
				return mails[i-1]
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// WriteEpoch adds mails to one bare repository, which it makes when it is not
// there, until next returns nil.
func WriteEpoch(dir string, next func() []byte) error {
	if _, err := os.Stat(dir); err != nil {
		if err := run("git", "init", "--quiet", "--bare", "--initial-branch=master", dir); err != nil {
			return err
		}
	}
	return Import(dir, func(w io.Writer) error {
		for raw := next(); raw != nil; raw = next() {
			if err := Commit(w, "M 100644 inline m", raw); err != nil {
				return err
			}
		}
		return nil
	})
}

// Import feeds commits to git fast-import, on top of what the repository has.
func Import(dir string, write func(io.Writer) error) error {
	cmd := exec.Command("git", "-C", dir, "fast-import", "--quiet", "--force")
	cmd.Env = gitEnv()
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	out := bufio.NewWriterSize(in, 1<<20)
	if exec.Command("git", "-C", dir, "rev-parse", "--quiet", "--verify", "refs/heads/master").Run() == nil {
		fmt.Fprint(out, "reset refs/heads/master\nfrom refs/heads/master^0\n\n")
	}
	err = write(out)
	if err == nil {
		err = out.Flush()
	}
	in.Close()
	if waitErr := cmd.Wait(); err == nil {
		err = waitErr
	}
	return err
}

// Commit writes a commit that changes one file; raw is what it holds.
func Commit(w io.Writer, change string, raw []byte) error {
	_, err := fmt.Fprintf(w, "commit refs/heads/master\ncommitter A <a@example.org> 1735786000 +0000\ndata 1\nx\n%s\ndata %d\n%s\n\n", change, len(raw), raw)
	return err
}

func gitEnv() []string {
	return append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
}

func run(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = gitEnv()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// WriteV1 makes a bare v1 repository: a file for each mail, named by the hash
// of its message-id.
func WriteV1(dir string, mails [][]byte) error {
	if err := WriteEpoch(dir, func() []byte { return nil }); err != nil {
		return err
	}
	return Import(dir, func(w io.Writer) error {
		for _, raw := range mails {
			if err := Commit(w, "M 100644 inline "+v1Path(raw), raw); err != nil {
				return err
			}
		}
		return nil
	})
}

// RemoveV1 takes mails out of a v1 repository.
func RemoveV1(dir string, mails ...[]byte) error {
	return Import(dir, func(w io.Writer) error {
		for _, raw := range mails {
			if _, err := fmt.Fprintf(w, "commit refs/heads/master\ncommitter A <a@example.org> 1735786000 +0000\ndata 1\nx\nD %s\n\n", v1Path(raw)); err != nil {
				return err
			}
		}
		return nil
	})
}

func v1Path(raw []byte) string {
	_, rest, _ := bytes.Cut(raw, []byte("\nMessage-ID: <"))
	id, _, _ := bytes.Cut(rest, []byte(">"))
	sum := fmt.Sprintf("%x", sha1.Sum(id))
	return sum[:2] + "/" + sum[2:]
}

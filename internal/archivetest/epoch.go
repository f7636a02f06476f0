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
	"strings"
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
	return Import(dir, func(h *History) error {
		for raw := next(); raw != nil; raw = next() {
			if err := h.Commit("M 100644 inline m", raw); err != nil {
				return err
			}
		}
		return nil
	})
}

// A History is written commit by commit.
type History struct {
	out   io.Writer
	count int // of the commits
}

// Import lets write feed commits to git fast-import, on top of what the
// repository has.
func Import(dir string, write func(*History) error) error {
	h := &History{}
	known, err := exec.Command("git", "-C", dir, "rev-list", "--count", "refs/heads/master", "--").Output()
	if err == nil {
		if h.count, err = strconv.Atoi(strings.TrimSpace(string(known))); err != nil {
			return err
		}
	}
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
	h.out = out
	if h.count > 0 {
		fmt.Fprint(out, "reset refs/heads/master\nfrom refs/heads/master^0\n\n")
	}
	err = write(h)
	if err == nil {
		err = out.Flush()
	}
	in.Close()
	if waitErr := cmd.Wait(); err == nil {
		err = waitErr
	}
	return err
}

// Commit writes a commit that changes files as said, a line each in the form of
// git fast-import; raw is what an inline file holds. A commit is a second
// younger than the one before: git's walks depend on that.
func (h *History) Commit(change string, raw []byte) error {
	h.count++
	if raw != nil {
		change += fmt.Sprintf("\ndata %d\n%s", len(raw), raw)
	}
	_, err := fmt.Fprintf(h.out, "commit refs/heads/master\ncommitter A <a@example.org> %d +0000\ndata 1\nx\n%s\n\n", 1735786000+h.count, change)
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
	return Import(dir, func(h *History) error {
		for _, raw := range mails {
			if err := h.Commit("M 100644 inline "+v1Path(raw), raw); err != nil {
				return err
			}
		}
		return nil
	})
}

// RemoveV1 takes mails out of a v1 repository.
func RemoveV1(dir string, mails ...[]byte) error {
	return Import(dir, func(h *History) error {
		for _, raw := range mails {
			if err := h.Commit("D "+v1Path(raw), nil); err != nil {
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

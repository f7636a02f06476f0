package gitrepo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bare returns the repository with the git directory dir, which is only read:
// nothing is looked up before it is asked for, and what the environment says of
// another repository does not count. Only Dir and GitDir are set. An error in
// it shows with the first question.
func Bare(dir string, opts Options) *Repo {
	env := opts.Env
	if len(env) == 0 {
		env = os.Environ()
	}
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
			"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX"}, name)
	})
	if abs, err := filepath.Abs(dir); err == nil { // git runs there, and GIT_DIR would start there
		dir = abs
	}
	return &Repo{Dir: dir, GitDir: dir, git: newRunner(dir, append(env, "GIT_DIR="+dir), append(slices.Clone(opts.Config), frugal()...))}
}

// frugal keeps git from mapping all of a large pack into memory.
func frugal() []string {
	return []string{"core.packedGitWindowSize=1m", "core.packedGitLimit=32m", "core.deltaBaseCacheLimit=8m"}
}

// IsGitDir says whether a directory looks like that of a repository.
func IsGitDir(dir string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// BranchMark changes whenever a branch of the repository with that git
// directory moves, as far as can be seen without asking git. Changed is when
// something was last fetched into it.
func BranchMark(dir string) (mark string, changed time.Time, err error) {
	var b strings.Builder
	note := func(path string, info fs.FileInfo) {
		fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		if info.ModTime().After(changed) {
			changed = info.ModTime()
		}
	}
	for _, name := range []string{"HEAD", "packed-refs", "reftable/tables.list"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			note(name, info)
		} else if name == "HEAD" {
			return "", changed, err
		}
	}
	err = filepath.WalkDir(filepath.Join(dir, "refs", "heads"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			note(path, info)
		}
		return err
	})
	if info, statErr := os.Stat(filepath.Join(dir, "FETCH_HEAD")); statErr == nil && info.ModTime().After(changed) {
		changed = info.ModTime()
	}
	return b.String(), changed, err
}

// Resolve returns the commit that a name leads to, "" for none.
func (r *Repo) Resolve(ctx context.Context, name string) (ID, error) {
	out, err := r.git.output(ctx, "rev-parse", "--quiet", "--verify", "--end-of-options", name+"^{commit}")
	if ge := (*Error)(nil); errors.As(err, &ge) && ge.ExitCode == 1 {
		return "", nil
	}
	return ID(trimNewline(out)), err
}

// A FileChange is what one commit did to one file.
type FileChange struct {
	Commit   ID
	Path     string
	Old, New ID // of the blob; "" where there is none
}

// FileChanges visits what the commits up to to, without those up to from, did
// to files, from the oldest on, along first parents. From may be "".
func (r *Repo) FileChanges(ctx context.Context, from, to ID, visit func(FileChange) error) error {
	args := append(diffConfig(), "-c", "log.showRoot=true", "log", "--reverse", "--first-parent", "--raw", "-r", "-z", "--no-abbrev", "--no-renames",
		"--no-ext-diff", "--no-notes", "--no-show-signature", "--no-mailmap", "--no-relative", "--no-color", "--format=tformat:%H", string(to))
	if from != "" {
		args = append(args, "^"+string(from))
	}
	return readOutput(ctx, r.git.command(ctx, append(args, "--")...), func(out io.Reader) error {
		return readFileChanges(bufio.NewReaderSize(out, 64<<10), visit)
	})
}

// readFileChanges reads "<commit> NUL", and ":<mode> <mode> <old> <new> <kind>
// NUL <path> NUL" for each file.
func readFileChanges(in *bufio.Reader, visit func(FileChange) error) error {
	var change FileChange
	for {
		field, err := in.ReadString(0)
		if errors.Is(err, io.EOF) && field == "" {
			return nil
		}
		if err != nil {
			return fmt.Errorf("git log broke off: %w", err)
		}
		field = strings.Trim(field, "\x00\n")
		if field == "" {
			continue
		}
		if field[0] != ':' {
			change = FileChange{Commit: ID(field)}
			continue
		}
		words := strings.Fields(field)
		path, err := in.ReadString(0)
		if err != nil || len(words) != 5 {
			return fmt.Errorf("git log printed %q", field)
		}
		change.Path, change.Old, change.New = strings.TrimSuffix(path, "\x00"), orNone(words[2]), orNone(words[3])
		if err := visit(change); err != nil {
			return err
		}
	}
}

func orNone(id string) ID {
	if strings.Trim(id, "0") == "" {
		return ""
	}
	return ID(id)
}

// ReadBlobs reads objects in the order in which they come, until ids is closed,
// by one git process that is asked for the next before it has answered. Of one
// larger than limit, and of one that is missing, visit gets no data but its
// size, or -1.
func (r *Repo) ReadBlobs(ctx context.Context, ids <-chan ID, limit int, visit func(id ID, data []byte, size int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := r.git.command(ctx, "cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	asked := make(chan error, 1)
	go func() {
		defer in.Close()
		asked <- askFor(ctx, in, ids)
	}()
	err = readOutput(ctx, cmd, func(out io.Reader) error {
		return readBlobs(bufio.NewReaderSize(out, 256<<10), limit, visit)
	})
	cancel()
	if askErr := <-asked; err == nil {
		err = askErr
	}
	return err
}

func askFor(ctx context.Context, in io.Writer, ids <-chan ID) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case id, more := <-ids:
			if !more {
				return nil
			}
			if _, err := io.WriteString(in, string(id)+"\n"); err != nil {
				return err
			}
		}
	}
}

func readBlobs(out *bufio.Reader, limit int, visit func(id ID, data []byte, size int) error) error {
	for {
		line, err := out.ReadString('\n')
		if errors.Is(err, io.EOF) && line == "" {
			return nil
		}
		if err != nil {
			return fmt.Errorf("git cat-file broke off: %w", err)
		}
		words := strings.Fields(line)
		if len(words) == 2 && words[1] == "missing" {
			if err := visit(ID(words[0]), nil, -1); err != nil {
				return err
			}
			continue
		}
		if len(words) != 3 {
			return fmt.Errorf("git cat-file answered %q", line)
		}
		size, err := strconv.Atoi(words[2])
		if err != nil || size < 0 {
			return fmt.Errorf("git cat-file answered %q", line)
		}
		var data []byte
		if size <= limit {
			data = make([]byte, size)
			_, err = io.ReadFull(out, data)
		} else {
			_, err = io.CopyN(io.Discard, out, int64(size))
		}
		if err == nil {
			_, err = out.ReadByte()
		}
		if err != nil {
			return fmt.Errorf("git cat-file broke off: %w", err)
		}
		if err := visit(ID(words[0]), data, size); err != nil {
			return err
		}
	}
}

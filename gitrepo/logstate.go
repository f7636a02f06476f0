package gitrepo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A LogState is what decides on what git log prints besides the commits, the
// attributes of files and the settings of submodules.
type LogState struct {
	// Revisions are the ids that each word names and, after "^", those that
	// it excludes.
	Revisions [][]string
	CommonDir string // absolute
	ToTop     string // the relative path to the top of the work tree, "" or "../…"
	// Digest is of the whole state but the revisions: while it is the same,
	// the same commits have the same texts but for that.
	Digest [sha256.Size]byte
	// Unsure says why Digest does not speak for everything; "" when it does.
	Unsure string
}

// LogState reads words as git rev-parse does, each by itself, and with them
// what git log depends on. It is an error when git takes one of the words for
// anything else.
func (r *Repo) LogState(ctx context.Context, words []string) (*LogState, error) {
	// rev-parse repeats what it takes for the options of another program, so
	// one process tells all apart.
	const next = "--next"
	args := []string{"rev-parse", "--path-format=absolute", "--git-common-dir", "--git-path", "info/grafts", "--git-path", "shallow",
		"--git-dir", "--is-inside-work-tree", "--show-cdup", next}
	for _, word := range words {
		args = append(args, word, next)
	}
	const notes = "--glob=refs/notes/*"
	args = append(args, notes, next, "--glob=refs/replace/*", next, "--symbolic-full-name", notes)
	cmd := r.git.porcelain(ctx, args...)
	var out, warnings bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &warnings
	if err := cmd.Run(); err != nil {
		return nil, commandError(ctx, cmd, warnings.String(), err)
	}
	parts := strings.Split("\n"+strings.TrimSuffix(out.String(), "\n"), "\n"+next)
	if len(parts) != len(words)+4 {
		return nil, fmt.Errorf("git rev-parse answered for %d of %d words", len(parts)-4, len(words))
	}
	s := &LogState{}
	for _, part := range parts[1 : 1+len(words)] {
		ids, err := parseRevision(part)
		if err != nil {
			return nil, err
		}
		s.Revisions = append(s.Revisions, ids)
	}
	rest := parts[1+len(words):]
	d := digester{Hash: sha256.New()}
	d.place(r.Dir, parts[0], s)
	d.sure(warnings.Len() == 0, "git warned")
	d.sure(strings.TrimSpace(rest[1]) == "", "there are replaced objects")
	d.add(rest[0], rest[2])
	d.environment(r.git.env)
	d.program("git")
	config, err := r.Config()
	if err != nil {
		return nil, err
	}
	d.config(config)
	s.Digest, s.Unsure = [sha256.Size]byte(d.Sum(nil)), d.unsure
	return s, nil
}

func parseRevision(lines string) (ids []string, err error) {
	for line := range strings.FieldsSeq(lines) {
		id := strings.TrimPrefix(line, "^")
		if len(id) != 40 && len(id) != 64 || !isHex(id) {
			return nil, fmt.Errorf("git rev-parse answered %q", line)
		}
		ids = append(ids, line)
	}
	return ids, nil
}

// A digester collects a LogState.
type digester struct {
	hash.Hash
	unsure string
}

func (d *digester) add(parts ...string) {
	for _, part := range parts {
		fmt.Fprintf(d, "%d:%s", len(part), part)
	}
}

func (d *digester) sure(ok bool, otherwise string) {
	if !ok && d.unsure == "" {
		d.unsure = otherwise
	}
}

// place takes what git said of the repository: where it is, and the files in
// it that git log looks at.
func (d *digester) place(dir, answer string, s *LogState) {
	lines := strings.Split(strings.TrimPrefix(answer, "\n"), "\n")
	if len(lines) != 6 || lines[4] != "true" {
		d.sure(false, "there is no work tree here")
		return
	}
	s.CommonDir, s.ToTop = lines[0], lines[5]
	_, err := os.Lstat(lines[1])
	d.sure(errors.Is(err, fs.ErrNotExist), "there are grafts")
	d.file(lines[2])
	top := filepath.Join(dir, s.ToTop)
	d.add(lines[3], top)
	d.file(filepath.Join(top, ".mailmap"))
}

// file takes the content of a file, or that there is none.
func (d *digester) file(path string) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		d.add("no file")
		return
	}
	if err != nil || !info.Mode().IsRegular() {
		d.sure(false, filepath.Base(path)+" is not a plain file")
		return
	}
	data, err := os.ReadFile(path)
	d.sure(err == nil, filepath.Base(path)+" cannot be read")
	d.add("file", string(data))
}

// program takes the version of a program by what its file looks like.
func (d *digester) program(name string) {
	path, err := exec.LookPath(name)
	if err != nil {
		d.sure(false, name+" is not found")
		return
	}
	info, err := os.Stat(path)
	if err != nil {
		d.sure(false, name+" is not found")
		return
	}
	d.add(path, info.ModTime().String(), fmt.Sprint(info.Size()))
}

// environment takes the variables that git log looks at.
func (d *digester) environment(env []string) {
	var known []string
	for _, variable := range env {
		name, value, _ := strings.Cut(variable, "=")
		switch {
		case shapesKnown(name):
			known = append(known, variable)
		case value != "" && strings.HasPrefix(name, "GIT_") && !shapesNothing(name):
			d.sure(false, name+" is set")
		}
	}
	d.add(known...)
}

// shapesKnown reports variables that choose what is looked at here:
// configuration, work tree, index, locale.
func shapesKnown(name string) bool {
	switch name {
	case "HOME", "XDG_CONFIG_HOME", "LANG", "LANGUAGE", "GIT_ATTR_NOSYSTEM",
		"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_CEILING_DIRECTORIES", "GIT_EXEC_PATH":
		return true
	}
	return strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "GIT_CONFIG")
}

// shapesNothing reports variables of git that no log depends on.
func shapesNothing(name string) bool {
	switch name {
	case "GIT_ASKPASS", "GIT_TERMINAL_PROMPT", "GIT_OPTIONAL_LOCKS", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_PAGER":
		return true
	}
	return slices.ContainsFunc([]string{"AUTHOR_", "COMMITTER_", "SSH", "SSL_", "HTTP_", "CURL_", "PROXY_", "PS1_"}, func(prefix string) bool {
		return strings.HasPrefix(name, "GIT_"+prefix)
	})
}

// config takes the configuration, but for sections that git log does not read.
func (d *digester) config(config *Config) {
	for _, e := range config.entries {
		section, rest, _ := strings.Cut(e.key, ".")
		switch section {
		case "alias", "author", "b4", "branch", "committer", "credential", "kprep", "push", "remote", "sendemail", "url", "user":
			continue
		case "diff":
			name := rest[strings.LastIndexByte(rest, '.')+1:]
			d.sure(!slices.Contains([]string{"textconv", "orderfile", "relative"}, name), e.key+" is set")
		case "mailmap":
			d.sure(false, e.key+" is set")
		}
		if e.key == "core.notesref" || e.key == "notes.displayref" {
			d.sure(strings.HasPrefix(e.value, "refs/notes/"), e.key+" names refs of another kind")
		}
		d.add(e.key, e.value, fmt.Sprint(e.isNull))
	}
}

// GuessCommonDir is where the files of the repository most likely are that all
// its work trees share, found without git; "" when that is not plain.
func (r *Repo) GuessCommonDir() string {
	for dir := r.Dir; ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, ".git")
		info, err := os.Lstat(path)
		switch {
		case err != nil && dir == filepath.Dir(dir):
			return ""
		case err != nil:
			continue
		case info.IsDir():
			return path
		}
		text, _ := os.ReadFile(path)
		gitDir := strings.TrimSpace(strings.TrimPrefix(string(text), "gitdir: "))
		common, err := os.ReadFile(filepath.Join(gitDir, "commondir"))
		if err != nil || !filepath.IsAbs(gitDir) {
			return ""
		}
		return filepath.Join(gitDir, strings.TrimSpace(string(common)))
	}
}

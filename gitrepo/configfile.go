package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// A ConfigFile is the repository's own configuration file, as text: kprep
// puts sections of a branch back byte by byte, with their order, repeated
// keys, keys without a value and comments.
type ConfigFile struct {
	path   string // with symbolic links resolved
	text   []byte
	absent bool
}

// A ConfigSection is one section of a configuration file: from its header to
// the next, or to the end.
type ConfigSection struct {
	Before int    `json:"before"` // how many sections stand before it in the file
	Text   string `json:"text"`
}

// A ConfigBusyError means that somebody else is writing the configuration.
type ConfigBusyError struct{ Lock string }

func (e *ConfigBusyError) Error() string {
	return fmt.Sprintf("the configuration is being written by another process (%s exists)", e.Lock)
}

// CheckConfigIdle returns a *ConfigBusyError while somebody is writing the
// configuration that all work trees share.
func (r *Repo) CheckConfigIdle() error {
	lock := filepath.Join(r.CommonDir, "config.lock")
	if _, err := os.Lstat(lock); err == nil {
		return &ConfigBusyError{Lock: lock}
	}
	return nil
}

// ErrConfigChanged means that the configuration file is no longer what was
// read. Nothing was changed.
var ErrConfigChanged = errors.New("the configuration was changed meanwhile")

// ConfigFile reads the configuration that all work trees share.
func (r *Repo) ConfigFile() (*ConfigFile, error) {
	path := filepath.Join(r.CommonDir, "config")
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &ConfigFile{path: path, absent: true}, nil
	}
	return &ConfigFile{path: path, text: text}, err
}

// Branch returns the sections of a branch, a short name, in file order.
func (f *ConfigFile) Branch(name string) []ConfigSection {
	var found []ConfigSection
	_, sections := splitSections(f.text)
	for i, s := range sections {
		if branchOf(s) == name {
			found = append(found, ConfigSection{Before: i, Text: s})
		}
	}
	return found
}

// A BranchEdit exchanges the sections of one branch, a short name.
type BranchEdit struct {
	Name     string
	From, To []ConfigSection // as they were read
}

// SamePlaces says that the edit moves no section.
func (e BranchEdit) SamePlaces() bool {
	if len(e.From) != len(e.To) {
		return false
	}
	for i := range e.From {
		if e.From[i].Before != e.To[i].Before {
			return false
		}
	}
	return true
}

// WithBranches returns the file with other sections for some branches. They
// take the places of the present ones, unless the edit moves them: then they
// go where they stood when they were read, among the sections of others.
func (f *ConfigFile) WithBranches(edits ...BranchEdit) *ConfigFile {
	preamble, all := splitSections(f.text)
	var placed []ConfigSection
	dropped := map[int]bool{}
	for _, e := range edits {
		have := f.Branch(e.Name)
		inPlace := len(have) == len(e.To) && e.SamePlaces()
		for i, h := range have {
			if inPlace {
				all[h.Before] = e.To[i].Text
			} else {
				dropped[h.Before] = true
			}
		}
		if !inPlace {
			placed = append(placed, e.To...)
		}
	}
	var others []string
	for i, s := range all {
		if !dropped[i] {
			others = append(others, s)
		}
	}
	// Equal places come from different readings; any order will do, but one.
	sort.Slice(placed, func(i, j int) bool {
		if placed[i].Before != placed[j].Before {
			return placed[i].Before < placed[j].Before
		}
		return placed[i].Text < placed[j].Text
	})
	all = interleave(others, placed)
	return &ConfigFile{path: f.path, text: []byte(preamble + strings.Join(all, "")), absent: f.absent}
}

// interleave puts sections among others, each where it stood.
func interleave(others []string, sections []ConfigSection) []string {
	var all []string
	put := func(s string) {
		if n := len(all); n > 0 && !strings.HasSuffix(all[n-1], "\n") {
			all[n-1] += "\n" // it was the end of the file
		}
		all = append(all, s)
	}
	for _, s := range sections {
		for len(all) < s.Before && len(others) > 0 {
			put(others[0])
			others = others[1:]
		}
		put(s.Text)
	}
	for _, s := range others {
		put(s)
	}
	return all
}

// Set returns the file with a key that has exactly these values, as git
// config would write them; without values the key is taken out. Git itself
// edits a copy, in the folder scratch.
func (r *Repo) Set(ctx context.Context, f *ConfigFile, scratch, key string, values ...string) (*ConfigFile, error) {
	if begun := f.beginBranch(key, values); begun != nil {
		return begun, nil
	}
	copied, err := os.CreateTemp(scratch, ".config-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(copied.Name())
	_, err = copied.Write(f.text)
	if err := errors.Join(err, copied.Close()); err != nil {
		return nil, err
	}
	edit := func(args ...string) error {
		_, err := r.git.output(ctx, append([]string{"config", "--file", copied.Name()}, args...)...)
		return err
	}
	if len(values) == 1 {
		err = edit("--replace-all", key, values[0])
	} else {
		err = edit("--unset-all", key)
		if ge := (*Error)(nil); errors.As(err, &ge) && ge.ExitCode == 5 {
			err = nil // it was not there
		}
		for _, v := range values {
			if err == nil {
				err = edit("--add", key, v)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(copied.Name())
	return &ConfigFile{path: f.path, text: text}, err
}

// beginBranch is the file with a first value for a branch that has no section,
// as git appends it; nil where it is not as simple as that.
func (f *ConfigFile) beginBranch(key string, values []string) *ConfigFile {
	last := strings.LastIndexByte(key, '.')
	branch, ok := strings.CutPrefix(key[:max(last, 0)], "branch.")
	if !ok || len(values) != 1 || !plainWord(branch) || !plainWord(values[0]) || len(f.Branch(branch)) > 0 {
		return nil
	}
	text := bytes.Clone(f.text)
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, '\n')
	}
	section := fmt.Sprintf("[branch %q]\n\t%s = %s\n", branch, key[last+1:], values[0])
	begun := &ConfigFile{path: f.path, text: append(text, section...)}
	if made := begun.Branch(branch); len(made) != 1 || made[0].Text != section {
		return nil // the last line of the file goes on
	}
	return begun
}

// plainWord says that a text stands in a configuration file as it is.
func plainWord(text string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"
	return text != "" && strings.Trim(text, plain) == ""
}

// WriteConfigFile puts the text of new in the place of that of old, under
// git's own lock. It returns ErrConfigChanged when the file is no longer that
// of old, and a *ConfigBusyError when the lock is taken.
//
// The text is prepared in the file scratch, which nobody else uses at the
// time, and linked as the lock: what a crash leaves of it is known again, and
// taken away by the next call.
func (r *Repo) WriteConfigFile(ctx context.Context, old, new *ConfigFile, scratch string) (err error) {
	if bytes.Equal(old.text, new.text) {
		return nil
	}
	lock := old.path + ".lock"
	if err := removeStale(lock, scratch); err != nil {
		return err
	}
	if err := prepareConfig(old, new, scratch); err != nil {
		return err
	}
	defer os.Remove(scratch)
	// Git reads it before anybody has to.
	if _, err := r.git.output(ctx, "config", "--file", scratch, "--list", "--null"); err != nil {
		return fmt.Errorf("the new configuration would be unreadable: %w", err)
	}
	if err := takeLock(scratch, lock); err != nil {
		return err
	}
	now, err := os.ReadFile(old.path)
	if old.absent && errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil && !bytes.Equal(now, old.text) {
		err = ErrConfigChanged
	}
	if err == nil {
		err = os.Rename(lock, old.path)
	}
	if err != nil {
		os.Remove(lock)
	}
	return err
}

func takeLock(scratch, lock string) error {
	err := os.Link(scratch, lock)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		// A file system without hard links, or another one: a crash then leaves
		// a lock that the user must remove, as git's own would.
		err = copyExclusive(scratch, lock)
	}
	if errors.Is(err, fs.ErrExist) {
		return &ConfigBusyError{Lock: lock}
	}
	return err
}

func copyExclusive(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return createConfig(to, text, info.Mode().Perm())
}

// removeStale takes away what a killed WriteConfigFile left.
func removeStale(lock, scratch string) error {
	mine, err := os.Lstat(scratch)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if locked, err := os.Lstat(lock); err == nil && os.SameFile(mine, locked) {
		if err := os.Remove(lock); err != nil {
			return err
		}
	}
	return os.Remove(scratch) // never written again: it may be the configuration by now
}

func prepareConfig(old, new *ConfigFile, scratch string) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(old.path); err == nil {
		mode = info.Mode().Perm()
	}
	return createConfig(scratch, new.text, mode)
}

func createConfig(path string, text []byte, mode fs.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		os.Remove(path)
	}
	return err
}

// splitSections cuts a configuration file at its section headers
// (git-config(1), "Syntax"). A value goes on in the next line after a
// backslash at the end, outside comments; such a line is no header.
func splitSections(text []byte) (preamble string, sections []string) {
	continued := false
	for line := range strings.Lines(string(text)) {
		header := !continued && strings.HasPrefix(strings.TrimLeft(line, " \t"), "[")
		if header {
			sections = append(sections, line)
		} else if len(sections) == 0 {
			preamble += line
		} else {
			sections[len(sections)-1] += line
		}
		continued = continues(line, header)
	}
	return preamble, sections
}

// continues says whether a line ends with a backslash that joins the next
// line to it: one that no other escapes, and that stands in no comment.
func continues(line string, header bool) bool {
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if header { // a key may stand behind the header
		_, line = cutHeader(line)
	}
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			if i++; i == len(line) {
				return true
			}
		case c == '"':
			quoted = !quoted
		case (c == '#' || c == ';') && !quoted:
			return false
		}
	}
	return false
}

// cutHeader reads a section header: its subsection when it is one of a
// branch, and what stands behind it on the line.
func cutHeader(line string) (branch, rest string) {
	line = strings.TrimLeft(line, " \t")
	i := 1
	for i < len(line) && line[i] != '"' && line[i] != ']' {
		i++
	}
	name := strings.TrimSpace(line[min(1, len(line)):i])
	if i < len(line) && line[i] == '"' {
		var sub strings.Builder
		for i++; i < len(line) && line[i] != '"'; i++ {
			if line[i] == '\\' && i+1 < len(line) {
				i++
			}
			sub.WriteByte(line[i])
		}
		_, rest, _ = strings.Cut(line[min(i, len(line)):], "]")
		if strings.EqualFold(name, "branch") {
			branch = sub.String()
		}
		return branch, rest
	}
	_, rest, _ = strings.Cut(line[min(i, len(line)):], "]")
	// The old form, [branch.name], has a subsection in lower case.
	if section, sub, ok := strings.Cut(name, "."); ok && strings.EqualFold(section, "branch") {
		branch = strings.ToLower(sub)
	}
	return branch, rest
}

func branchOf(section string) string {
	line, _, _ := strings.Cut(section, "\n")
	branch, _ := cutHeader(line)
	return branch
}

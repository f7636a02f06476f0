package project

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/kprep/kprep/gitrepo"
)

// maintainerScript is what projects ship to say who looks after what.
const maintainerScript = "scripts/get_maintainer.pl"

// checkScript is what projects ship to check the form of a patch.
const checkScript = "scripts/checkpatch.pl"

// RecipientCommands returns the commands that say whom a patch goes to and who
// gets a copy, each of them the user's, else the project's, else the tree's
// executable scripts/get_maintainer.pl, asked for people (To) or lists (Cc);
// spec/b4-interop.md part 4. The zero Command stands for none.
func (s *Settings) RecipientCommands() (to, cc Command, err error) {
	if to, err = s.recipientCommand("send-auto-to-cmd", "--nol"); err != nil {
		return Command{}, Command{}, err
	}
	if cc, err = s.recipientCommand("send-auto-cc-cmd", "--nom"); err != nil {
		return Command{}, Command{}, err
	}
	return to, cc, nil
}

func (s *Settings) recipientCommand(name, selection string) (Command, error) {
	c, ok, err := s.Command(name)
	if ok || err != nil || !s.isExecutable(maintainerScript) {
		return c, err
	}
	return s.ownScript(name, maintainerScript, "--nogit", "--nogit-fallback", "--nogit-chief-penguins", "--norolestats", selection)
}

// CheckCommands returns the commands that check a patch: the user's, else the
// project's, else the tree's executable scripts/checkpatch.pl with b4's
// arguments; spec/b4-interop.md 5.1. None is an empty list. Spelling is checked
// where the program codespell is installed: b4 asks Python for the module,
// which takes longer than all else here.
func (s *Settings) CheckCommands() ([]Command, error) {
	const name = "prep-perpatch-check-cmd"
	list, err := s.Commands(name)
	if len(list) > 0 || err != nil || !s.isExecutable(checkScript) {
		return list, err
	}
	args := []string{"-q", "--terse", "--no-summary", "--mailback", "--showfile"}
	if _, err := exec.LookPath("codespell"); err == nil {
		args = append(args, "--codespell")
	}
	c, err := s.ownScript(name, checkScript, args...)
	return []Command{c}, err
}

// ownScript is a script that the project ships in a place known to everybody:
// it runs unasked while it is the base commit's.
func (s *Settings) ownScript(name, script string, args ...string) (Command, error) {
	c := Command{Name: name, Key: script, Line: script, FromTree: true, Args: args, words: []string{script}, unasked: true}
	var err error
	if c.Changed, err = s.changed(script); err != nil {
		return Command{}, err
	}
	return c, nil
}

// isExecutable says whether the work tree has a program at a path below its
// top. A sparse checkout may lack it.
func (s *Settings) isExecutable(name string) bool {
	if s.repo.TopLevel == "" {
		return false
	}
	info, err := os.Stat(filepath.Join(s.repo.TopLevel, name))
	return err == nil && gitrepo.Executable(info)
}

// script finds the file of the tree that a command line runs, "" when there is
// none: the program where it is a path, else ("perl scripts/x.pl") the first
// word behind it that is no option, if it is a path in the tree.
func (s *Settings) script(words []string) string {
	if strings.Contains(words[0], "/") {
		return s.inTree(words[0])
	}
	for _, word := range words[1:] {
		if !strings.HasPrefix(word, "-") {
			return s.inTree(word)
		}
	}
	return ""
}

// inTree makes a path relative to the top of the work tree, "" when it leads
// elsewhere.
func (s *Settings) inTree(name string) string {
	if s.repo.TopLevel == "" {
		return ""
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.repo.TopLevel, name)
	}
	rel, err := filepath.Rel(s.repo.TopLevel, name)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return ""
	}
	return rel
}

// changed returns the SHA-256 of a file of the work tree that is not the base
// commit's, byte for byte. It is "" when they are equal, and when there is no
// such file, so that nothing can run.
func (s *Settings) changed(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	sum, err := s.hashFile(name)
	if sum == "" || err != nil {
		return "", err
	}
	if s.base == "" {
		return sum, nil
	}
	object, err := s.repo.Read(string(s.base) + ":" + filepath.ToSlash(name))
	if errors.As(err, new(*gitrepo.MissingError)) {
		return sum, nil
	}
	if err != nil {
		return "", err
	}
	if base := sha256.Sum256(object.Data); object.Kind == "blob" && hex.EncodeToString(base[:]) == sum {
		return "", nil
	}
	return sum, nil
}

// hashFile returns the SHA-256 of a file of the work tree, "" when there is no
// regular file.
func (s *Settings) hashFile(name string) (string, error) {
	file := filepath.Join(s.repo.TopLevel, name)
	info, err := os.Stat(file) // opening a FIFO would wait
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || err == nil && !info.Mode().IsRegular() {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("compare %s with the base commit: %w", name, err)
	}
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("compare %s with the base commit: %w", name, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("compare %s with the base commit: %w", name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

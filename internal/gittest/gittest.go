package gittest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Repo is a repository in a temporary directory, on the branch "main".
type Repo struct {
	Dir string   // the work tree
	Env []string // for every process that should see the same world
	t   testing.TB
}

// New makes an empty repository; args go to git init.
func New(t testing.TB, args ...string) *Repo {
	t.Helper()
	root := t.TempDir()
	r := &Repo{Dir: filepath.Join(root, "repo"), Env: Env(root), t: t}
	if err := os.Mkdir(r.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.Git(append([]string{"init", "--quiet", "--initial-branch=main"}, args...)...)
	return r
}

// Env is an environment whose HOME is root and where every commit is made by
// the same person at the same time.
func Env(root string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + root,
		"XDG_CONFIG_HOME=" + filepath.Join(root, ".config"),
		"XDG_DATA_HOME=" + filepath.Join(root, ".local", "share"),
		"XDG_CACHE_HOME=" + filepath.Join(root, ".cache"),
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=" + filepath.Join(root, "gitconfig"),
		"GIT_AUTHOR_NAME=Jane Dév", "GIT_AUTHOR_EMAIL=jane@example.org",
		"GIT_COMMITTER_NAME=Jane Dév", "GIT_COMMITTER_EMAIL=jane@example.org",
		"GIT_AUTHOR_DATE=2025-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2025-01-02T03:04:05Z",
		"GIT_TERMINAL_PROMPT=0", "TZ=UTC", "LC_ALL=C.UTF-8",
	}
}

// Git runs git in the work tree and returns what it printed, trimmed.
func (r *Repo) Git(args ...string) string {
	r.t.Helper()
	return r.GitInput("", args...)
}

// GitInput is Git with something on standard input.
func (r *Repo) GitInput(stdin string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = r.Dir, r.Env, strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		stderr := ""
		if exit, ok := err.(*exec.ExitError); ok {
			stderr = string(exit.Stderr)
		}
		r.t.Fatalf("git %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr)
	}
	return strings.TrimRight(string(out), "\n")
}

// Write puts a file into the work tree, with its directories.
func (r *Repo) Write(name, content string) {
	r.t.Helper()
	path := filepath.Join(r.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// Commit commits everything in the work tree and returns the commit's id.
func (r *Repo) Commit(message string) string {
	r.t.Helper()
	r.Git("add", "--all")
	r.GitInput(message, "commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--file=-")
	return r.Git("rev-parse", "HEAD")
}

// State is everything that a refused verb must leave as it was: refs, HEAD,
// configuration, index and work tree, as one comparable text.
func (r *Repo) State() string {
	r.t.Helper()
	head, _ := os.ReadFile(filepath.Join(r.Dir, ".git", "HEAD"))
	return strings.Join([]string{
		string(head),
		r.Git("for-each-ref", "refs/heads/", "refs/tags/", "refs/notes/", "refs/remotes/", "refs/original/"),
		r.Git("config", "--local", "--list"),
		r.Git("status", "--porcelain"),
		r.Git("ls-files", "--stage"),
	}, "\n---\n")
}

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// A world is one person's machine: a HOME, and the work tree where commands
// run.
type world struct {
	t    *testing.T
	home string
	dir  string
	env  []string
}

const (
	myName = "Jane Dév"
	myMail = "jane@example.org"
)

// newWorld makes an empty HOME that knows who I am. Commands run in it until
// [world.at] says otherwise.
func newWorld(t *testing.T) *world {
	t.Helper()
	home := t.TempDir()
	w := &world{t: t, home: home, dir: home}
	// Who and when come from configuration and clock: b4 looks for covers by
	// both, and does not ask the environment.
	w.env = slices.DeleteFunc(gittest.Env(home), func(kv string) bool {
		return strings.HasPrefix(kv, "GIT_AUTHOR_") || strings.HasPrefix(kv, "GIT_COMMITTER_")
	})
	w.env = append(w.env, "GIT_CONFIG_COUNT=0")
	for key, value := range map[string]string{
		"user.name": myName, "user.email": myMail, "init.defaultBranch": "main", "advice.detachedHead": "false",
		"b4.send-no-patatt-sign": "yes", "gc.auto": "0",
	} {
		w.git("config", "--global", key, value)
	}
	return w
}

// at is the same person in another directory.
func (w *world) at(dir string) *world {
	other := *w
	other.dir = dir
	return &other
}

// with is the same person with more environment.
func (w *world) with(env ...string) *world {
	other := *w
	other.env = append(slices.Clone(w.env), env...)
	return &other
}

// path is a name in the work tree.
func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// A result is what a process left.
type result struct {
	stdout, stderr string
	status         int
}

func (w *world) start(stdin, name string, args ...string) result {
	w.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// run fails the test unless the program exits with 0; it returns what it
// printed on stdout.
func (w *world) run(stdin, name string, args ...string) string {
	w.t.Helper()
	r := w.start(stdin, name, args...)
	if r.status != 0 {
		w.t.Fatalf("%s %q in %s: status %d\n%s%s", name, args, w.dir, r.status, r.stdout, r.stderr)
	}
	return r.stdout
}

func (w *world) git(args ...string) string {
	w.t.Helper()
	return strings.TrimRight(w.run("", "git", args...), "\n")
}

func (w *world) kprep(args ...string) string {
	w.t.Helper()
	return w.run("", "kprep", args...)
}

// b4 presses Enter whenever it is asked.
func (w *world) b4(args ...string) string {
	w.t.Helper()
	return w.run("\n\n\n", "b4", args...)
}

func (w *world) cover(text string) {
	w.t.Helper()
	w.run(text, "kprep", "cover", "--from", "-")
}

func (w *world) write(name, content string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(name string) string {
	w.t.Helper()
	data, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

// edit changes a file by replacing text that must be in it.
func (w *world) edit(name, old, new string) {
	w.t.Helper()
	text := w.read(name)
	if !strings.Contains(text, old) {
		w.t.Fatalf("%s has no %q", name, old)
	}
	w.write(name, strings.Replace(text, old, new, 1))
}

// commit commits the whole work tree.
func (w *world) commit(message string, options ...string) {
	w.t.Helper()
	w.git("add", "--all")
	w.run(message, "git", append([]string{"commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--file=-"}, options...)...)
}

// info is what kprep or b4 says about the series, by key.
func facts(text string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		all[key] = value
	}
	return all
}

func (w *world) info() map[string]string {
	w.t.Helper()
	return facts(w.kprep("info"))
}

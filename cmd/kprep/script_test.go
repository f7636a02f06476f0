package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/internal/archivetest"
	"github.com/kprep/kprep/internal/mailtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kprep":     scriptProgram,
		"git-kprep": scriptProgram,
	})
}

// scriptProgram is main with a clock and a source of randomness that the
// script sets: KPREP_NOW is a time in RFC 3339, KPREP_SEED any text. The same
// command line draws the same random bytes.
func scriptProgram() {
	e := processEnv()
	if text := os.Getenv("KPREP_NOW"); text != "" { // the tour runs it without
		now, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		e.now = func() time.Time { return now }
	}
	e.random = rand.NewChaCha8(sha256.Sum256([]byte(os.Getenv("KPREP_SEED") + strings.Join(os.Args[1:], "\x00"))))
	os.Exit(execute(e, func(e *env) []*cli.Command { return append(commands(e), frameCommands(e)...) }))
}

// The commands and conditions that scripts have beyond testscript's own are
// described in CONTRIBUTING.md.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUpScript,
		Condition:           scriptCondition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":     checkStatus,
			"smtpd":      startSMTP,
			"service":    startService,
			"received":   checkReceived,
			"arrive":     waitReceived,
			"metric":     waitMetric,
			"heal":       healSMTP,
			"archive":    serveArchive,
			"patchworkd": startPatchwork,
			"snapshot":   takeSnapshot,
			"unchanged":  checkUnchanged,
			"project":    makeProject,
			"series":     makeSeries,
			"mailto":     mailTo,
			"refused":    checkRefused,
			"interrupt":  interruptAt,
			"webd":       startWeb,
			"posted":     checkPosted,
			"look":       startUI,
			"page":       getPage,
			"form":       postForm,
			"unlook":     endUI,
			"documented": runDocumented,
			"walk":       walkPage,
			"sources":    copySources,
			"described":  checkDescribed,
		},
	})
}

// A scriptState is what the commands of one script keep between them.
type scriptState struct {
	vars       []string // environment at the start, for git
	servers    map[string]*mailtest.Server
	archives   []*archivetest.Server
	patchworks []*mailtest.Patchwork
	webs       map[string]*mailtest.Web
	snapshots  map[string][]byte // by directory
	ui         *looking
}

type stateKey struct{}

func state(ts *testscript.TestScript) *scriptState {
	return ts.Value(stateKey{}).(*scriptState)
}

// setUpScript cuts off the developer's configuration and fixes dates, so that
// hashes are stable. A script may bring its own file "gitconfig".
func setUpScript(e *testscript.Env) error {
	const day = "2025-01-02T03:04:05Z"
	for key, value := range map[string]string{
		"HOME":                e.WorkDir,
		"XDG_CONFIG_HOME":     filepath.Join(e.WorkDir, ".config"),
		"XDG_DATA_HOME":       filepath.Join(e.WorkDir, ".local", "share"),
		"XDG_CACHE_HOME":      filepath.Join(e.WorkDir, ".cache"),
		"GIT_CONFIG_NOSYSTEM": "1",
		"GIT_CONFIG_GLOBAL":   filepath.Join(e.WorkDir, "gitconfig"),
		"GIT_AUTHOR_DATE":     day,
		"GIT_COMMITTER_DATE":  day,
		"GIT_TERMINAL_PROMPT": "0",
		"GIT_EDITOR":          "false", // a verb that opens an editor unasked fails
		"TZ":                  "UTC",
		"LC_ALL":              "C.UTF-8",
		"KPREP_NOW":           day,
		"KPREP_SEED":          "",
	} {
		e.Setenv(key, value)
	}
	config := filepath.Join(e.WorkDir, "gitconfig")
	if _, err := os.Stat(config); os.IsNotExist(err) {
		const text = "[user]\n\tname = Jane Doe\n\temail = jane@example.org\n[init]\n\tdefaultBranch = main\n"
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			return err
		}
	}
	s := &scriptState{vars: slices.Clone(e.Vars), servers: map[string]*mailtest.Server{}, webs: map[string]*mailtest.Web{}, snapshots: map[string][]byte{}}
	e.Values[stateKey{}] = s
	e.Defer(func() {
		for _, server := range s.servers {
			server.Close()
		}
		for _, server := range s.archives {
			server.Close()
		}
		for _, web := range s.webs {
			web.Close()
		}
		for _, server := range s.patchworks {
			server.Close()
		}
	})
	return nil
}

// scriptCondition knows [mounts], [netns], [tracing], and [peer:NAME], true when that program is installed.
// Under CI=true a missing peer is a failure, so that nothing goes unproven.
func scriptCondition(cond string) (bool, error) {
	if cond == "mounts" { // a test may mount, in a namespace of its own; containers may forbid it
		return exec.Command("unshare", "-rm", "true").Run() == nil, nil
	}
	if cond == "netns" { // a test may have a network of its own, with nobody in it
		return exec.Command("unshare", "-rn", "true").Run() == nil, nil
	}
	if cond == "tracing" { // strace can look on; containers may forbid it
		return exec.Command("strace", "-qq", "-o", os.DevNull, "true").Run() == nil, nil
	}
	name, ok := strings.CutPrefix(cond, "peer:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	_, err := exec.LookPath(name)
	if name == "git-send-email" {
		err = exec.Command("git", "send-email", "--dump-aliases").Run()
	}
	if err != nil && os.Getenv("CI") == "true" {
		return false, fmt.Errorf("peer %s is missing: run 'make peers'", name)
	}
	return err == nil, nil
}

// checkStatus: status N PROGRAM [ARGUMENTS]. It is exec for an exact exit status.
func checkStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM [ARGUMENTS]")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("%s ended with status %d, want %s", args[1], got, args[0])
	}
}

// takeSnapshot: snapshot [DIR]. It remembers the state of a repository.
func takeSnapshot(ts *testscript.TestScript, neg bool, args []string) {
	dir := repositoryArgument(ts, neg, args)
	state(ts).snapshots[dir] = repositoryState(ts, dir)
}

// checkUnchanged: unchanged [DIR]. It fails when a ref, HEAD, the index, the
// work tree or the repository's configuration differ from the snapshot.
func checkUnchanged(ts *testscript.TestScript, neg bool, args []string) {
	dir := repositoryArgument(ts, false, args)
	before, ok := state(ts).snapshots[dir]
	if !ok {
		ts.Fatalf("unchanged: no snapshot was taken of %s", dir)
	}
	after := repositoryState(ts, dir)
	if same := bytes.Equal(before, after); same == neg {
		ts.Fatalf("repository changed: %v\n--- before\n%s--- after\n%s", !same, before, after)
	}
}

func repositoryArgument(ts *testscript.TestScript, neg bool, args []string) string {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: snapshot|unchanged [DIR]")
	}
	return ts.MkAbs(strings.Join(args, ""))
}

func repositoryState(ts *testscript.TestScript, dir string) []byte {
	var all bytes.Buffer
	for _, question := range [][]string{
		// refs/kprep/ is kprep's own memory, and no part of the user's work.
		{"for-each-ref", "--format=%(refname) %(objectname) %(symref)", "refs/heads/", "refs/tags/", "refs/notes/", "refs/remotes/", "refs/original/", "refs/stash"},
		{"rev-parse", "--symbolic-full-name", "HEAD"},
		{"ls-files", "--stage", "-v"},
		{"status", "--porcelain=v2", "--untracked-files=all"},
		{"config", "--list"},
	} {
		cmd := exec.Command("git", append([]string{"--no-optional-locks"}, question...)...)
		cmd.Dir, cmd.Env = dir, state(ts).vars
		// What a bare or an unborn repository, or none at all, answers is its
		// state as well.
		out, err := cmd.CombinedOutput()
		fmt.Fprintf(&all, "%s%v\n", out, err)
	}
	return all.Bytes()
}

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A looking is a "kprep ui" that a script has started.
type looking struct {
	cmd    *exec.Cmd
	base   string // URL, without the token
	client *http.Client
	token  string // of the forms of the last page
	ended  chan struct{}
}

// startUI: look [OPTIONS]. It starts "kprep ui" here, goes in by the URL that it
// prints, and sets UI_URL, without the token, and UI_PORT.
func startUI(ts *testscript.TestScript, neg bool, args []string) {
	if neg || state(ts).ui != nil {
		ts.Fatalf("usage: look [OPTIONS], once")
	}
	cmd := exec.Command("kprep", append([]string{"ui"}, args...)...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), scriptEnv(ts)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	cmd.Stderr = ts.Stderr()
	ts.Check(cmd.Start())
	l := &looking{cmd: cmd, ended: make(chan struct{})}
	state(ts).ui = l
	ts.Defer(func() {
		cmd.Process.Kill()
		<-l.ended
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	go func() { // all has been read that there will be
		cmd.Wait()
		close(l.ended)
	}()
	ts.Check(err)
	address := strings.TrimSpace(line)
	parsed, err := url.Parse(address)
	ts.Check(err)
	l.base = parsed.Scheme + "://" + parsed.Host
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	l.client = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	answer, err := l.client.Get(address)
	ts.Check(err)
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("look: the URL is answered with %s", answer.Status)
	}
	ts.Setenv("UI_URL", l.base)
	ts.Setenv("UI_PORT", parsed.Port())
}

// scriptEnv is the environment of the script as it is now.
func scriptEnv(ts *testscript.TestScript) []string {
	env := state(ts).vars
	for _, name := range []string{"HOME", "KPREP_NOW", "KPREP_SEED", "BROWSER", "PATH"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

// ownInPage is what every page has, and no script looks for.
var ownInPage = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>`)

var formTokenInPage = regexp.MustCompile(`name="form-token" value="([0-9a-f]+)"`)

// getPage: page STATUS PATH. It gets a page, which is left as stdout, without style
// and script.
func getPage(ts *testscript.TestScript, neg bool, args []string) {
	l := state(ts).ui
	if neg || len(args) != 2 || l == nil {
		ts.Fatalf("usage: page STATUS PATH, after look")
	}
	answer, err := l.client.Get(l.base + args[1])
	ts.Check(err)
	if found := formTokenInPage.FindStringSubmatch(leave(ts, answer, args[0])); found != nil {
		l.token = found[1]
	}
}

// postForm: form STATUS PATH NAME=VALUE… It sends a form of the page that was got
// last. The answer is left as stdout.
func postForm(ts *testscript.TestScript, neg bool, args []string) {
	l := state(ts).ui
	if neg || len(args) < 2 || l == nil {
		ts.Fatalf("usage: form STATUS PATH NAME=VALUE…, after look")
	}
	values := url.Values{"form-token": {l.token}}
	for _, word := range args[2:] {
		name, value, _ := strings.Cut(word, "=")
		values.Set(name, value)
	}
	answer, err := l.client.PostForm(l.base+args[1], values)
	ts.Check(err)
	leave(ts, answer, args[0])
}

func leave(ts *testscript.TestScript, answer *http.Response, status string) string {
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s", ownInPage.ReplaceAll(text, nil))
	if fmt.Sprint(answer.StatusCode) != status {
		ts.Fatalf("the answer is %s, want %s: %s", answer.Status, status, text)
	}
	return string(text)
}

// endUI: unlook STATUS. It ends "kprep ui" with SIGINT, which has to end with that
// status.
func endUI(ts *testscript.TestScript, neg bool, args []string) {
	l := state(ts).ui
	if neg || len(args) != 1 || l == nil {
		ts.Fatalf("usage: unlook STATUS, after look")
	}
	ts.Check(l.cmd.Process.Signal(os.Interrupt))
	select {
	case <-l.ended:
	case <-time.After(20 * time.Second):
		ts.Fatalf("kprep ui does not end")
	}
	if got := fmt.Sprint(l.cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("kprep ui ended with status %s, want %s", got, args[0])
	}
	state(ts).ui = nil
}

package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// A Browser is a Chromium that is told what to do over a pipe, in the DevTools
// protocol: JSON messages, each with a zero byte behind it.
type Browser struct {
	t       *testing.T
	in      *os.File
	out     *bufio.Reader
	session string
	last    int
	events  []message
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// Start starts a Chromium without window, with an empty tab. It ends
// with the test, or after three minutes: the machine may be busy.
func Start(t *testing.T) *Browser {
	t.Helper()
	gittest.Peer(t, "chromium")
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	// The page under test is ours: the sandbox, which root and many containers
	// cannot have, would protect nobody.
	cmd := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--user-data-dir="+filepath.Join(home, "profile"), "--remote-debugging-pipe", "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	apart(cmd)
	cmd.Cancel = func() error { return killAll(cmd.Process) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	t.Cleanup(func() {
		cancel()
		cmd.Wait()
		in.Close()
		out.Close()
		// What the killed children still held open may be in the way once.
		for range 50 {
			if os.RemoveAll(home) == nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	b := &Browser{t: t, in: in, out: bufio.NewReader(out)}
	var target struct{ TargetID string }
	b.Call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.Call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.Call(domain+".enable", nil, nil)
	}
	return b
}

// Call has a command carried out. The events that come before its answer are kept.
func (b *Browser) Call(method string, params map[string]any, result any) {
	b.t.Helper()
	if err := b.call(method, params, result); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

// call is Call, and returns the error that the browser answers with.
func (b *Browser) call(method string, params map[string]any, result any) error {
	b.t.Helper()
	b.last++
	command := map[string]any{"id": b.last, "method": method}
	if params != nil {
		command["params"] = params
	}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	text, err := json.Marshal(command)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	for {
		m := b.read()
		if m.ID != b.last {
			continue
		}
		if m.Error != nil {
			return errors.New(m.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Result, result)
	}
}

func (b *Browser) read() message {
	b.t.Helper()
	text, err := b.out.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("the browser is gone, or took too long: %v", err)
	}
	var m message
	if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
		b.t.Fatal(err)
	}
	if m.Method != "" {
		b.events = append(b.events, m)
	}
	return m
}

// Open loads a file.
func (b *Browser) Open(file string) {
	b.t.Helper()
	b.Load("Page.navigate", map[string]any{"url": "file://" + file})
}

// Load carries out a command that loads a page, and waits until it is there.
func (b *Browser) Load(command string, params map[string]any) {
	b.t.Helper()
	b.Call(command, params, nil)
	loaded := func(m message) bool { return m.Method == "Page.loadEventFired" }
	for !slices.ContainsFunc(b.events, loaded) {
		b.read()
	}
	b.events = slices.DeleteFunc(b.events, loaded)
}

// Screen sets the size of the window and the colours that the user prefers.
func (b *Browser) Screen(width, height int, scheme string) {
	b.t.Helper()
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Eval is the value of an expression, into which result points.
func (b *Browser) Eval(expression string, result any) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	b.Call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	if e := answer.ExceptionDetails; e != nil {
		b.t.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if result != nil {
		if err := json.Unmarshal(answer.Result.Value, result); err != nil {
			b.t.Fatalf("%s: %v", expression, err)
		}
	}
}

// Is evaluates a condition.
func (b *Browser) Is(condition string) bool {
	b.t.Helper()
	var yes bool
	b.Eval("!!("+condition+")", &yes)
	return yes
}

// Await waits until a condition holds on a page that is loaded, which may be another
// one than now, for as long as a busy machine may take.
func (b *Browser) Await(condition string) {
	b.t.Helper()
	for range 300 {
		var answer struct{ Result struct{ Value bool } }
		// Between two pages there is nobody to ask.
		err := b.call("Runtime.evaluate", map[string]any{"expression": `document.readyState == "complete" && !!(` + condition + `)`, "returnByValue": true}, &answer)
		if err == nil && answer.Result.Value {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("it never comes to be: %s", condition)
}

// Press types a key.
func (b *Browser) Press(key string) {
	b.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": key}
		if key == "Escape" {
			params["windowsVirtualKeyCode"] = 27
		}
		if len(key) == 1 && kind == "keyDown" {
			params["text"] = key
		}
		b.Call("Input.dispatchKeyEvent", params, nil)
	}
}

// Click clicks in the middle of an element.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	var at struct{ X, Y float64 }
	b.Eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "center"}); const r = e.getBoundingClientRect(); return {x: r.x + r.width/2, y: r.y + r.height/2} })()`, selector), &at)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.Call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

// Complaints are the errors of scripts, and what was written to the console or
// to the browser's log.
func (b *Browser) Complaints() []string {
	b.t.Helper()
	b.Eval("0", nil) // what happened before is told before
	var list []string
	for _, m := range b.events {
		switch m.Method {
		case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
			list = append(list, m.Method+" "+string(m.Params))
		}
	}
	return list
}

// Visit loads a page from a server.
func (b *Browser) Visit(url string) {
	b.t.Helper()
	b.Load("Page.navigate", map[string]any{"url": url})
}

// Picture writes what the whole page looks like into a file, as PNG.
func (b *Browser) Picture(file string) {
	b.t.Helper()
	b.Call("Emulation.setScrollbarsHidden", map[string]any{"hidden": true}, nil)
	b.Eval(`document.documentElement.getBoundingClientRect().height`, nil) // the page is laid out anew
	var picture struct{ Data []byte }
	b.Call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &picture)
	if err := os.WriteFile(file, picture.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

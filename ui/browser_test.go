package ui

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/internal/browser"
)

// servedTo serves a source to a browser that has the cookie.
func servedTo(t *testing.T, source Source) (*browser.Browser, string) {
	t.Helper()
	site := newSite(t, source)
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = site.Handler(server.Listener.Addr().String())
	server.Start()
	t.Cleanup(server.Close)
	b := browser.Start(t)
	name := "kprep-ui-" + server.URL[strings.LastIndexByte(server.URL, ':')+1:]
	b.Call("Network.setCookie", map[string]any{"name": name, "value": site.token, "url": server.URL, "httpOnly": true, "sameSite": "Strict"}, nil)
	return b, server.URL
}

const samplePath = "/s/0/b4%2Fqueue-rework"

// samplePages are the paths of pages by their names.
func samplePages() map[string]string {
	return map[string]string{
		"list": "/", "series": samplePath, "patch": samplePath + "/patch/3", "compare": samplePath + "/compare?old=2&new=3", "feedback": samplePath + "/feedback",
		"recipients": samplePath + "/recipients", "messages": samplePath + "/messages", "message": samplePath + "/messages/2", "sending": samplePath + "/sending",
		"failure": "/nowhere",
	}
}

func noComplaints(t *testing.T, b *browser.Browser) {
	t.Helper()
	for _, complaint := range b.Complaints() {
		if !strings.Contains(complaint, "status of 404") { // the page of a failure
			t.Errorf("the browser complains: %s", complaint)
		}
	}
}

// Every page fits on every screen, and axe-core has nothing against it, light and dark.
func TestBrowserAccessible(t *testing.T) {
	t.Parallel()
	source := manySeries()
	source.sent = 3
	b, url := servedTo(t, source)
	for _, name := range slices.Sorted(maps.Keys(samplePages())) {
		for _, screen := range []struct {
			width  int
			scheme string
		}{{1280, "light"}, {390, "dark"}} {
			where := fmt.Sprintf("%s, %d pixels, %s", name, screen.width, screen.scheme)
			b.Screen(screen.width, 900, screen.scheme)
			b.Visit(url + samplePages()[name])
			b.Eval(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil)
			for _, violation := range b.Violations() {
				t.Errorf("%s: %s", where, violation)
			}
			if !b.Is(fmt.Sprintf("document.documentElement.scrollWidth <= %d", screen.width)) {
				t.Errorf("%s: the page is wider than the screen", where)
			}
			if got := landmarks(b); got != "banner contentinfo main navigation" {
				t.Errorf("%s: landmarks: %s", where, got)
			}
		}
	}
	b.Visit(url + "/")
	b.Screen(1280, 900, "light")
	light := ""
	b.Eval(`getComputedStyle(document.body).backgroundColor`, &light)
	b.Screen(1280, 900, "dark")
	if b.Is(fmt.Sprintf("getComputedStyle(document.body).backgroundColor == %q", light)) {
		t.Error("dark is as light")
	}
	noComplaints(t, b)
}

func TestBrowserAccessibleWithoutSeries(t *testing.T) {
	t.Parallel()
	b, url := servedTo(t, &nothing{})
	b.Screen(390, 900, "light")
	b.Visit(url + "/")
	for _, violation := range b.Violations() {
		t.Error(violation)
	}
	if !b.Is(`document.body.innerText.includes("kprep new NAME") && document.documentElement.scrollWidth <= 390`) {
		t.Error("the page does not say what to do next")
	}
}

// landmarks are the parts that a screen reader jumps to.
func landmarks(b *browser.Browser) string {
	var tree struct {
		Nodes []struct{ Role struct{ Value string } }
	}
	b.Call("Accessibility.getFullAXTree", nil, &tree)
	seen := map[string]bool{}
	for _, n := range tree.Nodes {
		if slices.Contains([]string{"banner", "contentinfo", "main", "navigation"}, n.Role.Value) {
			seen[n.Role.Value] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(seen)), " ")
}

// The printed URL leads in, and the address bar does not keep its token.
func TestBrowserGoesIn(t *testing.T) {
	t.Parallel()
	site := newSite(t, manySeries())
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = site.Handler(server.Listener.Addr().String())
	server.Start()
	t.Cleanup(server.Close)
	b := browser.Start(t)
	b.Visit(site.URL(server.Listener.Addr().String()))
	b.Await(`location.search == "" && document.querySelector("h1")?.innerText == "Your series"`)
	if !b.Is(`document.cookie == "" && !document.documentElement.outerHTML.includes("` + site.token + `")`) {
		t.Error("a script can read the token")
	}
}

func TestBrowserNavigation(t *testing.T) {
	t.Parallel()
	source := manySeries()
	b, url := servedTo(t, source)
	b.Screen(1280, 900, "light")
	b.Visit(url + "/")
	follow := func(what string, do func(), want string) {
		t.Helper()
		t.Log(what)
		do()
		b.Await(want)
	}
	key := func(name string) func() { return func() { b.Press(name) } }
	click := func(selector string) func() { return func() { b.Click(selector) } }
	at := func(path string) string { return fmt.Sprintf("location.pathname == %q", path) }
	follow("j", key("j"), `document.activeElement.innerText.startsWith("driver: keep")`)
	follow("j again", key("j"), `document.activeElement.innerText.startsWith("dt-bindings")`)
	follow("k", key("k"), `document.activeElement.innerText.startsWith("driver: keep")`)
	follow("a click on the series", click(".cards h3 a"), at(samplePath))
	follow("a click on a patch", click(".patches h3 a"), at(samplePath+"/patch/1"))
	follow("n", key("n"), at(samplePath+"/patch/2"))
	follow("n again", key("n"), at(samplePath+"/patch/3"))
	follow("p", key("p"), at(samplePath+"/patch/2"))
	follow("the tab of comparisons", click(`.tabs li:nth-child(2) a`), at(samplePath+"/compare"))
	if !b.Is(`document.querySelector(".tabs a[aria-current]").innerText == "Compare"`) {
		t.Error("the tab is not marked")
	}
	b.Eval(`document.querySelector("select[name=old]").value = "1"; document.querySelector("select[name=new]").value = "2"`, nil)
	follow("Show", click(".choose button"), `location.search == "?old=1&new=2" && document.querySelector("h2").innerText.includes("v1 → v2")`)
	b.Eval(`document.querySelector("details.pair").open = true`, nil)
	side := `(d => d.offsetTop == d.parentElement.querySelector("ins").offsetTop)(document.querySelector(".r:has(del):has(ins) del"))`
	if !b.Is(side) {
		t.Error("old and new lines are not side by side")
	}
	b.Click("label:has(#unified)")
	if b.Is(side) {
		t.Error("they stay side by side")
	}
	follow("the next look", func() { b.Load("Page.reload", nil) }, `document.getElementById("unified").checked`)
	follow("the tab of messages", click(`.tabs li:nth-child(5) a`), at(samplePath+"/messages"))
	follow("a message", click(`.thread li:nth-child(3) a`), `document.querySelector(".header").innerText.includes("2/5") && document.querySelector(".text ins")`)
	follow("u", key("u"), at("/"))
	noComplaints(t, b)
}

func TestBrowserMarksReplies(t *testing.T) {
	t.Parallel()
	source := manySeries()
	b, url := servedTo(t, source)
	b.Screen(1280, 900, "light")
	b.Visit(url + samplePath + "/patch/3")
	if !b.Is(`document.querySelector(".diff ins:has(+ .remark)").innerText.includes("spin_lock_irqsave") && document.querySelector(".diff .remark").innerText.includes("Why irqsave?")`) {
		t.Error("what was said is not below the line that it quotes")
	}
	b.Click(".diff .remark a")
	b.Await(`location.pathname.endsWith("/feedback") && document.querySelector(".reply:target").innerText.includes("Why irqsave?")`)
	if !b.Is(`document.querySelector(".asof").innerText.startsWith("2 open")`) {
		t.Error("two replies are not open")
	}
	b.Click(".reply.new button[value=done]")
	b.Await(`document.querySelector(".asof").innerText.startsWith("1 open")`)
	b.Eval(`document.querySelectorAll(".reply.done button").forEach(b => b.id = "again")`, nil)
	b.Click("#again")
	b.Await(`document.querySelector(".asof").innerText.startsWith("2 open")`)
	b.Eval(`window.before = true`, nil)
	b.Click(".asof button")
	b.Await(`!window.before`)
	source.mu.Lock()
	defer source.mu.Unlock()
	if source.looked != 1 || len(source.marked) != 2 || source.marked[0] != feedback.Short("r3@example.net")+" true" {
		t.Errorf("looked %d times, marks: %q", source.looked, source.marked)
	}
	noComplaints(t, b)
}

// A send that is under way is followed, and what the reader has the focus on stays.
func TestBrowserFollowsSend(t *testing.T) {
	t.Parallel()
	source := manySeries()
	sent := func(n int) {
		source.mu.Lock()
		defer source.mu.Unlock()
		source.sent = n
	}
	sent(2)
	b, url := servedTo(t, source)
	b.Screen(1280, 900, "light")
	b.Visit(url + samplePath + "/sending")
	if !b.Is(`document.querySelector("[role=status]").innerText == "2 of 6 messages sent" && document.querySelector("progress").value == 2`) {
		t.Error("the send is not shown")
	}
	b.Eval(`document.querySelector(".scroll").focus(); window.same = true`, nil)
	sent(4)
	b.Await(`document.querySelector("[role=status]").innerText == "4 of 6 messages sent" && document.querySelector("progress").value == 4`)
	if !b.Is(`window.same && document.activeElement.className == "scroll"`) {
		t.Error("the page was loaded again, or the focus is lost")
	}
	sent(6)
	b.Await(`!document.querySelector("[role=status]") && document.querySelector(".state.good").innerText == "sent"`)
	b.Eval(`window.fetch = () => { window.asked = true; return Promise.reject() }`, nil)
	time.Sleep(1500 * time.Millisecond)
	if b.Is(`window.asked`) {
		t.Error("what is over is still looked at every second")
	}
	noComplaints(t, b)
}

// When kprep ui has ended, a page that follows a send says so.
func TestBrowserSaysWhenNobodyAnswers(t *testing.T) {
	t.Parallel()
	source := manySeries()
	source.sent = 2
	b, url := servedTo(t, source)
	b.Visit(url + samplePath + "/sending")
	b.Eval(`window.before = fetch; window.fetch = () => Promise.reject(new Error("gone"))`, nil)
	b.Await(`!document.getElementById("lost").hidden`)
	b.Eval(`window.fetch = before`, nil)
	b.Await(`document.getElementById("lost").hidden`)
}

// A page that was there before a send begins shows it too.
func TestBrowserSeesSendBegin(t *testing.T) {
	t.Parallel()
	source := manySeries()
	b, url := servedTo(t, source)
	b.Visit(url + samplePath + "/sending")
	if b.Is(`!!document.querySelector("[role=status]")`) {
		t.Error("a send is shown that did not begin")
	}
	source.mu.Lock()
	source.sent = 2
	source.mu.Unlock()
	b.Await(`document.querySelector("[role=status]")?.innerText == "2 of 6 messages sent"`)
	noComplaints(t, b)
}

// Without scripts every page is whole, and one that shows a send comes again by itself.
func TestBrowserWithoutScripts(t *testing.T) {
	t.Parallel()
	source := manySeries()
	source.sent = 2
	b, url := servedTo(t, source)
	b.Screen(1280, 900, "light")
	b.Call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	b.Visit(url + samplePath)
	if !b.Is(`document.querySelector(".copy").hidden`) {
		t.Error("a button is shown that does nothing")
	}
	b.Visit(url + samplePath + "/compare?old=2&new=3")
	b.Click("details.pair summary")
	if !b.Is(`document.querySelector("details.pair .code").checkVisibility()`) {
		t.Error("a click does not unfold a patch")
	}
	b.Visit(url + samplePath + "/sending")
	source.mu.Lock()
	source.sent = 6
	source.mu.Unlock()
	b.Await(`document.querySelector(".state.good")?.innerText == "sent"`)
}

// The revisions of a series are in one row, and the lines between them meet their
// middles.
func TestBrowserTracks(t *testing.T) {
	t.Parallel()
	b, url := servedTo(t, manySeries())
	for _, width := range []int{1440, 820, 780, 390} {
		b.Screen(width, 900, "light")
		b.Visit(url + "/")
		if !b.Is(`[...document.querySelectorAll(".track.short")].every(t => new Set([...t.children].map(li => li.offsetTop)).size == 1 && t.scrollWidth <= t.clientWidth)`) {
			t.Errorf("%d pixels: revisions are in several rows, or do not fit", width)
		}
		if !b.Is(`[...document.querySelectorAll(".track li:not(:last-child)")].every(li => {
			const dot = getComputedStyle(li, "::before"), line = getComputedStyle(li, "::after"), px = parseFloat;
			const border = dot.boxSizing == "border-box" ? 0 : px(dot.borderTopWidth);
			return Math.abs(px(dot.top) + border + px(dot.height) / 2 - px(line.top) - px(line.height) / 2) < .3;
		})`) {
			t.Errorf("%d pixels: lines miss the middles of the revisions", width)
		}
	}
}

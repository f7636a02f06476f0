package ui

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/browser"
)

// opened serves a source to a browser that has the cookie.
func opened(t *testing.T, source Source) (*browser.Browser, string) {
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

// TestPictures takes a picture of every page, at three widths, light and dark, into
// the folder that KPREP_SCREENSHOTS names; 'make screenshots' does it.
func TestPictures(t *testing.T) {
	dir := os.Getenv("KPREP_SCREENSHOTS")
	if dir == "" {
		t.Skip("KPREP_SCREENSHOTS names no folder")
	}
	source := manySeries()
	source.sent = 3
	b, url := opened(t, source)
	for name, path := range samplePages() {
		if want := os.Getenv("KPREP_SCREENSHOTS_OF"); want != "" && !strings.Contains(name, want) {
			continue
		}
		for _, width := range []int{1440, 820, 390} {
			for _, scheme := range []string{"light", "dark"} {
				b.Screen(width, 900, scheme)
				b.Visit(url + path)
				b.Eval(`document.querySelectorAll("details.pair").forEach((d, n) => d.open = n < 2)`, nil)
				b.Picture(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)))
			}
		}
	}
}

// samplePages are the paths of pages by their names.
func samplePages() map[string]string {
	series := "/s/0/b4%2Fqueue-rework"
	return map[string]string{
		"list": "/", "series": series, "patch": series + "/patch/3", "compare": series + "/compare?old=2&new=3", "feedback": series + "/feedback",
		"recipients": series + "/recipients", "messages": series + "/messages", "message": series + "/messages/2", "sending": series + "/sending",
	}
}

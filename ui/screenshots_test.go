package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestPictures takes a picture of every page, at three widths, light and dark, into
// the folder that KPREP_SCREENSHOTS names; 'make screenshots' does it.
func TestPictures(t *testing.T) {
	dir := os.Getenv("KPREP_SCREENSHOTS")
	if dir == "" {
		t.Skip("KPREP_SCREENSHOTS names no folder")
	}
	source := manySeries()
	source.sent = 3
	b, url := servedTo(t, source)
	pages := samplePages()
	for name, path := range pages {
		pages[name] = url + path
	}
	file := filepath.Join(dir, "export.html")
	if err := os.WriteFile(file, []byte(exported(t, source)), 0o600); err != nil {
		t.Fatal(err)
	}
	pages["export"] = "file://" + file
	for name, address := range pages {
		for _, width := range []int{1440, 820, 390} {
			for _, scheme := range []string{"light", "dark"} {
				b.Screen(width, 900, scheme)
				b.Visit(address)
				b.Eval(`document.querySelectorAll("details.pair, details.part").forEach((d, n) => d.open = n < 2)`, nil)
				b.Picture(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)))
			}
		}
	}
	// Without a series a page says what to do.
	b, url = servedTo(t, &nothing{})
	b.Screen(820, 600, "light")
	b.Visit(url + "/")
	b.Picture(filepath.Join(dir, "empty-820-light.png"))
}

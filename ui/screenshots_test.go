package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

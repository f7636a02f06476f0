package main

import (
	"regexp"
	"strings"
	"testing"
)

// Whoever looks a message up finds it in the words that the program has for it.
func TestTroubleshootingQuotesMessages(t *testing.T) {
	t.Parallel()
	verbs := regexp.MustCompile(`%[-+#.\d]*[a-zA-Z]`)
	var said []string
	for _, text := range programTexts(t) {
		said = append(said, verbs.ReplaceAllString(strings.ReplaceAll(text, "%q", `"…"`), "…"))
	}
	headings := regexp.MustCompile("(?m)^### `(.*)`$").FindAllStringSubmatch(userPages(t)["troubleshooting.md"], -1)
	if len(headings) < 20 {
		t.Fatalf("the page quotes only %d messages", len(headings))
	}
	for _, m := range headings {
		if !quotes(said, m[1]) {
			t.Errorf("nothing in the program says %q", m[1])
		}
	}
}

// quotes says whether one of the texts has message in it; at its ends, "…" may
// stand for text that is put in from elsewhere.
func quotes(said []string, message string) bool {
	message = strings.TrimSuffix(strings.TrimPrefix(message, "… "), "…")
	for _, text := range said {
		if strings.Contains(text, strings.TrimSpace(message)) {
			return true
		}
	}
	return false
}

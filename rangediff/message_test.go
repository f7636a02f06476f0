package rangediff

import (
	"strings"
	"testing"
)

func TestMapMessage(t *testing.T) {
	t.Parallel()
	const author = " ## Metadata ##\nAuthor: A <a@example.org>\n\n ## Commit message ##\n"
	const patch = " ## a (new) ##\n@@\n+ ## Commit message ##\n+    one\n"
	cut := func(message string) string { return strings.ReplaceAll(message, "\nChange-Id: 1\n", "\n") }
	for _, tt := range []struct{ reason, text, diff, want string }{
		{"nothing to change", author + "    one\n\n", patch, author + "    one\n\n"},
		{"a line goes", author + "    one\n\n    Change-Id: 1\n    Cc: b\n\n", patch, author + "    one\n\n    Cc: b\n\n"},
		{"the last line goes, and the blank one before it", author + "    one\n\n    Change-Id: 1\n\n", patch, author + "    one\n\n"},
		{"an indented line stays so", author + "    one\n\n        code\n\n", patch, author + "    one\n\n        code\n\n"},
		{"no message", author + "\n", patch, author + "\n"},
		{"no patch", author + "    one\n\n    Change-Id: 1\n", "", author + "    one\n"},
	} {
		c := Commit{Text: []byte(tt.text + tt.diff)}
		if tt.diff != "" {
			c.DiffAt, c.DiffLines = len(tt.text), 4
		}
		c.MapMessage(cut)
		if got := string(c.Text); got != tt.want+tt.diff || tt.diff != "" && string(c.Diff()) != tt.diff {
			t.Errorf("%s: got %q, patch %q, want %q", tt.reason, got, c.Diff(), tt.want)
		}
	}
}

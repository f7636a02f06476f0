package inbox_test

import (
	"strings"
	"testing"

	"github.com/kprep/kprep/inbox"
)

func BenchmarkParse(b *testing.B) {
	raw := []byte("From: \"Doe, J.\" <J@Example.org>\nTo: a@example.org, b@example.org\nCc: c@example.org\nSubject: [PATCH v2 1/3] drm: do a thing\nDate: Thu, 02 Jan 2025 03:04:05 +0000\nMessage-ID: <20250102-a-v2-1-0123456789ab@example.org>\nIn-Reply-To: <20250102-a-v2-0-0123456789ab@example.org>\nReferences: <20250102-a-v2-0-0123456789ab@example.org>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" +
		strings.Repeat("Some text that explains why this is done the way it is.\n", 20) + "---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,60 +1,60 @@\n" + strings.Repeat(" context line of code();\n-\told();\n+\tnew();\n", 40))
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := inbox.Parse(inbox.Mail{Raw: raw}, func(string) string { return "" }); err != nil {
			b.Fatal(err)
		}
	}
}

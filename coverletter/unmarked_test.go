package coverletter_test

import (
	"strings"
	"testing"

	"github.com/kprep/kprep/coverletter"
)

func TestDecodeUnmarked(t *testing.T) {
	t.Parallel()
	whole := coverletter.Encode("Title\n\nProse { with a brace.", coverletter.NewTracking("20250102-topic-0123456789ab"))
	bare := strings.Replace(whole, coverletter.Marker+"\n", "", 1)
	lines := strings.SplitAfter(bare, "\n")
	for _, tc := range []struct {
		why, message string
		want         bool
	}{
		{"the marker line is gone", bare, true},
		{"the comment line too", strings.Join(append(lines[:4:4], lines[5:]...), ""), true},
		{"nothing is gone", whole, false},
		{"an ordinary commit", "Title\n\nBody.\n", false},
		{"a commit about such data", "Title\n\nThe key \"change-id\" is new:\n{ \"change-id\": 1 }\n", false},
		{"broken data", strings.Replace(bare, `"revision": 1`, `"revision": x`, 1), false},
		{"text behind the data", bare + "more\n", false},
	} {
		text, tracking, ok := coverletter.DecodeUnmarked(tc.message)
		if ok != tc.want {
			t.Errorf("%s: %v for\n%s", tc.why, ok, tc.message)
			continue
		}
		if ok && (text != "Title\n\nProse { with a brace." || tracking.ChangeID != "20250102-topic-0123456789ab") {
			t.Errorf("%s: text %q, %+v", tc.why, text, tracking)
		}
	}
}

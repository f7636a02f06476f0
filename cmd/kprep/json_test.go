package main

import (
	"bytes"
	"encoding/json"
	"testing"
)

// JSON says the same with what nobody sees escaped, and nothing else.
func TestPrintJSON(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"plain text", "a <b> & \"c\"\n", `"a <b> & \"c\"\n"`},
		{"letters of others stay", "größer 中文 🙂", `"größer 中文 🙂"`},
		{"control characters", "\x1b[31m\x7f\u0085", `"\u001b[31m\u007f\u0085"`},
		{"direction and width", "\u202ex\u200b", `"\u202ex\u200b"`},
		{"beyond 16 bits", "a\U000e0001b", `"a\udb40\udc01b"`},
		{"no UTF-8", "\xff", `"\ufffd"`},
	} {
		var out bytes.Buffer
		e := testEnv(t)
		e.stdout = &output{w: &out}
		if err := e.printJSON(tc.text); err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal(out.Bytes(), &back); err != nil || out.String() != tc.want+"\n" || tc.text != back && tc.text != "\xff" {
			t.Errorf("%s: %s, want %s, read back as %q: %v", tc.name, out.String(), tc.want, back, err)
		}
	}
}

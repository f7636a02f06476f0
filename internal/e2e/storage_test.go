package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/mail"
	"regexp"
	"strings"
	"testing"
)

// namesOut replaces the names of objects.
func namesOut(text string) string {
	return regexp.MustCompile(`\b[0-9a-f]{7,40}\b`).ReplaceAllString(text, "ID")
}

// asB4Sees is what b4 says of a series and what it would mail, headers and
// tracking data too, but for dates and ids.
func (w *world) asB4Sees(dir string) string {
	w.t.Helper()
	all := namesOut(w.b4("prep", "--show-info"))
	w.b4("send", "-o", w.home+"/"+dir)
	for _, raw := range w.at(w.home).directory(dir) {
		l := open(w.t, raw)
		all += fmt.Sprintf("\nFrom: %s\nTo: %q\nCc: %q\nSubject: %s\nTracking: %s\n\n%s", l.from, l.to, l.cc, l.subject, trackingIn(w.t, raw), namesOut(l.body))
	}
	return all
}

// trackingIn unpacks the X-B4-Tracking header of a mail, "" without one.
func trackingIn(t *testing.T, raw []byte) string {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	value := m.Header.Get("X-B4-Tracking")
	if value == "" {
		return ""
	}
	_, packed, _ := strings.Cut(value, "b=")
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(packed), ""))
	if err != nil {
		t.Fatalf("%s: %v", value, err)
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", value, err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", value, err)
	}
	return string(text)
}

// wherever leaves out of what b4 says what depends on the storage.
func wherever(info string) string {
	return regexp.MustCompile(`(?m)^(base-branch|base-commit|start-commit|end-commit|series-range|cover-strategy): .*\n`).ReplaceAllString(namesOut(info), "")
}

// From b4 through every storage and back to b4, for each storage: b4 sees the
// same series before and after.
func TestStoragesRoundTripThroughB4(t *testing.T) {
	t.Parallel()
	needPeer(t, "b4", "b4")
	storages := []string{"commit", "tip-commit", "branch-description"}
	for _, storage := range storages {
		t.Run(storage, func(t *testing.T) {
			t.Parallel()
			w, _, _ := smallClone(t)
			w.git("config", "b4.prep-cover-strategy", storage)
			w.b4("prep", "-n", "Round trip")
			w.make(someChanges(3))
			if storage == "tip-commit" { // b4 leaves this to the user
				w.kprep("set", "cover-storage", storage)
			}
			w.cover(someCover)
			before := w.asB4Sees("before")
			if !strings.Contains(before, "cover-strategy: "+storage) || strings.Count(before, "commit-ID") != 3 || strings.Count(before, "\nSubject: [PATCH") != 4 || !strings.Contains(before, `"revision": 1`) {
				t.Fatalf("b4 sees\n%s", before)
			}
			base := "main"
			if branch := w.info()["base-branch"]; branch != "" {
				base = branch
			}
			info := wherever(w.b4("prep", "--show-info"))
			for _, other := range storages {
				w.kprep("set", "cover-storage", other, "--base-branch", base)
				w.checkInfo()
				if got := wherever(w.b4("prep", "--show-info")); got != info {
					t.Errorf("in storage %s b4 says\n%s\nand said before\n%s", other, got, info)
				}
			}
			w.kprep("set", "prefixes", "RFC")
			w.kprep("set", "prefixes")
			w.kprep("set", "cover-storage", storage, "--base-branch", base)
			if after := w.asB4Sees("after"); after != before {
				t.Errorf("b4 sees\n%s\nand saw before\n%s", after, before)
			}
		})
	}
}

package coverletter

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

const form012 = `{
  "series": {
    "revision": 1,
    "change-id": "20261121-foo-driver_fix-eb7feaf4228f",
    "base-branch": "main",
    "prefixes": []
  }
}`

const formRerolled = `{
  "series": {
    "revision": 2,
    "change-id": "20261121-foo-driver_fix-d9e18d22db46",
    "prefixes": [
      "RFC",
      "mydrv"
    ],
    "presubject": "[myproj]",
    "history": {
      "v1": [
        "20261121-foo-driver_fix-v1-0-7e643bbb76ce@dev.example"
      ]
    }
  }
}`

// formStrange holds unknown keys at both levels, of every kind.
const formStrange = `{
  "version": 12345678901234567890123,
  "series": {
    "x-first": {
      "b": [
        1.50,
        -0,
        1e400,
        {},
        []
      ],
      "a": null
    },
    "revision": 3,
    "change-id": "20261121-x-eb7feaf4228f",
    "prefixes": [],
    "x-text": "\u00e9 \ud83d\ude00 \" \\ \n \u007f \ud800 </a>",
    "\u00e9": true,
    "history": {
      "v2": [
        "b@example.org"
      ],
      "v1": []
    },
    "x-last": false
  },
  "z": "z",
  "a": "a"
}`

func mustParse(t *testing.T, json string) *Tracking {
	t.Helper()
	tracking, err := ParseTracking([]byte(json))
	if err != nil {
		t.Fatalf("ParseTracking(%s): %v", json, err)
	}
	return tracking
}

func TestNewTracking(t *testing.T) {
	t.Parallel()
	tracking := NewTracking("20261121-x-eb7feaf4228f")
	want := `{"series": {"revision": 1, "change-id": "20261121-x-eb7feaf4228f", "prefixes": [], "presubject": ""}}`
	if got := string(tracking.Compact()); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	tracking.BaseBranch = "main"
	tracking.Prerequisites = []string{"change-id: 20261120-y-eb7feaf4228f:v1"}
	want = `{"series": {"revision": 1, "change-id": "20261121-x-eb7feaf4228f", "prefixes": [], "presubject": "", "base-branch": "main", "prerequisites": ["change-id: 20261120-y-eb7feaf4228f:v1"]}}`
	if got := string(tracking.Compact()); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestTrackingSurvives(t *testing.T) {
	t.Parallel()
	for _, json := range []string{form012, formRerolled, formStrange} {
		if got := string(mustParse(t, json).JSON()); got != json {
			t.Errorf("got %s\nwant %s", got, json)
		}
		tracking := mustParse(t, json)
		if got := string(mustParse(t, string(tracking.Compact())).JSON()); got != json {
			t.Errorf("through one line: got %s\nwant %s", got, json)
		}
	}
}

func TestTrackingFields(t *testing.T) {
	t.Parallel()
	got := mustParse(t, formRerolled).fieldsOnly()
	want := &Tracking{
		Revision: 2, ChangeID: "20261121-foo-driver_fix-d9e18d22db46",
		Prefixes: []string{"RFC", "mydrv"}, Presubject: "[myproj]",
		History: map[string][]string{"v1": {"20261121-foo-driver_fix-v1-0-7e643bbb76ce@dev.example"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestTrackingChanges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why, json string
		change    func(*Tracking)
		old, new  string
	}{
		{"revision in place", form012, func(t *Tracking) { t.Revision++ }, `"revision": 1`, `"revision": 2`},
		{"prefixes in place", form012, func(t *Tracking) { t.Prefixes = []string{"RFC", "ž\x7f😀"} }, `"prefixes": []`, "\"prefixes\": [\n      \"RFC\",\n      \"\\u017e\\u007f\\ud83d\\ude00\"\n    ]"},
		{"presubject, absent before, to the end", form012, func(t *Tracking) { t.Presubject = "[p]" }, `"prefixes": []`, "\"prefixes\": [],\n    \"presubject\": \"[p]\""},
		{"history, absent before, to the end", form012, func(t *Tracking) { t.History = map[string][]string{"v1": {"a@b"}} }, `"prefixes": []`, "\"prefixes\": [],\n    \"history\": {\n      \"v1\": [\n        \"a@b\"\n      ]\n    }"},
		{"history keeps its order", formStrange, func(t *Tracking) { t.History["v10"] = []string{"c@d"}; t.History["v3"] = nil }, "\"v1\": []\n", "\"v1\": [],\n      \"v3\": [],\n      \"v10\": [\n        \"c@d\"\n      ]\n"},
		{"history emptied", formRerolled, func(t *Tracking) { t.History = nil }, "{\n      \"v1\": [\n        \"20261121-foo-driver_fix-v1-0-7e643bbb76ce@dev.example\"\n      ]\n    }", "{}"},
		{"prefixes emptied", formRerolled, func(t *Tracking) { t.Prefixes = nil }, "[\n      \"RFC\",\n      \"mydrv\"\n    ]", "[]"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			original := mustParse(t, tt.json)
			changed := original.Clone()
			tt.change(changed)
			if !strings.Contains(tt.json, tt.old) {
				t.Fatalf("the test is wrong: no %s", tt.old)
			}
			if got, want := string(changed.JSON()), strings.Replace(tt.json, tt.old, tt.new, 1); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
			if got := string(original.JSON()); got != tt.json {
				t.Errorf("a change of the clone changed the original to %s", got)
			}
		})
	}
}

func TestParseTrackingRefuses(t *testing.T) {
	t.Parallel()
	const good = `"revision": 1, "change-id": "a-b"`
	tests := []struct{ why, json string }{
		{"nothing", ""},
		{"no object", "[]"},
		{"no series", "{}"},
		{"series is no object", `{"series": []}`},
		{"no revision", `{"series": {"change-id": "a-b"}}`},
		{"revision 0", `{"series": {"revision": 0, "change-id": "a-b"}}`},
		{"revision is a string", `{"series": {"revision": "1", "change-id": "a-b"}}`},
		{"revision is a fraction", `{"series": {"revision": 1.5, "change-id": "a-b"}}`},
		{"revision overflows", `{"series": {"revision": 99999999999999999999, "change-id": "a-b"}}`},
		{"revision is true", `{"series": {"revision": true, "change-id": "a-b"}}`},
		{"no change-id", `{"series": {"revision": 1}}`},
		{"change-id leads out", `{"series": {"revision": 1, "change-id": "../x"}}`},
		{"prefixes is a string", `{"series": {` + good + `, "prefixes": "RFC"}}`},
		{"prefixes holds a number", `{"series": {` + good + `, "prefixes": [1]}}`},
		{"history is a list", `{"series": {` + good + `, "history": []}}`},
		{"history holds a string", `{"series": {` + good + `, "history": {"v1": "a@b"}}}`},
		{"key twice", `{"series": {` + good + `, "revision": 2}}`},
		{"series twice", `{"series": {` + good + `}, "series": {` + good + `}}`},
		{"text behind", `{"series": {` + good + `}} x`},
		{"cut short", `{"series": {` + good},
		{"not UTF-8", `{"series": {` + good + `, "x": "` + "\xff" + `"}}`},
		{"too long", `{"series": {` + good + `, "x": "` + strings.Repeat("x", maxTracking) + `"}}`},
		{"too deep", strings.Repeat("[", 200000)},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			_, err := ParseTracking([]byte(tt.json))
			if te := (*TrackingError)(nil); !errors.As(err, &te) {
				t.Errorf("ParseTracking(%.100s): %v, want a *TrackingError", tt.json, err)
			}
		})
	}
}

func TestTrackingErrorPosition(t *testing.T) {
	t.Parallel()
	message := "title\n\ntext\n\n" + Marker + "\n# comment\n{\n  \"series\": {,}\n}\n"
	_, _, err := Decode(message)
	te := (*TrackingError)(nil)
	if !errors.As(err, &te) {
		t.Fatalf("got %v, want a *TrackingError", err)
	}
	if te.Line != 8 || te.Offset != strings.Index(message, ",}") {
		t.Errorf("got line %d, byte %d; want line 8, byte %d: %v", te.Line, te.Offset, strings.Index(message, ",}"), err)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := []struct{ why, message, text string }{
		{"as b4 writes it", "title\n\nbody\n\n" + Marker + "\n" + markerComment + "\n" + form012 + "\n", "title\n\nbody"},
		{"comment lost", "title\n\nbody\n\n" + Marker + "\n" + form012, "title\n\nbody"},
		{"more blank lines", "\n title\n\nbody\n\n\n\n" + Marker + "\n\n\n" + form012 + "\n\n", "title\n\nbody"},
		{"marker named in a line", "title\n\nabout " + Marker + "\n\n" + Marker + "\n" + form012, "title\n\nabout " + Marker},
		{"CRLF", "title\r\n\r\n" + Marker + "\r\n" + form012, "title"},
		{"no text", Marker + "\n" + form012, ""},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			text, tracking, err := Decode(tt.message)
			if err != nil || text != tt.text || string(tracking.JSON()) != form012 {
				t.Errorf("Decode(%q) = %q, %v, %v; want text %q", tt.message, text, tracking, err, tt.text)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, message := range []string{"", "title\n\nbody\n", "about " + Marker + "\n" + form012} {
		if _, _, err := Decode(message); !errors.Is(err, ErrNoTracking) || HasMarker(message) {
			t.Errorf("Decode(%q): %v, want ErrNoTracking", message, err)
		}
	}
	for _, message := range []string{
		"title\n\n" + Marker + "\n" + form012 + "\n" + Marker + "\n" + form012,
		"title\n\n" + Marker + "\nabout the marker\n" + Marker + "\n" + form012,
		"title\n\n" + Marker + "\nno object\n",
		"title\n\n" + Marker + "\n" + form012 + "\nSigned-off-by: x\n",
	} {
		_, _, err := Decode(message)
		if te := (*TrackingError)(nil); !errors.As(err, &te) || !HasMarker(message) {
			t.Errorf("Decode(%q): %v, want a *TrackingError", message, err)
		}
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	got := Encode("\ntitle\n\nbody\n# note\n\n\n", mustParse(t, form012))
	want := "title\n\nbody\n# note\n\n--- b4-submit-tracking ---\n" +
		"# This section is used internally by b4 prep for tracking purposes.\n" + form012 + "\n"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestHeaderValue(t *testing.T) {
	t.Parallel()
	for _, json := range []string{form012, formRerolled, formStrange} {
		tracking := mustParse(t, json)
		header, err := tracking.HeaderValue()
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := tracking.Clone().HeaderValue(); again != header {
			t.Errorf("two values for one tracking: %q, %q", header, again)
		}
		folded := strings.Join(strings.SplitAfter(header, "A"), "\r\n ")
		back, err := ParseHeaderValue(folded)
		if err != nil || string(back.JSON()) != json {
			t.Errorf("ParseHeaderValue(%q) = %v, %v; want %s", folded, back, err, json)
		}
	}
}

// The value is from a mail that b4 sent (b4-interop 12.6).
func TestHeaderValueOfB4(t *testing.T) {
	t.Parallel()
	const sent = "v=1; b=H4sIAKXyAGsC/x2NQQoCMQxFrzJkbcAGUXEreAC3g0g7TZwsppUUi\n" +
		" jLM3W1dvsd//BUKm3KBy7CCcdWiOTVwuwGm2acXo8bGQHs6OkcOJWeMppXtKfpBDidhLweis0C\n" +
		" Lgi+MwXya5p4tXlPXb+O2/v+McL9du1u+0So8tu0HxvqkfIUAAAA="
	got, err := ParseHeaderValue(sent)
	if err != nil {
		t.Fatal(err)
	}
	if got.Revision != 1 || got.ChangeID != "20261121-foo-driver_fix-eb7feaf4228f" || len(got.Prefixes) != 2 {
		t.Errorf("got %s", got.Compact())
	}
}

func TestParseHeaderValueRefuses(t *testing.T) {
	t.Parallel()
	packed := func(data string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(data))
		_ = z.Close()
		return base64.StdEncoding.EncodeToString(b.Bytes())
	}
	good := packed(form012)
	tests := []struct{ why, header string }{
		{"empty", ""},
		{"no version", "b=" + good},
		{"other version", "v=2; b=" + good},
		{"no data", "v=1; b="},
		{"not base64", "v=1; b=*"},
		{"not gzip", "v=1; b=aGVsbG8="},
		{"cut short", "v=1; b=" + good[:len(good)/2/4*4]},
		{"bomb", "v=1; b=" + packed(`{"series": {}}`+strings.Repeat(" ", 64<<20))},
		{"not JSON", "v=1; b=" + packed("hello")},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			if got, err := ParseHeaderValue(tt.header); err == nil {
				t.Errorf("ParseHeaderValue(%.100q) = %s, want an error", tt.header, got.Compact())
			}
		})
	}
}

// Python's json.dumps is what b4 writes with.
func TestPythonAgrees(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "python3")
	// Python has no numbers like 1.50 and 1e400.
	json := strings.NewReplacer("1.50", "1.5", "1e400", "17", "-0,", "0,", `\ud83d\ude00`, "😀").Replace(formStrange)
	for _, arg := range []string{"indent=2", ""} {
		cmd := exec.Command("python3", "-c", "import json,sys; sys.stdout.write(json.dumps(json.load(sys.stdin), "+arg+"))")
		cmd.Stdin = strings.NewReader(json)
		out, err := cmd.Output()
		if err != nil {
			gittest.NoPeer(t, fmt.Sprintf("python3 does not run: %v", err))
		}
		got := mustParse(t, json).JSON()
		if arg == "" {
			got = mustParse(t, json).Compact()
		}
		if !bytes.Equal(got, out) {
			t.Errorf("got %s\npython %s", got, out)
		}
	}
}

func FuzzTracking(f *testing.F) {
	for _, json := range []string{form012, formRerolled, formStrange, `{"series":{"revision":1,"change-id":"a","presubject":null}}`} {
		f.Add(json, "v1", "né\n")
	}
	f.Fuzz(func(t *testing.T, json, key, s string) {
		tracking, err := ParseTracking([]byte(json))
		if err != nil {
			return
		}
		tracking.Prefixes = append(tracking.Prefixes, s)
		tracking.Presubject = s
		if tracking.History == nil {
			tracking.History = map[string][]string{}
		}
		tracking.History[key] = append(tracking.History[key], s)
		back, err := ParseTracking(tracking.JSON())
		if err != nil {
			t.Fatalf("%q is written as %q: %v", json, tracking.JSON(), err)
		}
		if got, want := back.Compact(), tracking.Compact(); !bytes.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if last := back.Prefixes[len(back.Prefixes)-1]; last != strings.ToValidUTF8(s, "\ufffd") && strings.ToValidUTF8(s, "") == s {
			t.Errorf("prefix %q came back as %q", s, last)
		}
	})
}

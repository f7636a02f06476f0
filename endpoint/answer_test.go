package endpoint

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestFatesOf(t *testing.T) {
	t.Parallel()
	ids := []string{"a", "b"}
	for name, c := range map[string]struct {
		fates []Fate
		want  []string // states; nil: not believed
	}{
		"none":              {nil, []string{}},
		"all":               {[]Fate{{MessageID: "a", State: Queued}, {MessageID: "b", State: Rejected}}, []string{Queued, Rejected}},
		"in another order":  {[]Fate{{MessageID: "b", State: Mailed}, {MessageID: "a", State: Unsure}}, []string{Unsure, Mailed}},
		"one is missing":    {[]Fate{{MessageID: "b", State: Mailed}}, []string{"", Mailed}},
		"one of a stranger": {[]Fate{{MessageID: "c", State: Mailed}}, nil},
		"one twice":         {[]Fate{{MessageID: "a", State: Mailed}, {MessageID: "a", State: Rejected}}, nil},
		"an unknown state":  {[]Fate{{MessageID: "a", State: "delivered"}}, nil},
		"no state":          {[]Fate{{MessageID: "a"}}, nil},
	} {
		fates, ok := Answer{Messages: c.fates}.FatesOf(ids)
		got := []string{}
		for _, f := range fates {
			got = append(got, f.State)
		}
		if ok != (c.want != nil) || ok && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
}

// A service writes no line of its own, wherever its words are shown, and no
// limit that makes no sense.
func TestAnswerIsTame(t *testing.T) {
	t.Parallel()
	const evil = `Ev\u001b[31mil\nkprep: forged`
	text := `{"result":"success","message":"` + evil + `\n","messages":[{"message-id":"a@b","state":"refused","reason":"` + evil + `","subject":"` + evil + `","refused":{"c@d":"` + evil + `"}}],` +
		`"service":{"name":"` + evil + `","url":"` + evil + `","version":"` + evil + `","algorithms":["` + evil + `"],"own-domains":["` + evil + `"],"relay-from":"` + evil + `"}}`
	a, err := decodeAnswer([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	f, s := a.Messages[0], a.Service
	for i, got := range []string{a.Message, f.Reason, f.Subject, f.Refused["c@d"], s.Name, s.URL, s.Version, s.Algorithms[0], s.OwnDomains[0], s.RelayFrom} {
		if got != harmless("Ev\x1b[31mil\nkprep: forged") || strings.ContainsAny(got, "\n\x1b") {
			t.Errorf("text %d is %q", i, got)
		}
	}
	for _, limit := range []string{"max-messages", "max-message", "max-request"} {
		if _, err := decodeAnswer([]byte(`{"result":"success","service":{"` + limit + `":-5}}`)); err == nil {
			t.Errorf("%s below zero is believed", limit)
		}
	}
}

// Whoever reads the same text without strictness reads the same result, and
// what is believed can be written down and read again.
func FuzzDecodeAnswer(f *testing.F) {
	for _, text := range []string{
		`{"result":"success","message":"Sent 3 messages"}`, `{"result":"error","message":"no","retry-after":3}`,
		`{"title":"500 Internal Server Error"}`, `{"result":"error","result":"success"}`, `{"Result":"success"}`,
		`{"result":"success","messages":[{"message-id":"a@b","state":"queued","refused":{"a@b":"no"}}]}`,
		`{"result":"success","service":{"name":"x","url":"https://x/","algorithms":["ed25519"]}}`, `[]`, `null`, `{"result":"error","message":"a\n\u001b","service":{"name":"\n x"}}`, `{"result":"success"} {}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := decodeAnswer(text)
		if err != nil {
			return
		}
		var loose map[string]any
		if err := json.Unmarshal(text, &loose); err != nil || loose["result"] != got.Result || got.Result != Success && got.Result != Failure {
			t.Fatalf("%q: read as %+v, %v is %v", text, got, loose, err)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decodeAnswer(again); err != nil || back.Result != got.Result || back.Message != got.Message || len(back.Messages) != len(got.Messages) {
			t.Fatalf("%q: %+v comes back as %+v, %v", text, got, back, err)
		}
	})
}

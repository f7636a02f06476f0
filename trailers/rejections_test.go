package trailers

import "testing"

func TestRejections(t *testing.T) {
	t.Parallel()
	const b4 = `{
  "ignored": [
    {
      "trailer": "Acked-by: P <p@example.org>",
      "via": "2@example.org"
    }
  ]
}
`
	r, err := ParseRejections([]byte(b4))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := r.Text(); err != nil || string(text) != b4 {
		t.Errorf("b4's own file became %s, %v", text, err)
	}
	r.Add(Rejection{"Acked-by: A <a@example.org>", "3@example.org"}, Rejection{"Acked-by: P <p@example.org>", "1@example.org"}, r.All[0])
	text, err := r.Text()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseRejections(text)
	if err != nil || len(again.All) != 3 || again.All[0].Via != "3@example.org" || again.All[1].Via != "1@example.org" {
		t.Errorf("got %s, %v", text, err)
	}
	for _, c := range []struct{ why, text string }{
		{"no JSON", "{"}, {"no object", "[]"}, {"null", "null"}, {"another kind", `{"ignored": {}}`},
	} {
		if _, err := ParseRejections([]byte(c.text)); err == nil {
			t.Errorf("%s: %q was read", c.why, c.text)
		}
	}
	for _, text := range []string{"", "\n", "{}"} {
		if r, err := ParseRejections([]byte(text)); err != nil || len(r.All) != 0 {
			t.Errorf("%q: %v", text, err)
		}
	}
	other, err := ParseRejections([]byte(`{"ignored": [], "later": {"x": [1]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := other.Text(); err != nil || string(text) != "{\n  \"ignored\": [],\n  \"later\": {\n    \"x\": [\n      1\n    ]\n  }\n}\n" {
		t.Errorf("what is unknown became %s, %v", text, err)
	}
}

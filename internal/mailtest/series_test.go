package mailtest

import (
	"fmt"
	"strings"
	"testing"
)

func letter(id, root, body string, to ...string) Message {
	text := fmt.Sprintf("Message-ID: <%s>\r\n", id)
	if root != "" {
		text += fmt.Sprintf("In-Reply-To: <%s>\r\nReferences: <%[1]s>\r\n", root)
	}
	return Message{To: to, Data: []byte(text + "\r\n" + body)}
}

// Everything that can be wrong with a series is noticed.
func TestCheckSeries(t *testing.T) {
	t.Parallel()
	want := []Wanted{{"0@x", []string{"a", "b"}}, {"1@x", []string{"a", "b"}}, {"2@x", nil}}
	root, one := letter("0@x", "", "text", "a", "b"), letter("1@x", "0@x", "text", "a", "b")
	for name, c := range map[string]struct {
		arrived []Message
		because string
	}{
		"as it should be":        {[]Message{root, one}, ""},
		"in two transactions":    {[]Message{letter("0@x", "", "text", "b"), letter("0@x", "", "text", "a"), one}, ""},
		"lost":                   {[]Message{root}, "a has message 1 0 times"},
		"lost for one":           {[]Message{root, letter("1@x", "0@x", "text", "a")}, "b has message 1 0 times"},
		"twice":                  {[]Message{root, one, one}, "a has message 1 2 times"},
		"under another id":       {[]Message{root, one, letter("9@x", "0@x", "text", "a")}, "nobody planned 9@x"},
		"out of order":           {[]Message{one, root}, "a has message 0 after 1"},
		"changed":                {[]Message{root, letter("1@x", "0@x", "text", "a"), letter("1@x", "0@x", "other", "b")}, "message 1 has two forms"},
		"no reply":               {[]Message{root, letter("1@x", "", "text", "a", "b")}, "message 1 is no reply"},
		"to somebody else":       {[]Message{root, letter("1@x", "0@x", "text", "a", "b", "c")}, "c has message 1, and was not to have it"},
		"refused, and there":     {[]Message{root, one, letter("2@x", "0@x", "text", "a")}, "a has message 2, and was not to have it"},
		"no message at all":      {[]Message{root, one, {Data: []byte("?")}}, "no message"},
		"everything is missing":  {nil, "b has message 0 0 times"},
		"a reply to the brother": {[]Message{root, letter("1@x", "1@x", "text", "a", "b")}, "message 1 is no reply"},
	} {
		err := CheckSeries(c.arrived, want)
		if (err == nil) != (c.because == "") || err != nil && !strings.Contains(err.Error(), c.because) {
			t.Errorf("%s: %v, want %q", name, err, c.because)
		}
	}
}

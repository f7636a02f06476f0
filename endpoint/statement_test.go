package endpoint

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestStatementComesBack(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]Statement{
		"b4's own":                    {Purpose: PurposeVerify, Challenge: "5a1c"},
		"a challenge bound to a key":  {Purpose: PurposeVerify, Challenge: "5a1c", URL: "https://send.example.org/_b4_submit", Identity: "kim@example.org", Selector: "laptop", Key: "SHA256:abc"},
		"a key withdrawn":             {Purpose: PurposeDelete, URL: "https://send.example.org/", Identity: "kim@example.org", Key: "SHA256:abc", Nonce: "77"},
		"a key replaced":              {Purpose: PurposeRotate, URL: "https://send.example.org/", Identity: "kim@example.org", Key: "SHA256:abc", NewSelector: "b", NewKey: "SHA256:def", Nonce: "77"},
		"messages that are asked for": {Purpose: PurposeStatus, URL: "https://send.example.org/", Identity: "kim@example.org", Nonce: "77", Messages: []string{"a@example.org", "b@example.org"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := s.Mail("1@example.org", time.Unix(1735787045, 0).UTC())
			if err != nil {
				t.Fatal(err)
			}
			header, body, _ := strings.Cut(string(raw), "\n\n")
			if !strings.Contains(header, "Subject: "+string(s.Purpose)+"\n") {
				t.Errorf("the purpose is not the subject:\n%s", header)
			}
			got, err := ParseStatement(s.Purpose, body)
			if err != nil || !reflect.DeepEqual(got, s) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, s)
			}
		})
	}
}

func TestParseStatementRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		purpose Purpose
		body    string
	}{
		"a patch that holds b4's word":       {PurposeDelete, "auth-delete\n---\n a.c | 1 +\n"},
		"text before b4's word":              {PurposeDelete, "Hello.\nauth-delete\n"},
		"a word that only begins as b4's":    {PurposeDelete, "auth-deleted\n"},
		"another purpose":                    {PurposeDelete, "verify:5a1c\n"},
		"a challenge where there is none":    {PurposeDelete, "auth-delete:5a1c\n"},
		"a field twice":                      {PurposeDelete, "auth-delete\nkey:a\nkey:b\n"},
		"an unknown field":                   {PurposeDelete, "auth-delete\ncomment:a\n"},
		"messages in what asks for none":     {PurposeDelete, "auth-delete\nmessage:a@example.org\n"},
		"text behind":                        {PurposeVerify, "verify:5a1c\n-- \nKim\n"},
		"nothing":                            {PurposeVerify, ""},
		"more than anybody has to ask about": {PurposeStatus, "status\n" + strings.Repeat("message:a@example.org\n", maxAsked+1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, err := ParseStatement(c.purpose, c.body); !errors.Is(err, ErrNotStatement) {
				t.Errorf("ParseStatement(%q) = %+v, %v; want ErrNotStatement", c.body, s, err)
			}
		})
	}
}

func TestMailRefusesLineBreaks(t *testing.T) {
	t.Parallel()
	s := Statement{Purpose: PurposeDelete, Identity: "kim@example.org\nBcc: all@example.org", Nonce: "1"}
	if raw, err := s.Mail("1@example.org", time.Unix(0, 0)); err == nil {
		t.Errorf("wrote\n%s", raw)
	}
}

package main

import (
	"slices"
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	t.Parallel()
	known := func(verb, name string) []string {
		switch name {
		case "ADDRESS":
			return []string{"ann@x", "bob@x", "--dry-run"}
		case "vN", "COMMIT":
			return []string{"v1", "v2"}
		case "NAME":
			return []string{verb + "-name"}
		}
		return nil
	}
	for _, tc := range []struct{ name, words, want string }{
		{"nothing typed", "_", "key new send"},
		{"a verb begun", "se", "send"},
		{"hidden verbs stay hidden", "hid", ""},
		{"a global option", "--no", "--no-interactive --no-pager"},
		{"a short global option without a long name", "-C", "-C"},
		{"behind a global option with a value", "-C dir ke", "key"},
		{"behind a global option whose value is attached", "-Cdir ke", "key"},
		{"the value of a global option", "-C _", "/"},
		{"an option of the verb", "send --d", "--dry-run"},
		{"hidden options stay hidden", "send --sec", ""},
		{"the value of an option", "send --to _", "ann@x bob@x"},
		{"the second of several values", "send --to ann@x b", "bob@x"},
		{"a value attached", "send --to=b", "--to=bob@x"},
		{"one like an option, attached", "send --to=-", "--to=--dry-run"},
		{"a value of a short option", "new -f _", "v1 v2"},
		{"a value of the last of several letters", "send -no _", "/"},
		{"a value that may be left out is attached", "send --resend=", "--resend=v1 --resend=v2"},
		{"a word behind it is an argument", "new --fork=v1 _", "new-name"},
		{"a file", "send -o _", "/"},
		{"an action", "key _", "add list"},
		{"an option before the action", "key --json li", "list"},
		{"an option of an action", "key list --a", "--all"},
		{"an argument", "new _", "new-name"},
		{"an argument of an action is a file", "key add _", "/"},
		{"behind the double dash is no option", "send -- --d", ""},
		{"help takes a verb", "help s", "send"},
		{"an unknown verb", "frob _", ""},
		{"an unknown option is passed over", "send --frob --dr", "--dry-run"},
		{"an unknown option with a value", "send --frob=", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			words := strings.Fields(tc.words)
			if last := len(words) - 1; words[last] == "_" {
				words[last] = ""
			}
			got := complete(newApp(&env{}, mailVerbs(nil)), words, known)
			if got.files {
				got.words = append(got.words, "/")
			}
			if !slices.Equal(got.words, strings.Fields(tc.want)) {
				t.Errorf("complete(%q) = %q, want %q", words, got.words, tc.want)
			}
		})
	}
}

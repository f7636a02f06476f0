package series

import (
	"testing"

	"github.com/kprep/kprep/gitrepo"
)

// The cover letter goes out of git's list, and nothing else does.
func TestWithoutCover(t *testing.T) {
	t.Parallel()
	const cover = "c0ffee00112233445566778899aabbccddeeff00"
	for _, test := range []struct{ name, list, want string }{
		{"it is the last", "pick 1111111 one\npick c0ffee0 A title # empty\n\n# help\n", "pick 1111111 one\n\n# help\n"},
		{"abbreviated commands, whole names", "p 1111111 one\np " + cover + " A title\n", "p 1111111 one\n"},
		{"it is all there was", "pick c0ffee0 A title\n\n# help\n", "noop\n\n# help\n"},
		{"it is all there was, without help", "pick c0ffee0 A title\n", "noop\n"},
		{"a patch with a name in its title", "pick 1111111 pick c0ffee0\npick c0ffee0 A title\n", "pick 1111111 pick c0ffee0\n"},
		{"the user's command is not run twice", "pick 1111111 one\nexec make\npick c0ffee0 A title\nexec make\n# help\n", "pick 1111111 one\nexec make\n# help\n"},
		{"a fixup of the cover letter stays a patch", "pick 1111111 one\npick c0ffee0 A title\nfixup 2222222 fixup! A title\n", "pick 1111111 one\npick 2222222 fixup! A title\n"},
		{"too short to be a name", "pick c0f\npick c0ffee0 A title\n", "pick c0f\n"},
		{"nothing to do", "noop\n", "noop\n"},
	} {
		if got := withoutCover(test.list, cover); got != test.want {
			t.Errorf("%s: withoutCover(%q) = %q, want %q", test.name, test.list, got, test.want)
		}
	}
}

// The last line is behind all commands and in front of the help; a list that
// the user emptied stays without a command.
func TestWithLast(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, list, want string }{
		{"before the help", "pick 1111111 one\n\n# help\n", "pick 1111111 one\nexec x\n\n# help\n"},
		{"help in between", "pick 1111111 one\n# two\npick 2222222 two\n", "pick 1111111 one\n# two\npick 2222222 two\nexec x\n"},
		{"without a line feed", "noop", "noop\nexec x\n"},
		{"emptied", "# pick 1111111 one\n", "# pick 1111111 one\n"},
		{"empty", "", ""},
	} {
		if got := withLast(test.list, "exec x"); got != test.want {
			t.Errorf("%s: withLast(%q) = %q, want %q", test.name, test.list, got, test.want)
		}
	}
}

// Patches to drop stay in the list, so that git misses none.
func TestWithDropped(t *testing.T) {
	t.Parallel()
	drop := []gitrepo.ID{"1111111122223333444455556666777788889999", "3333333322223333444455556666777788889999"}
	for _, test := range []struct{ name, list, want string }{
		{"some", "pick 1111111 one\nexec make\npick 2222222 two\np 33333333 three\n\n# help\n", "drop 1111111 one\nexec make\npick 2222222 two\ndrop 33333333 three\n\n# help\n"},
		{"a comment", "# pick 1111111 one\n", "# pick 1111111 one\n"},
		{"a fixup of it that goes into it", "pick 1111111 one\nfixup 2222222 fixup! one\n", "drop 1111111 one\npick 2222222 fixup! one\n"},
		{"nothing to do", "noop\n", "noop\n"},
	} {
		if got := withDropped(test.list, drop); got != test.want {
			t.Errorf("%s: withDropped(%q) = %q, want %q", test.name, test.list, got, test.want)
		}
	}
}

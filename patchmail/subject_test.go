package patchmail

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestSubjectString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why  string
		s    Subject
		want string
	}{
		{"single", Subject{Total: 1, Counter: 1, Title: "foo"}, "[PATCH] foo"},
		{"zero value", Subject{Title: "foo"}, "[PATCH] foo"},
		{"no title", Subject{}, "[PATCH]"},
		{"cover", Subject{Total: 3, Title: "foo"}, "[PATCH 0/3] foo"},
		{"padded", Subject{Counter: 1, Total: 12, Revision: 3, Title: "foo"}, "[PATCH v3 01/12] foo"},
		{"first revision is silent", Subject{Counter: 1, Total: 2, Revision: 1, Title: "foo"}, "[PATCH 1/2] foo"},
		{"everything", Subject{"[myproj]", []string{"RFC", "mydrv"}, 2, 1, 3, false, "x"}, "[myproj][PATCH RFC mydrv v2 1/3] x"},
		{"forced cover of one", Subject{Total: 1, ForceCounter: true, Title: "x"}, "[PATCH 0/1] x"},
		{"forced one of one", Subject{Counter: 1, Total: 1, ForceCounter: true, Title: "x"}, "[PATCH 1/1] x"},
		{"blanks survive, tabs become some", Subject{Title: " a  b\t c "}, "[PATCH] a  b  c"},
		{"line ends not cleaned", Subject{Title: "a\nb"}, "[PATCH] a\nb"},
	}
	for _, tt := range tests {
		if got := tt.s.String(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.why, got, tt.want)
		}
	}
}

func TestParseSubject(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want Subject
	}{
		{"[PATCH] foo", Subject{Revision: 1, Counter: 1, Total: 1, Title: "foo"}},
		{"[myproj][PATCH RFC mydrv v2 1/3] x", Subject{"[myproj]", []string{"RFC", "mydrv"}, 2, 1, 3, false, "x"}},
		{"[RFC net-next PATCH v2 0/3] x", Subject{"", []string{"RFC", "net-next"}, 2, 0, 3, false, "x"}},
		{"Re: re: [PATCHv3 02/12] x", Subject{"", nil, 3, 2, 12, false, "x"}},
		{"[patch, V2; 1/2,] x", Subject{"", nil, 2, 1, 2, false, "x"}},
		{"[list] [PATCH/RFC 1/2] x", Subject{"[list]", []string{"RFC"}, 1, 1, 2, false, "x"}},
		{"[RFC v4 1/2] x", Subject{"", []string{"RFC"}, 4, 1, 2, false, "x"}},
		{"[PATCH 1/1] x", Subject{"", nil, 1, 1, 1, true, "x"}},
		{"[PATCH ipv6 drv2 1/2] x", Subject{"", []string{"ipv6", "drv2"}, 1, 1, 2, false, "x"}},
		{"[PATCH] [tag] x", Subject{"", nil, 1, 1, 1, false, "[tag] x"}},
		{"[PATCH\n v2] x", Subject{"", nil, 2, 1, 1, false, "x"}},
		{"[tag] x", Subject{"", nil, 1, 1, 1, false, "[tag] x"}},
		{"[PATCH x", Subject{"", nil, 1, 1, 1, false, "[PATCH x"}},
		{"[PATCH v99999999999999999999] x", Subject{"", []string{"v99999999999999999999"}, 1, 1, 1, false, "x"}},
		{"", Subject{Revision: 1, Counter: 1, Total: 1}},
	}
	for _, tt := range tests {
		if got := ParseSubject(tt.in); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("ParseSubject(%q) = %+v, want %+v", tt.in, got, tt.want)
		}
	}
}

func TestLiftBrackets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in       string
		prefixes []string
		rest     string
	}{
		{"foo", nil, "foo"},
		{"[tag] foo", []string{"tag"}, "foo"},
		{"[a b][c] foo [d]", []string{"a", "b", "c"}, "foo [d]"},
		{"[PATCH v2 1/3 x] foo", []string{"x"}, "foo"},
		{"[ipv6 drv2 v2x 1/3a] foo", []string{"ipv6", "drv2", "v2x", "1/3a"}, "foo"},
		{"[a, b;] foo", []string{"a", "b"}, "foo"},
		{"[PATCHv2] foo", nil, "foo"},
		{"[open foo", nil, "[open foo"},
	}
	for _, tt := range tests {
		prefixes, rest := LiftBrackets(tt.in)
		if !slices.Equal(prefixes, tt.prefixes) || rest != tt.rest {
			t.Errorf("LiftBrackets(%q) = %q, %q; want %q, %q", tt.in, prefixes, rest, tt.prefixes, tt.rest)
		}
	}
}

func TestMergePrefixes(t *testing.T) {
	t.Parallel()
	first := []string{"RFC", "x"}
	if got := MergePrefixes(first[:1], "rfc", "net", "NET", "y"); !slices.Equal(got, []string{"RFC", "net", "y"}) {
		t.Errorf("got %q", got)
	}
	if first[1] != "x" {
		t.Error("the argument was changed")
	}
}

func FuzzSubject(f *testing.F) {
	f.Add("foo", "RFC net-next", "[proj]", 2, 1, 3, false)
	f.Add("[tag] Re: foo", "v2x 1/3a", "", 1, 0, 1, true)
	f.Fuzz(func(t *testing.T, title, prefixes, presubject string, revision, counter, total int, force bool) {
		s := Subject{Revision: max(revision, 1) % 1000, Total: max(total, 1) % 1000, Title: squeeze(title)}
		s.Revision, s.Total = max(s.Revision, 1), max(s.Total, 1)
		s.Counter = max(counter, 0) % (s.Total + 1)
		s.ForceCounter = force && s.Total == 1
		if s.Total == 1 && !force {
			s.Counter = 1
		}
		if strings.HasPrefix(presubject, "[") && strings.IndexByte(presubject, ']') == len(presubject)-1 &&
			!slices.ContainsFunc(chunkWords(presubject[1:len(presubject)-1]), func(w string) bool { return w == "PATCH" || marksPatch(w) }) {
			s.Presubject = squeeze(presubject)
		}
		for _, w := range strings.Fields(prefixes) {
			var probe Subject
			probe.addWord(w)
			if words := chunkWords(w); len(probe.Prefixes) == 1 && len(words) == 1 && words[0] == w && w != "PATCH" && !strings.ContainsAny(w, "[]") {
				s.Prefixes = append(s.Prefixes, w)
			}
		}
		if got := ParseSubject(s.String()); !reflect.DeepEqual(got, s) {
			t.Errorf("%q reads as %+v, want %+v", s.String(), got, s)
		}
	})
}

package series

import "testing"

func TestReworded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, then, mine, theirs, want string
		both                           bool
	}{
		{"nobody has", "s\n\nb\n", "s\n\nb\n", "s\n\nb\n", "s\n\nb\n", false},
		{"only here", "s\n\nb\n", "s\n\nbetter\n", "s\n\nb\n", "s\n\nbetter\n", false},
		{"only there", "s\n\nb\n", "s\n\nb\n", "s\n\nbetter\n", "s\n\nbetter\n", false},
		{"both the same", "s\n\nb\n", "s\n\nbetter\n", "s\n\nbetter\n", "s\n\nbetter\n", false},
		{"there, and trailers here", "s\n\nb\n\nSigned-off-by: P <p@x>\n", "s\n\nb\n\nSigned-off-by: P <p@x>\nAcked-by: A <a@x>\n", "t\n\nbetter\n\nSigned-off-by: P <p@x>\n",
			"t\n\nbetter\n\nSigned-off-by: P <p@x>\nAcked-by: A <a@x>\n", false},
		{"the first trailer here", "s\n\nb\n", "s\n\nb\n\nAcked-by: A <a@x>\n", "t\n\nbetter\n", "t\n\nbetter\n\nAcked-by: A <a@x>\n", false},
		{"both in their own words", "s\n\nb\n", "s\n\nmine\n", "s\n\ntheirs\n", "s\n\nmine\n", true},
		{"below the line here", "s\n\nb\n", "s\n\nb\n---\nnote\n", "t\n\nb\n", "s\n\nb\n---\nnote\n", true},
	} {
		if got, both := reworded(tc.then, tc.mine, tc.theirs); got != tc.want || both != tc.both {
			t.Errorf("%s: reworded(%q, %q, %q) = %q, %v; want %q, %v", tc.name, tc.then, tc.mine, tc.theirs, got, both, tc.want, tc.both)
		}
	}
}

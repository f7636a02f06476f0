package trailers

import (
	"slices"
	"strings"
	"testing"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	const sob = "Signed-off-by: Jane Dév <jane@example.org>\n"
	own := Trailer{"Signed-off-by", "Jane Dév <jane@example.org>"}
	const replies = "Acked-by: P One <p1@example.org> # for bits\nLink: https://example.org/x\nFixes: 123456789abc (\"foo\")\nReviewed-by: Cov <cov@example.org>\n"
	tests := []struct {
		why, msg, fresh, order, want string
	}{
		{"in front of my sign-off", "s\n\nb\n\n" + sob, replies, "", "s\n\nb\n\n" + replies + sob},
		{"after those of others, notes with them", "[tag]  s\n\nReported-by: R <r@example.org>\nSigned-off-by: O <o@example.org>\n" + sob, "Tested-by: T <t@example.org>\n[on hw]\nReviewed-by: Cov <cov@example.org>\n", "",
			"[tag]  s\n\nReported-by: R <r@example.org>\nSigned-off-by: O <o@example.org>\nTested-by: T <t@example.org>\n[on hw]\nReviewed-by: Cov <cov@example.org>\n" + sob},
		{"my sign-off moves to the end", "s\n\n" + sob + "Cc: c@example.org\n", "Acked-by: a@example.org\n", "", "s\n\nCc: c@example.org\nAcked-by: a@example.org\n" + sob},
		{"my earlier sign-off stays where the patch went on", "s\n\n" + sob + "Signed-off-by: O <o@example.org>\n" + sob, "X: 1\n", "", "s\n\n" + sob + "Signed-off-by: O <o@example.org>\nX: 1\n" + sob},
		{"sorted", "s\n\nb\n\n" + sob, replies, "link*,fixes*,reviewed*,*",
			"s\n\nb\n\nLink: https://example.org/x\nFixes: 123456789abc (\"foo\")\nReviewed-by: Cov <cov@example.org>\nAcked-by: P One <p1@example.org> # for bits\n" + sob},
		{"sorted only below the last sign-off", "s\n\nTested-by: t@example.org\nSigned-off-by: O <o@example.org>\nCc: c@example.org\n" + sob, "Acked-by: a@example.org\nCc: d@example.org\n", "acked-by",
			"s\n\nTested-by: t@example.org\nSigned-off-by: O <o@example.org>\nAcked-by: a@example.org\nCc: c@example.org\nCc: d@example.org\n" + sob},
		{"an order of all is none", "s\n\nX: 1\n" + sob, "A: 1\n", "*", "s\n\nX: 1\nA: 1\n" + sob},
		{"known ones are left out, with their notes", "s\n\nacked-by: A <A@example.org>\n" + sob, "Acked-by: A <a@example.org>\n[late]\nX: 1\nX: 1\n", "", "s\n\nacked-by: A <A@example.org>\nX: 1\n" + sob},
		{"nothing new changes nothing", "s\n\n" + sob + "acked-by:a@example.org\n", "Acked-by: a@example.org\n", "", "s\n\n" + sob + "acked-by:a@example.org\n"},
		{"my missing sign-off is not added", "s\n\nCc: c@example.org\n", "X: 1\n", "", "s\n\nCc: c@example.org\nX: 1\n"},
		{"unless a reply gives it", "s\n\nCc: c@example.org\n", sob + "X: 1\n", "", "s\n\nCc: c@example.org\nX: 1\n" + sob},
		{"no block", "s\n\nb\n---\nnote\n", "X: 1\n" + sob, "", "s\n\nb\n\nX: 1\n" + sob + "---\nnote\n"},
		{"text below the cut stays", "s\n\n" + sob + "\n\n---\nX: 2\n", "X: 1\n", "", "s\n\nX: 1\n" + sob + "\n\n---\nX: 2\n"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			var order []string
			if tt.order != "" {
				order = strings.Split(tt.order, ",")
			}
			fresh := Parse(tt.fresh)
			before := slices.Clone(fresh)
			got := Merge(tt.msg, own, order, fresh...)
			if got != tt.want {
				t.Errorf("Merge(%q, %q)\n got %q\nwant %q", tt.msg, tt.fresh, got, tt.want)
			}
			if again := Merge(got, own, order, fresh...); again != got {
				t.Errorf("the second time gave %q", again)
			}
			if !slices.Equal(fresh, before) {
				t.Errorf("the argument became %q", fresh)
			}
		})
	}
}

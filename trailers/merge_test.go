package trailers

import (
	"fmt"
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
		{"bytes stay", "[tag]  two  spaces\n\nacked-by:a@example.org \t\n" + sob, "X: 1\n", "", "[tag]  two  spaces\n\nacked-by:a@example.org \t\nX: 1\n" + sob},
		{"CRLF", "s\r\n\r\nCc: a@example.org\r\nSigned-off-by: Jane Dév <jane@example.org>\r\n", "X: 1\n", "", "s\r\n\r\nCc: a@example.org\r\nX: 1\r\nSigned-off-by: Jane Dév <jane@example.org>\r\n"},
		{"trailers under prose", "s\n\nSome prose.\n" + sob, "X: 1\n", "", "s\n\nSome prose.\nX: 1\n" + sob},
		{"what only looks like trailers under prose", "s\n\nSome prose.\nNote: this\n", "X: 1\n", "", "s\n\nSome prose.\nNote: this\n\nX: 1\n"},
		{"a link to the same mail is known", "s\n\nLink: https://lore.example.org/all/1%40x.example/\n" + sob, "Link: https://lore.example.org/r/1@x.example\nX: 1\n", "", "s\n\nLink: https://lore.example.org/all/1%40x.example/\nX: 1\n" + sob},
		{"a remark makes no difference", "s\n\nAcked-by: A <a@example.org>\n" + sob, "Acked-by: A <a@example.org> # for x\nX: 1\n", "", "s\n\nAcked-by: A <a@example.org>\nX: 1\n" + sob},
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

// Merging adds the lines that are new, and where they are taken out again the
// message is as it was, byte for byte.
func FuzzMerge(f *testing.F) {
	const sob = "Signed-off-by: Jane <jane@example.org>\n"
	for _, msg := range []string{"s\n\nb\n\n" + sob, "s\n\nb\n", "s\n\nprose\n" + sob + "\n\n---\nx\n", "[tag]  two  spaces\n\nAcked-by:a@example.org \t\r\n" + sob,
		"s\r\n\r\nX: 1\r\n y\r\n[n\r\nm]\r\n" + sob, "s\n\n" + sob + "Cc: a\n", "\n\n\n" + sob, "s\n\n" + sob[:len(sob)-1], "s\n\n[x]\nCc: a\n"} {
		f.Add(msg, "t@example.org", "link")
	}
	own := Trailer{"Signed-off-by", "Jane <jane@example.org>"}
	f.Fuzz(func(t *testing.T, msg, who, note string) {
		fresh := []Trailer{{"Tested-by", who}, {"", "[" + note + "]"}, {"Reviewed-by", "R <r@example.org>"}}
		for _, tr := range fresh {
			if back := Parse(tr.String() + "\n"); len(back) != 1 || back[0] != tr || strings.Contains(who+note, "\n") {
				t.Skip()
			}
		}
		got := Merge(msg, own, nil, fresh...)
		if again := Merge(got, own, nil, fresh...); again != got {
			t.Fatalf("Merge(%q) gives %q, and the second time %q", msg, got, again)
		}
		before, after := count(msg), count(got)
		added := 0
		for line, n := range after {
			added += n - before[line]
			if n < before[line] {
				t.Errorf("Merge(%q) lost %q: %q", msg, line, got)
			}
		}
		for line, n := range before {
			if after[line] < n {
				t.Errorf("Merge(%q) lost %q: %q", msg, line, got)
			}
		}
		if added > len(fresh)+1 {
			t.Errorf("Merge(%q) added %d lines: %q", msg, added, got)
		}
		above, _ := Cut(msg)
		_, block := splitTail(above)
		kept := Parse(block)
		if len(kept) == 0 || !kept[len(kept)-1].Same(own) || !strings.HasSuffix(strings.TrimRight(block, " \t\r\n")+"\n", "\n") || !strings.HasSuffix(block, "\n") {
			return // a line moves, or a paragraph is new
		}
		reverted := got
		for _, tr := range fresh {
			if !slices.ContainsFunc(kept, tr.Same) {
				reverted = strings.Replace(reverted, tr.String()+lineEnd(block), "", 1)
			}
		}
		if reverted != msg && !strings.Contains(msg, fresh[0].Value) && !strings.Contains(msg, fresh[2].Value) && !strings.Contains(msg, fresh[1].Value) {
			t.Errorf("edit then revert of %q is %q, by way of %q", msg, reverted, got)
		}
	})
}

// count tells how often each line is there, whatever its end.
func count(text string) map[string]int {
	n := map[string]int{}
	for line := range strings.Lines(text) {
		n[strings.TrimRight(line, "\r\n")]++
	}
	return n
}

// Ten times the trailers are to take ten times as long.
func BenchmarkMerge(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		var fresh []Trailer
		for i := range n {
			fresh = append(fresh, Trailer{"Acked-by", fmt.Sprintf("A%d <a%[1]d@example.org>", i)})
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				Merge("s\n\nb\n\nCc: c@example.org\n", Trailer{}, nil, fresh...)
			}
		})
	}
}

package page

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/rangediff"
)

func write(t testing.TB, r *Report) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The size that a long series may have on a page, in bytes.
const mostBytes = 5_000_000

func TestLongSeriesFits(t *testing.T) {
	t.Parallel()
	text := write(t, history(50, 5))
	if len(text) > mostBytes {
		t.Errorf("50 patches in 5 revisions make %d bytes", len(text))
	}
	if folds := strings.Count(text, `<details class="pair`); folds < 4*17 {
		t.Errorf("only %d pairs have something to show", folds)
	}
}

// Patches without counterpart could fill any page.
func TestWholePatchesAreBounded(t *testing.T) {
	t.Parallel()
	var old, new []rangediff.Commit
	for n := range 40 {
		old = append(old, commit(fmt.Sprintf("%07x", n+1), fmt.Sprintf("old %d", n), "a", strings.Repeat(fmt.Sprintf("+old %d\n", n), 9000)))
		new = append(new, commit(fmt.Sprintf("%07x", n+99), fmt.Sprintf("new %d", n), "b", strings.Repeat(fmt.Sprintf("-new %d\n", n), 9000)))
	}
	text := write(t, &Report{Comparisons: []Comparison{{Old: revision(1), New: revision(2), Changes: compare(old, new), Diff: rangediff.DefaultDiffOptions()}}})
	shown, left := strings.Count(text, `class="x one"`), strings.Count(text, "<p class=left>This patch is left out, the page would be too large. git show 00000")
	if len(text) > mostBytes || shown == 0 || left == 0 || shown+left != 80 {
		t.Errorf("%d bytes, %d patches are shown and %d are left out", len(text), shown, left)
	}
}

// A page has room for a series however much each revision changes. Small
// changes are shown in full beside large ones, and what is missing is told.
func TestLargeChangesFit(t *testing.T) {
	t.Parallel()
	large := func(n, revision int) rangediff.Commit {
		var patch strings.Builder
		for k := range 2500 {
			fmt.Fprintf(&patch, "+\tline %d of patch %d as it always was, kept <&>\n", k, n)
			if k%20 == 0 {
				fmt.Fprintf(&patch, "+\tone that was changed %d times\n", revision)
			}
		}
		return commit(fmt.Sprintf("%07x", n*16+revision+0xabc000), fmt.Sprintf("patch %d", n), fmt.Sprintf("file%d", n), patch.String())
	}
	r := &Report{}
	for v := 1; v < 5; v++ {
		old, new := []rangediff.Commit{driverPatch(7, 0)}, []rangediff.Commit{driverPatch(7, v)}
		old[0].Subject, new[0].Subject = strings.Repeat("é", 100_000), strings.Repeat("é", 100_000)
		for n := range 50 {
			old, new = append(old, large(n, v)), append(new, large(n, v+1))
		}
		r.Comparisons = append(r.Comparisons, Comparison{Old: revision(v), New: revision(v + 1), Changes: compare(old, new), Diff: rangediff.DefaultDiffOptions()})
	}
	text := write(t, r)
	if len(text) > mostBytes || len(text) < mostBytes/3 {
		t.Errorf("the page has %d bytes", len(text))
	}
	if n := strings.Count(text, `<p class="note">50 of 51 patches are not shown in full`); n != 4 {
		t.Errorf("%d comparisons tell that something is missing", n)
	}
	if n := strings.Count(text, " more parts of the difference are left out, the page would be too large. git range-diff "); n != 4*50 {
		t.Errorf("%d patches tell what is missing", n)
	}
	for _, c := range newView(r).Comparisons {
		if small := c.Pairs[0]; small.left > 0 || len(small.Hunks) == 0 || len(small.Subject) > 500 {
			t.Errorf("of the small patch, %d parts are shown and %d left out, under a subject of %d bytes", len(small.Hunks), small.left, len(small.Subject))
		}
		if big := c.Pairs[1]; big.Added != 125 || big.Removed != 125 || len(big.Hunks) < 5 {
			t.Errorf("a large patch: %d parts, +%d -%d", len(big.Hunks), big.Added, big.Removed)
		}
	}
}

func TestFairShare(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		sizes []int
		room  int
		want  int
	}{
		{"nothing", nil, 10, math.MaxInt},
		{"all fit exactly", []int{4, 6}, 10, math.MaxInt},
		{"equal shares", []int{9, 9}, 10, 5},
		{"the small ones leave theirs to the large", []int{100, 1, 100, 3}, 24, 10},
		{"no room at all", []int{1}, 0, 0},
	} {
		if got := fairShare(tc.sizes, tc.room); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestEqualReportsGiveEqualPages(t *testing.T) {
	t.Parallel()
	first, second := write(t, history(5, 3)), write(t, history(5, 3))
	if first != second {
		t.Error("pages differ")
	}
}

// A page of somebody else's has the same comparisons, under ids of its own.
func TestSections(t *testing.T) {
	t.Parallel()
	r := history(4, 3)
	got, err := Sections(r, "x", pageRoom())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(r.Comparisons) {
		t.Fatalf("%d sections of %d comparisons", len(got), len(r.Comparisons))
	}
	text := write(t, r)
	for n, section := range got {
		same := strings.NewReplacer(`"xc`, `"c`, `"#xc`, `"#c`, fmt.Sprintf(`aria-label="driver: queue rework: v%d → v%d"`, n+1, n+2), fmt.Sprintf(`aria-labelledby="c%d"`, n+1)).Replace(string(section))
		if !strings.Contains(text, same) || same == string(section) {
			t.Errorf("comparison %d is another one:\n%s", n+1, section)
		}
	}
	small, err := Sections(r, "", Room{})
	if err != nil {
		t.Fatal(err)
	}
	if len(small[0]) >= len(got[0]) || !strings.Contains(string(small[0]), "not shown in full") {
		t.Errorf("without room it says:\n%s", small[0])
	}
}

func TestIsPage(t *testing.T) {
	t.Parallel()
	text := write(t, &Report{})
	for _, tc := range []struct {
		name, start string
		want        bool
	}{
		{"the start of a page", text[:512], true},
		{"a page of others", "<!DOCTYPE html>\n<html><head><title>x</title></head></html>", false},
		{"a text about pages", "see " + text, false},
		{"nothing", "", false},
	} {
		if got := IsPage([]byte(tc.start)); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

// hostile is a report whose every text tries to get out of its place.
func hostile() *Report {
	const evil = `</script></style></title><script>window.taken=1</script><img src=x onerror="window.taken=1">"'&amp;{{.}}` + "\u202e\x1b[31m\x00\xff`${1}`"
	old := []rangediff.Commit{commit("1", evil+"\n\n"+evil, evil, "+"+evil+"\n+kept\n"), commit("2", "drop "+evil, "b", "-"+evil+"\n")}
	new := []rangediff.Commit{commit("3", evil+" too\n\n"+evil, evil, "+"+evil+" and more\n+kept\n"), commit("4", "entirely new "+evil, "c", "@@ c: "+evil+"\n+x\n")}
	return &Report{Title: evil, Program: evil, Comparisons: []Comparison{
		{Old: Revision{evil, evil}, New: Revision{"b" + evil, evil}, Changes: compare(old, new), Diff: rangediff.DefaultDiffOptions(), Notes: []string{evil}},
		{Old: Revision{"b" + evil, evil}, New: Revision{"c" + evil, evil}, Changes: compare(new, old), Diff: rangediff.DefaultDiffOptions()},
	}}
}

// Nothing that a commit says becomes an element or an attribute, and each link
// leads to a place on the page.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	text := write(t, hostile())
	for _, invisible := range []string{"\u202e", "\x1b", "\x00", "\xff"} {
		if strings.Contains(text, invisible) {
			t.Errorf("%q is in the page", invisible)
		}
	}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	ours := strings.Fields(`html head meta title style body a header h1 div fieldset legend label input span button nav ul li main
		details summary p ins del b mark i section h2 h3 table caption thead tbody tr th td bdi code dl dt dd footer dialog kbd form script`)
	count := map[string]int{}
	var ids, targets []string
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		if !slices.Contains(ours, n.Data) {
			t.Errorf("the element %s is not ours", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "id":
				if slices.Contains(ids, a.Val) {
					t.Errorf("the id %q is there twice", a.Val)
				}
				ids = append(ids, a.Val)
			case a.Key == "href":
				targets = append(targets, a.Val)
			case a.Key == "src", a.Key == "style", strings.HasPrefix(a.Key, "on"), strings.Contains(a.Val, "taken"):
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
	for element, want := range map[string]int{"script": 1, "style": 1, "img": 0, "title": 1, "link": 0, "h1": 1, "main": 1, "header": 1, "footer": 1, "nav": 1} {
		if count[element] != want {
			t.Errorf("%d elements %s, want %d", count[element], element, want)
		}
	}
	for _, target := range targets {
		if id, ok := strings.CutPrefix(target, "#"); !ok || !slices.Contains(ids, id) {
			t.Errorf("a link to %q leads nowhere", target)
		}
	}
	if len(targets) < 8 {
		t.Errorf("only %d links", len(targets))
	}
}

// Between tags, text is what a terminal would be given of it.
func FuzzText(f *testing.F) {
	f.Add("a < b && c > \"d\" 'e'\t&lt;")
	f.Add("<b>bold</b><!-- & -->")
	f.Add("\u202eabc\x00\x7f\xff\r\u200b\U000e0001")
	f.Fuzz(func(t *testing.T, text string) {
		var got strings.Builder
		z := html.NewTokenizer(strings.NewReader(string(Shown(text))))
		for z.Next() != html.ErrorToken {
			switch token := z.Token(); {
			case token.Type == html.TextToken:
				got.WriteString(token.Data)
			case token.Data != "i" || len(token.Attr) > 0:
				t.Fatalf("%q makes the element %v", text, token)
			}
		}
		if want := patchmail.Printable(text); got.String() != want {
			t.Errorf("%q is shown as %q, want %q", text, got.String(), want)
		}
	})
}

func TestTracks(t *testing.T) {
	t.Parallel()
	patch := func(n, revision int) rangediff.Commit { return driverPatch(n, revision) }
	v1 := []rangediff.Commit{patch(1, 0), patch(2, 0), patch(3, 0)}
	v2 := []rangediff.Commit{patch(3, 0), patch(1, 1)}
	v3 := []rangediff.Commit{patch(1, 1), patch(7, 0), patch(3, 0)}
	comparisons := []Comparison{
		{Old: revision(1), New: revision(2), Changes: compare(v1, v2), Diff: rangediff.DefaultDiffOptions()},
		{Old: revision(2), New: revision(3), Changes: compare(v2, v3), Diff: rangediff.DefaultDiffOptions()},
	}
	v := newView(&Report{Comparisons: comparisons})
	var got []string
	for _, track := range v.Tracks {
		line := track.Subject[len("driver: keep the queue of "):]
		for _, c := range track.Cells {
			line += fmt.Sprintf(" | %d %s", c.Number, c.Kind)
		}
		got = append(got, line)
	}
	want := []string{
		"port 1 in order | 1  | 2 changed | 1 unchanged",
		"port 7 in order | 0  | 0  | 2 new",
		"port 3 in order | 3  | 1 unchanged | 3 unchanged",
		"port 2 in order | 2  | 0 dropped | 0 ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("tracks\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	comparisons[1].Old.Name = "v9"
	if v := newView(&Report{Comparisons: comparisons}); v.Tracks != nil {
		t.Error("comparisons of other revisions are followed as if they were one history")
	}
}

func BenchmarkWrite(b *testing.B) {
	r := history(50, 5)
	for b.Loop() {
		write(b, r)
	}
}

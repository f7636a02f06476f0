package coverletter

import (
	"strings"
	"testing"
)

func TestWithRangeDiff(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ reason, template, want string }{
		{"before the base", "${cover}\n---\n${diffstat}\n---\nbase-commit: ${base_commit}\n", "${cover}\n---\n${diffstat}\n---\n${range_diff}\n---\nbase-commit: ${base_commit}\n"},
		{"before the signature", "${cover}\n---\n${diffstat}\n\n-- \nme\n", "${cover}\n---\n${diffstat}\n---\n${range_diff}\n-- \nme\n"},
		{"base in the text", "${cover}\nbase-commit: ${base_commit}\n", "${cover}\nbase-commit: ${base_commit}\n---\n${range_diff}\n"},
		{"no line end", "${cover}", "${cover}\n---\n${range_diff}\n"},
		{"comments", "# a\n${cover}\n", "${cover}\n---\n${range_diff}\n"},
	} {
		if got := WithRangeDiff(tt.template); got != tt.want {
			t.Errorf("%s: WithRangeDiff(%q) = %q, want %q", tt.reason, tt.template, got, tt.want)
		}
	}
}

func TestRangeDiffIsInEachFormOnce(t *testing.T) {
	t.Parallel()
	const text = "Range-diff versus v1:\n\n1:  a = 1:  b x\n"
	p := parts()
	p.RangeDiff = text
	template := WithRangeDiff(DefaultTemplate)
	l, err := Parse("t\n\np\n")
	if err != nil {
		t.Fatal(err)
	}
	for form, got := range map[string]string{"cover letter": Fill(template, p), "single patch": MixIn("b\n", l, statAndDiff, p, template)} {
		if strings.Count(got, "\n---\n"+text+"---\n") != 1 {
			t.Errorf("%s: %s", form, got)
		}
	}
}

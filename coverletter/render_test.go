package coverletter

import (
	"testing"

	"github.com/kprep/kprep/trailers"
)

func parts() Parts {
	return Parts{
		Cover:      "p\n\n" + signOff,
		Shortlog:   "Jane Dév (1):\n      foo: change\n\n",
		Diffstat:   " f | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n",
		BaseCommit: "43631e0c7482abde05f8823e271a3e0ef3312c2b",
		ChangeID:   "20261121-t-eb7feaf4228f",
		Signature:  "Jane Dév <jane@example.org>\n",
	}
}

const basement = "base-commit: 43631e0c7482abde05f8823e271a3e0ef3312c2b\nchange-id: 20261121-t-eb7feaf4228f\n"
const farewell = "\nBest regards,\n-- \nJane Dév <jane@example.org>\n"
const stats = "---\nJane Dév (1):\n      foo: change\n\n f | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n"

func TestFill(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why, template string
		change        func(*Parts)
		want          string
	}{
		{"default", DefaultTemplate, nil, "p\n\n" + signOff + "\n" + stats + "---\n" + basement + farewell},
		{"no trailers", DefaultTemplate, func(p *Parts) { p.Cover = "p" }, "p\n\n" + stats + "---\n" + basement + farewell},
		{"no cover text", DefaultTemplate, func(p *Parts) { p.Cover = "" }, stats + "---\n" + basement + farewell},
		{"changelog", DefaultTemplate, func(p *Parts) { p.Cover += "\n---\nChanges in v2:\n- x" }, "p\n\n" + signOff + "\n---\nChanges in v2:\n- x\n\n" + stats + "---\n" + basement + farewell},
		{"prerequisites", DefaultTemplate, func(p *Parts) { p.Prerequisites = "prerequisite-patch-id: 1\nprerequisite-patch-id: 2" }, "p\n\n" + signOff + "\n" + stats + "---\n" + basement + "prerequisite-patch-id: 1\nprerequisite-patch-id: 2\n" + farewell},
		{"both spellings, dollars, unknown tokens", "$change_id ${change_id} $$cover $5 ${nope} $nope ${ cover} $change_idx $", nil, "20261121-t-eb7feaf4228f 20261121-t-eb7feaf4228f $cover $5 ${nope} $nope ${ cover} $change_idx $\n"},
		{"values are not expanded again", "${cover} ${change_id}", func(p *Parts) { p.Cover = "$change_id" }, "$change_id 20261121-t-eb7feaf4228f\n"},
		{"comments of the template go, those of the cover stay", "# help ${cover}\n${cover}\n # x\n#\n", func(p *Parts) { p.Cover = "# Heading" }, "# Heading\n # x\n"},
		{"range-diff", "${cover}\n\n---\n${range_diff}", func(p *Parts) { p.RangeDiff = "Range-diff versus v1:\n\n1:  a = 1:  b x\n" }, "p\n\n" + signOff + "\n---\nRange-diff versus v1:\n\n1:  a = 1:  b x\n"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			p := parts()
			if tt.change != nil {
				tt.change(&p)
			}
			if got := Fill(tt.template, p); got != tt.want {
				t.Errorf("got %q\nwant %q", got, tt.want)
			}
		})
	}
}

// A template without ${diffstat} once left To and Cc in the mail and sent it
// to nobody.
func TestFillWithoutDiffstat(t *testing.T) {
	t.Parallel()
	l, err := Parse("t\n\np\n\nTo: a@example.org\n" + signOff)
	if err != nil {
		t.Fatal(err)
	}
	p := parts()
	p.Cover = l.Body()
	if got := Fill("${cover}\n", p); got != "p\n\n"+signOff+"\n" || len(l.To) != 1 {
		t.Errorf("got %q, to %q", got, l.To)
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	for _, template := range []string{"${range_diff}", "x $range_diff.", "$$ $range_diff"} {
		if !Mentions(template, "range_diff") {
			t.Errorf("%q: not found", template)
		}
	}
	for _, template := range []string{"", "# ${range_diff}", "$$range_diff", "${range_diffs}", "range_diff"} {
		if Mentions(template, "range_diff") {
			t.Errorf("%q: found", template)
		}
	}
}

const statAndDiff = " f | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\r\n+2 \n"

func TestMixIn(t *testing.T) {
	t.Parallel()
	acked := trailers.Trailer{Key: "Acked-by", Value: "Ann <ann@example.org>"}
	signed := trailers.Trailer{Key: "Signed-off-by", Value: "Jane Dév <JANE@example.org>"}
	message := "b\n\n" + signOff + "\n"
	end := "\n---\n" + basement + farewell
	tests := []struct {
		why, message string
		l            Letter
		diff         string
		template     string
		want         string
	}{
		{"everything", message, Letter{Prose: "p", Trailers: []trailers.Trailer{acked, signed}, Below: []string{"Changes in v2:\n- x", "more"}}, statAndDiff, DefaultTemplate,
			message + "---\np\n\nAcked-by: Ann <ann@example.org>\n---\nChanges in v2:\n- x\n---\nmore\n---\n" + statAndDiff + end},
		{"no cover text", message, Letter{Trailers: []trailers.Trailer{signed}}, statAndDiff, DefaultTemplate, message + "---\n" + statAndDiff + end},
		{"trailers only", message, Letter{Trailers: []trailers.Trailer{acked}}, statAndDiff, DefaultTemplate, message + "---\nAcked-by: Ann <ann@example.org>\n---\n" + statAndDiff + end},
		{"no trailers", "b\n", Letter{Prose: "p"}, statAndDiff, DefaultTemplate, "b\n\n---\np\n---\n" + statAndDiff + end},
		{"no commit message", "", Letter{Prose: "p"}, statAndDiff, DefaultTemplate, "---\np\n---\n" + statAndDiff + end},
		{"message of trailers only", signOff, Letter{Trailers: []trailers.Trailer{signed}}, statAndDiff, DefaultTemplate, signOff + "\n---\n" + statAndDiff + end},
		{"empty commit", message, Letter{Prose: "p"}, "", DefaultTemplate, message + "---\np\n---\n" + basement + farewell},
		{"diffstat beside the cover", message, Letter{Prose: "p"}, statAndDiff, "${cover}\n\n${shortlog}\n${diffstat}\n---\nbase-commit: ${base_commit}\n", message + "---\np\n---\n" + statAndDiff + "\n---\nbase-commit: 43631e0c7482abde05f8823e271a3e0ef3312c2b\n"},
		{"own section of the template", message, Letter{Prose: "p", Below: []string{"x"}}, statAndDiff, "${cover}\n---\nStat:\n${diffstat}\n---\n# c\nTested on x86.\n---\nchange-id: ${change_id}\n-- \n${signature}\n",
			message + "---\np\n---\nx\n---\nTested on x86.\n---\n" + statAndDiff + "\n---\nchange-id: 20261121-t-eb7feaf4228f\n-- \nJane Dév <jane@example.org>\n"},
		{"signature stays last without base-commit", message, Letter{Prose: "p"}, statAndDiff, "${cover}\n-- \n${signature}\n", message + "---\np\n---\n" + statAndDiff + "\n-- \nJane Dév <jane@example.org>\n"},
		{"cover that names a base-commit stays above the diff", message, Letter{Prose: "base-commit: x"}, statAndDiff, "${cover}\n", message + "---\nbase-commit: x\n---\n" + statAndDiff + "\n"},
		{"cover that looks like a template", message, Letter{Prose: "$change_id\n\nbase-commit: x", Below: []string{"change-id: y"}}, statAndDiff, DefaultTemplate, message + "---\n$change_id\n\nbase-commit: x\n---\nchange-id: y\n---\n" + statAndDiff + end},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			if got := MixIn(tt.message, tt.l, tt.diff, parts(), tt.template); got != tt.want {
				t.Errorf("got %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestTagText(t *testing.T) {
	t.Parallel()
	cover := "p  \n\n\n# Heading\n-- \nprose\n\nTo: a@example.org\n" + signOff + "\n" + stats + "---\n" + basement + farewell
	want := "[RFC, mydrv] foo: the title\n\np\n\n# Heading\n--\nprose\n\nTo: a@example.org\n" + signOff + "\n" + stats + "---\n" + basement + "\nBest regards,\n"
	if got := TagText([]string{"RFC", "mydrv"}, "foo:  the\ntitle", cover); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := TagText(nil, "foo: t", "p\n"); got != "foo: t\n\np\n" {
		t.Errorf("without prefixes: got %q", got)
	}
	commit, id := ParseTag(want)
	if commit != "43631e0c7482abde05f8823e271a3e0ef3312c2b" || id != "20261121-t-eb7feaf4228f" {
		t.Errorf("ParseTag: got %q, %q", commit, id)
	}
}

func TestParseTag(t *testing.T) {
	t.Parallel()
	const oid = "43631e0c7482abde05f8823e271a3e0ef3312c2b"
	tests := []struct{ why, text, commit, id string }{
		{"empty", "", "", ""},
		{"0.12", "t\n\np\n\n---\n f | 1 +\n---\nbase-commit: " + oid + "\nchange-id: 20261121-t-eb7feaf4228f\n\nBest regards,\n", oid, "20261121-t-eb7feaf4228f"},
		{"stray signature", "t\n---\nbase-commit: " + oid + "\nchange-id: 20261121-t-eb7feaf4228f\n\nBest regards,\n--\nJane <jane@example.org>\n", oid, "20261121-t-eb7feaf4228f"},
		{"prose does not win", "t\n\nbase-commit: 1234567\nchange-id: prose\n---\nbase-commit: " + oid + "\nchange-id: a-b\n", oid, "a-b"},
		{"SHA-256", "base-commit: " + oid + oid[:24] + "\n", oid + oid[:24], ""},
		{"branch name for a commit", "base-commit: main\nchange-id: a-b\n", "", "a-b"},
		{"option for a commit", "base-commit: --exec=x\n", "", ""},
		{"change-id that leads out", "change-id: ../../x\n", "", ""},
		{"quoted", "> base-commit: " + oid + "\n> change-id: a-b\n", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			if commit, id := ParseTag(tt.text); commit != tt.commit || id != tt.id {
				t.Errorf("ParseTag(%q) = %q, %q; want %q, %q", tt.text, commit, id, tt.commit, tt.id)
			}
		})
	}
}

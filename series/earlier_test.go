package series_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/series"
)

func TestEnrollRecordsEarlierRevisionsInEveryStorage(t *testing.T) {
	t.Parallel()
	for _, storage := range []series.Storage{series.CoverCommit, series.TipCommit, series.BranchDescription} {
		t.Run(string(storage), func(t *testing.T) {
			t.Parallel()
			r := project(t)
			r.Git("checkout", "-q", "-b", "topic")
			r.Write("file", "4\n")
			r.Commit("[tag] four\n\nWhy.\n")
			first := r.Git("rev-parse", "HEAD")
			r.Git("tag", "v1-of-topic")
			r.Write("file", "5\n")
			r.Commit("five\n")
			o := origin("", "")
			o.Storage, o.LinkMask = storage, "https://example.org/%s"
			// Given in any order; v2 is not known any more.
			o.Sent = []series.Earlier{{Revision: 3, Ref: "main..topic", FirstID: "three@example.org"}, {Revision: 1, Ref: "v1-of-topic"}}
			s, err := series.Enroll(ctx, open(t, r), "main", o)
			if err != nil {
				t.Fatal(err)
			}
			if s.Tracking.Revision != 4 || len(s.Tracking.History) != 1 || s.Tracking.History["v3"][0] != "three@example.org" {
				t.Errorf("tracking %+v", s.Tracking)
			}
			if !strings.Contains(s.Text, "Changes in v4:") || !strings.Contains(s.Text, "- Link to v3: https://example.org/three@example.org\n") || strings.Contains(s.Text, "Link to v1") {
				t.Errorf("cover letter %s", s.Text)
			}
			sent, err := s.Sent(ctx)
			if err != nil || len(sent) != 2 {
				t.Fatalf("%d revisions, %v", len(sent), err)
			}
			if got := sent[0]; got.Revision != 1 || string(got.Tip) != first || string(got.Base) != r.Git("rev-parse", "main") {
				t.Errorf("v1 %+v", got)
			}
			tag := r.Git("cat-file", "tag", sent[0].Tag)
			_, text, _ := strings.Cut(tag, "\n\n")
			if base, id := coverletter.ParseTag(text); base != string(sent[0].Base) || id != s.Tracking.ChangeID || !strings.HasPrefix(text, "four\n") {
				t.Errorf("tag %s", tag)
			}
			sides, err := s.Sides(ctx, 1, series.OnBranch)
			if err == nil {
				_, err = s.Compare(ctx, sides, series.CompareOptions{CreationFactor: 60})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEnrollRefusesAnEarlierRevisionThatDoesNotFit(t *testing.T) {
	t.Parallel()
	r := project(t)
	r.Git("checkout", "-q", "-b", "topic")
	r.Write("file", "4\n")
	r.Commit("four\n")
	before := r.State()
	for _, ref := range []string{"nowhere", "main", "topic..main", "topic...main", "..topic", "topic..", "", "main:file", "--all"} {
		o := origin("", "")
		o.Sent = []series.Earlier{{Revision: 1, Ref: ref}}
		late := (*series.EarlierError)(nil)
		if _, err := series.Enroll(ctx, open(t, r), "main", o); !errors.As(err, &late) || late.Ref != ref {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if after := r.State(); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

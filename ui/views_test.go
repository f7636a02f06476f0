package ui

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
)

func TestChosenStates(t *testing.T) {
	t.Parallel()
	one := &Series{Standing: &dashboard.Standing{}}
	for n := 1; n <= 3; n++ {
		one.Revisions = append(one.Revisions, dashboard.Revision{Number: n})
	}
	for _, tc := range []struct {
		name             string
		changed          bool
		old, new         string
		wantOld, wantNew int
	}{
		{"the branch against what was sent", true, "", "", 3, 0},
		{"nothing has changed since", false, "", "", 2, 3},
		{"as asked", true, "1", "2", 1, 2},
		{"against the branch", false, "1", "0", 1, 0},
		{"the branch against a revision", false, "0", "1", 0, 1},
		{"a revision that is not there", true, "7", "2", 3, 2},
		{"no numbers", true, "<script>", "-1", 3, 0},
	} {
		one.Changed = tc.changed
		if old, new := chosen(one, tc.old, tc.new); old != tc.wantOld || new != tc.wantNew {
			t.Errorf("%s: %d and %d, want %d and %d", tc.name, old, new, tc.wantOld, tc.wantNew)
		}
	}
	one.Revisions, one.Changed = one.Revisions[:1], false
	if old, new := chosen(one, "", ""); old != 1 || new != 0 {
		t.Errorf("one revision alone: %d and %d", old, new)
	}
}

func TestWhatBecameOfMessages(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		states string
		want   string
	}{
		{"all took it", "accepted accepted", "good accepted 2/2 0"},
		{"nothing was tried", "pending pending", "plain waiting 0/2 0"},
		{"one refused", "accepted refused", "bad refused 1/2 1"},
		{"one refused, one waits", "refused pending", "plain waiting 0/2 1"},
		{"to be tried again", "accepted deferred refused", "open deferred 1/3 2"},
		{"on its way", "accepted in-flight", "open on its way 1/2 0"},
		{"nobody knows", "in-flight unknown", "open unknown 0/2 1"},
	} {
		var m submission.MessageStatus
		for _, state := range strings.Fields(tc.states) {
			m.Recipients = append(m.Recipients, submission.PairStatus{Recipient: "x@example.org", State: sendmail.State(state)})
		}
		v := viewOfMessage(&m)
		got := strings.Join([]string{v.Kind, v.State, number(v.Reached) + "/" + number(v.Of), number(len(v.Others))}, " ")
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func number(n int) string { return string(rune('0' + n)) }

func TestWhatComesAfterASend(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		one  submission.SendStatus
		want string
	}{
		{"it is over", submission.SendStatus{State: "closed"}, "sent good  false"},
		{"it was given up", submission.SendStatus{State: "abandoned"}, "given up plain  false"},
		{"it goes on", submission.SendStatus{State: "open", Running: &submission.Running{PID: 1}}, "being sent now open  true"},
		{"it was cut off", submission.SendStatus{State: "open", Status: 3}, "not over open kprep send --continue false"},
		{"nobody knows what arrived", submission.SendStatus{State: "open", Status: 4}, "not over open kprep send --status false"},
		{"the tag is left", submission.SendStatus{State: "mail-done", Status: 5}, "mailed; tag and branch are left open kprep send --continue false"},
		{"the journal is damaged", submission.SendStatus{State: "damaged", Status: 4}, "damaged bad kprep send --status false"},
		{"the journal is gone", submission.SendStatus{State: "lost", Status: 4}, "lost bad kprep send --status false"},
	} {
		v := viewOfSend(&tc.one, "")
		got := strings.Join([]string{v.State, v.Kind, v.Next, map[bool]string{true: "true", false: "false"}[v.Running]}, " ")
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestBodyHTML(t *testing.T) {
	t.Parallel()
	const body = "+ no diff\n- yet\n---\n f | 2 +-\n\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-a <b>\n+c\n-- \n\n-- \n2.47\n"
	want := "+ no diff\n- yet\n---\n f | 2 +-\n\n<b>diff --git a/f b/f\n</b><b>--- a/f\n</b><b>+++ b/f\n</b><b>@@ -1,2 +1,2 @@\n</b><del>-a &lt;b&gt;\n</del><ins>+c\n</ins><del>-- \n</del>\n-- \n2.47\n"
	if got := string(bodyHTML(body, true, 1<<20)); got != want {
		t.Errorf("with its diff:\n%s\nwant\n%s", got, want)
	}
	if got := string(bodyHTML(body, false, 1<<20)); strings.Contains(got, "diff --git") || !strings.Contains(got, "- yet") || !strings.Contains(got, "as above") {
		t.Errorf("without its diff:\n%s", got)
	}
}

func TestMessageWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		counters []int
		want     string
	}{
		{[]int{0}, "cover letter"},
		{[]int{0, 2}, "cover letter, patch 2"},
		{[]int{1, 2, 12}, "patches 1, 2, 12"},
		{nil, ""},
	} {
		if got := messageWords(tc.counters); got != tc.want {
			t.Errorf("%v: %q, want %q", tc.counters, got, tc.want)
		}
	}
}

// What stops a send is always seen; many warnings do not stand in front of the messages.
func TestManyWarnings(t *testing.T) {
	t.Parallel()
	one := queueSeries(2, 1)
	for _, tc := range []struct {
		warnings int
		folded   bool
	}{{0, false}, {5, false}, {6, true}, {100, true}} {
		one.preview.Problems = []submission.Problem{{Text: "it still has EDITME", Refusal: true}}
		for range tc.warnings {
			one.preview.Problems = append(one.preview.Problems, submission.Problem{Text: "no text below its title"})
		}
		site := newSite(t, &sample{sent: -1, series: []*sampleSeries{one}})
		w := httptest.NewRecorder()
		site.Handler(address).ServeHTTP(w, request(site, "GET", served{}.series(place{0, one.Branch}, "/messages"), nil))
		before, within, folded := strings.Cut(w.Body.String(), "<details class=\"warnings\">")
		if !strings.Contains(before, "EDITME") || folded != tc.folded || strings.Count(before+within, "no text below its title") != tc.warnings || tc.folded && !strings.Contains(within, fmt.Sprint(tc.warnings, " warnings")) {
			t.Errorf("%d warnings, folded: %v", tc.warnings, folded)
		}
	}
}

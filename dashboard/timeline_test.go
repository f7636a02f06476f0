package dashboard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/landing"
)

func TestTimeline(t *testing.T) {
	t.Parallel()
	applied := []Patch{{Applied: &landing.Landing{}}, {}}
	all := []Patch{{Applied: &landing.Landing{}}, {Applied: &landing.Landing{}}}
	reverted := []Patch{{Applied: &landing.Landing{Reverted: gitrepo.ID("1")}}, {}}
	first := []Revision{{Number: 1, Replies: 1}}
	for _, tc := range []struct {
		why  string
		s    Standing
		want string
	}{
		{"new", Standing{Revision: 1}, "v1[not sent]"},
		{"sent", Standing{Revision: 2, LastSent: 1, Revisions: first}, "*v1[1 reply] v2[nothing new yet]"},
		{"reworked", Standing{Revision: 2, LastSent: 1, Changed: true, Revisions: first}, "*v1[1 reply] v2[not sent]"},
		{"some replies are open", Standing{Revision: 1, LastSent: 1, Revisions: []Revision{{Number: 1, Replies: 3, Open: 2}}}, "*v1[3 replies,2 open]"},
		{"a revision that was never sent", Standing{Revision: 4, LastSent: 3, Changed: true, Revisions: []Revision{{Number: 1}, {Number: 3}}}, "*v1[] *v3[] v4[not sent]"},
		{"some patches were applied", Standing{Revision: 2, LastSent: 1, Patches: 2, Revisions: first, Each: applied}, "*v1[1 reply] v2[nothing new yet] *applied[1 of 2 patches]"},
		{"all patches were applied", Standing{Revision: 2, LastSent: 1, Patches: 2, Revisions: first, Each: all}, "*v1[1 reply] *applied[2 of 2 patches]"},
		{"and something is new", Standing{Revision: 2, LastSent: 1, Patches: 2, Changed: true, Revisions: first, Each: all}, "*v1[1 reply] v2[not sent] *applied[2 of 2 patches]"},
		{"what was taken back is not applied", Standing{Revision: 2, LastSent: 1, Patches: 2, Revisions: first, Each: reverted}, "*v1[1 reply] v2[nothing new yet]"},
	} {
		var way []string
		for _, stage := range tc.s.Timeline() {
			mark := map[bool]string{true: "*"}[stage.Done]
			way = append(way, fmt.Sprintf("%s%s[%s]", mark, stage.Name, strings.Join(stage.Notes, ",")))
		}
		if got := strings.Join(way, " "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, got, tc.want)
		}
	}
}

package trailers

import (
	"fmt"
	"testing"
)

func TestMailed(t *testing.T) {
	t.Parallel()
	b := Branch{
		Patches: []Patch{{Title: "one", PatchID: "1"}, {Title: "two, better", PatchID: "2"}, {Title: "new", PatchID: "9"}},
		Sent: []Revision{
			{Number: 1, Patches: []Patch{{Title: "two", PatchID: "2"}, {Title: "one", PatchID: "0"}}},
			{Number: 2, Patches: []Patch{{Title: "one", PatchID: "1"}, {Title: "gone", PatchID: "7"}}},
		},
		FirstIDs: map[int][]string{1: {"x-v1-0-00@example.org"}, 2: {"somebody@example.org"}},
	}
	got := ""
	for i, all := range b.Mailed() {
		for _, m := range all {
			got += fmt.Sprintf("%d: v%d %s %v\n", i, m.Revision, m.PatchID, m.MessageIDs)
		}
	}
	const want = "0: v1 0 [x-v1-2-00@example.org]\n0: v2 1 []\n1: v1 2 [x-v1-1-00@example.org]\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

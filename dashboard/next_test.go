package dashboard

import (
	"testing"
	"time"

	"github.com/kprep/kprep/landing"
	"github.com/kprep/kprep/patchwork"
	"github.com/kprep/kprep/submission"
)

func TestNext(t *testing.T) {
	t.Parallel()
	day := func(n int) *time.Time {
		when := time.Date(2025, 1, n, 12, 0, 0, 0, time.UTC)
		return &when
	}
	// A series of two patches whose v1 is with the reviewers.
	sent := func(change ...func(*Standing)) *Standing {
		s := &Standing{Branch: "b4/topic", Revision: 2, LastSent: 1, SentAt: day(2), Recipients: []string{"list@example.org"}, Each: []Patch{{}, {}}}
		for _, c := range change {
			c(s)
		}
		return s
	}
	fresh := func(change ...func(*Standing)) *Standing {
		s := sent(change...)
		s.Revision, s.LastSent, s.SentAt = 1, 0, nil
		return s
	}
	open := func(from ...string) func(*Standing) {
		return func(s *Standing) { s.Replies.Open, s.Replies.OpenFrom, s.Replies.OpenSince = len(from), from, day(3) }
	}
	applied := func(patches ...int) func(*Standing) {
		return func(s *Standing) {
			for _, n := range patches {
				s.Each[n].Applied = &landing.Landing{Commit: "0123456789abcdef", Branch: "origin/main"}
			}
		}
	}
	stays := func(patches ...int) func(*Standing) {
		return func(s *Standing) {
			for _, n := range patches {
				s.Each[n].Applied.Stays = true
			}
		}
	}
	reverted := func(s *Standing) { s.Each[1].Applied.Reverted = "fedcba9876543210" }
	opened := func(status int) func(*Standing) {
		return func(s *Standing) { s.OpenSend = &OpenSend{Revision: 2, Status: status, Summary: "1 of 3 sent"} }
	}
	running := func(s *Standing) { s.OpenSend.Running = &submission.Running{PID: 1} }
	superseded := func(s *Standing) { s.Superseded = &Superseded{Branch: "origin/b4/topic", Revision: 3} }
	newer := func(s *Standing) { s.DependsOn = []Prerequisite{{Newer: 2}, {Newer: 3}} }
	given := func(n int) func(*Standing) {
		return func(s *Standing) {
			for range n {
				s.Each[0].Given = append(s.Each[0].Given, "Acked-by: A <a@example.org>")
			}
		}
	}
	mine := func(n int) func(*Standing) {
		return func(s *Standing) { s.Replies.Mine = &Said{Mailbox: "me@example.org", When: *day(n)} }
	}
	failed := func(contexts ...string) func(*Standing) {
		return func(s *Standing) {
			for _, c := range contexts {
				s.addCheck(1, Check{Context: c, State: patchwork.Fail})
			}
		}
	}
	changed := func(s *Standing) { s.Changed = true }
	editing := func(s *Standing) { s.Needs.Editing = true }
	recipients := func(s *Standing) { s.Needs.Recipients = true }
	checking := func(s *Standing) { s.Needs.Checking = true }
	empty := func(s *Standing) { s.Each = nil }

	for _, c := range []struct {
		why     string
		s       *Standing
		action  Action
		waiting string
		since   *time.Time
		text    string
	}{
		{"nothing committed", fresh(empty), AddPatches, "you", nil, "commit patches"},
		{"a template for a cover letter", fresh(editing, recipients), WriteCover, "you", nil, "write the cover letter"},
		{"nobody to send it to", fresh(recipients, checking), Collect, "you", nil, "find recipients"},
		{"not checked", fresh(checking), CheckPatches, "you", nil, "check the patches"},
		{"all is done", fresh(), SendIt, "you", nil, "ready to send v1"},
		{"just sent", sent(), Wait, "them", day(2), "waiting on them"},
		{"just sent, with the changelog of the next one", sent(editing), Wait, "them", day(2), "waiting on them"},
		{"I have answered since", sent(mine(5)), Wait, "them", day(5), "waiting on them"},
		{"I had answered before", sent(mine(1)), Wait, "them", day(2), "waiting on them"},
		{"a reply", sent(open("Max")), Answer, "you", day(3), "answer Max"},
		{"replies of two", sent(open("Max", "Ann")), Answer, "you", day(3), "answer Max and Ann"},
		{"replies of many", sent(open("Max", "Ann", "Bo")), Answer, "you", day(3), "answer Max and 2 others"},
		{"a reply, and the next revision is ready", sent(open("Max"), changed), Answer, "you", day(3), "answer Max"},
		{"trailers", sent(given(2)), TakeTrailers, "you", nil, "take 2 trailers"},
		{"a trailer, and a reply", sent(given(1), open("Max")), Answer, "you", day(3), "answer Max"},
		{"work on the next revision", sent(changed, editing), WriteCover, "you", nil, "say what is new in v2"},
		{"the next revision is not checked", sent(changed, checking), CheckPatches, "you", nil, "check the patches"},
		{"the next revision is ready", sent(changed), SendIt, "you", nil, "ready to send v2"},
		{"the next revision is ready, and trailers are left", sent(changed, given(1)), SendIt, "you", nil, "ready to send v2"},
		{"all patches are gone", sent(empty, changed), AddPatches, "you", nil, "no patches are left: commit some, or put it away"},
		{"a check has failed", sent(failed("netdev/build")), LookAtCI, "you", nil, "CI failed: netdev/build"},
		{"checks have failed", sent(failed("a", "b"), given(1)), LookAtCI, "you", nil, "CI failed: 2 checks"},
		{"a check has failed, and the next revision is ready", sent(failed("a"), changed), SendIt, "you", nil, "ready to send v2"},
		{"a check has failed, and somebody has asked", sent(failed("a"), open("Max")), Answer, "you", day(3), "answer Max"},
		{"what it depends on has moved", sent(newer), Restack, "you", nil, "what it depends on is v3 by now"},
		{"it has moved, and somebody has asked", sent(newer, open("Max")), Answer, "you", day(3), "answer Max"},
		{"before the first send it has moved", fresh(newer), Restack, "you", nil, "what it depends on is v3 by now"},
		{"all is applied", sent(applied(0, 1)), PutAway, "nobody", nil, "applied as 0123456789ab in origin/main"},
		{"all is applied, whatever was said", sent(applied(0, 1), open("Max"), newer), PutAway, "nobody", nil, "applied as 0123456789ab in origin/main"},
		{"one is applied", sent(applied(0)), DropApplied, "you", nil, "1 of 2 patches applied; go on with the rest"},
		{"one is applied, and I have changed it since", sent(applied(0), stays(0), changed), SendIt, "you", nil, "ready to send v2"},
		{"all is applied, and I have changed one since", sent(applied(0, 1), stays(1), changed), DropApplied, "you", nil, "2 of 2 patches applied; go on with the rest"},
		{"all is applied, and I have changed all since", sent(applied(0, 1), stays(0, 1), changed), SendIt, "you", nil, "ready to send v2"},
		{"one is applied, and somebody asks about the other", sent(applied(0), open("Max")), Answer, "you", day(3), "answer Max"},
		{"all is applied, and one taken back", sent(applied(0, 1), reverted), DropApplied, "you", nil, "1 of 2 patches applied; go on with the rest"},
		{"it goes on elsewhere", sent(superseded, applied(0, 1)), GoElsewhere, "nobody", nil, "superseded: v3 is origin/b4/topic"},
		{"a send that is not over", sent(opened(3), superseded, open("Max")), ContinueSend, "you", nil, "the send of v2 is not over: 1 of 3 sent"},
		{"a send that goes on in another process", sent(opened(4), running), Sending, "them", nil, "sending v2: 1 of 3 sent"},
	} {
		got := c.s.next()
		same := got.Since == c.since || got.Since != nil && c.since != nil && got.Since.Equal(*c.since)
		if got.Action != c.action || got.Waiting != c.waiting || got.Text != c.text || !same {
			t.Errorf("%s: got %+v, want %s on %s since %v: %s", c.why, got, c.action, c.waiting, c.since, c.text)
		}
	}
	if got := sent(opened(4)).next(); got.Command != "kprep send --status" {
		t.Errorf("a message of unknown fate: %q", got.Command)
	}
	if got := sent(opened(3)).next(); got.Command != "kprep send --continue" {
		t.Errorf("messages that did not leave: %q", got.Command)
	}
}

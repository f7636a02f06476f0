package feedback

import (
	"maps"
	"slices"
	"testing"

	"github.com/kprep/kprep/patchmail"
)

type settings map[string]string

func (s settings) Get(key string) (string, bool) { text, ok := s[key]; return text, ok }
func (s settings) Keys() []string                { return slices.Sorted(maps.Keys(s)) }

func TestReportOf(t *testing.T) {
	t.Parallel()
	own := settings{"kprep-robot.shop.from": "CI@shop.example", "kprep-robot.shop.fail": "broken", "kprep-robot.KernelCI.from": "", "user.name": "x"}
	for _, c := range []struct {
		why, from, subject, text string
		config                   settings
		want                     string
	}{
		{"a person", "max@example.org", "Re: [PATCH] x", "kernel test robot noticed", nil, ""},
		{"0-day", "lkp@intel.com", "Re: [PATCH] x", "Hi Jane,\n\nkernel test robot noticed the following build errors:\n", nil, "0-day fail"},
		{"0-day has nothing against it", "LKP@intel.com", "[tip:master] BUILD SUCCESS 0123456789ab", "", nil, "0-day pass"},
		{"0-day says something else", "lkp@intel.com", "Re: [PATCH] x", "Hello\n", nil, "0-day unclear"},
		{"KernelCI", "bot@kernelci.org", "Re: [PATCH] x", "baseline: 120 runs, 3 regressions", nil, "KernelCI fail"},
		{"KernelCI without regressions", "bot@kernelci.org", "Re: [PATCH] x", "baseline: 120 runs, 0 regressions", nil, "KernelCI pass"},
		{"a rule of one's own", "ci@shop.example", "Re: [PATCH] x", "it is broken", own, "shop fail"},
		{"without a rule for what passes", "ci@shop.example", "Re: [PATCH] x", "fine", own, "shop unclear"},
		{"a rule that was taken away", "bot@kernelci.org", "Re: [PATCH] x", "3 regressions", own, ""},
	} {
		robots, err := ReadRobots(c.config)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if r := reportOf(robots, patchmail.Address{Mailbox: c.from}, c.subject, c.text); r != nil {
			got = r.Robot + " " + string(r.Verdict)
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
	for _, broken := range []settings{
		{"kprep-robot.x.from": "["},
		{"kprep-robot.x.from": "a@b", "kprep-robot.x.fail": "("},
	} {
		if robots, err := ReadRobots(broken); err == nil {
			t.Errorf("%v was read as %v", broken, robots)
		}
	}
}

func TestAReportThatPassedAsksForNothing(t *testing.T) {
	t.Parallel()
	for verdict, open := range map[Verdict]bool{Failed: true, Told: true, Passed: false} {
		r := Reply{ID: "a@example.org", Kind: Bot, Report: &Report{"x", verdict}}
		f := Feedback{Patches: []string{"x"}, Replies: []Reply{r}}
		f.Replies[0].Place.Cover = true
		if got := f.Digest(r.Date).Sum(nil, nil).Open == 1; r.Open() != open || got != open {
			t.Errorf("%s: open is %v, and %v in the digest", verdict, r.Open(), got)
		}
	}
}

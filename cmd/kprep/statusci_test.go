package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/patchwork"
)

func TestDrawChecksShowsTheFirstOfMany(t *testing.T) {
	t.Parallel()
	var checks []dashboard.Check
	for n := range 14 {
		checks = append(checks, dashboard.Check{Context: fmt.Sprintf("check %d", n), State: patchwork.Fail})
	}
	checks[0].State, checks[1].State = patchwork.Success, patchwork.Pending
	var b strings.Builder
	drawChecks(&b, checks)
	if got := b.String(); strings.Count(got, "CI fail: ") != 10 || !strings.HasSuffix(got, "check 11\n    and 2 more checks\n") {
		t.Errorf("got\n%s", got)
	}
	b.Reset()
	drawChecks(&b, checks[:12])
	if got := b.String(); strings.Count(got, "CI fail: ") != 10 || strings.Contains(got, "more") {
		t.Errorf("got\n%s", got)
	}
}

package main

import (
	"fmt"

	"github.com/kprep/kprep/series"
)

// warnOnce tells when it is a guess that the first patches are patches: the
// base branch had them at some time, and was moved away from them.
func (e *env) warnOnce(s *series.Series) {
	n := len(s.Once)
	if n == 0 {
		return
	}
	next := fmt.Sprintf("'kprep set base-commit %s' leaves %s out, 'kprep set base-commit %s' keeps %[2]s", s.Left.Short(), them(n), s.Base.Short())
	if s.Storage == series.CoverCommit { // it was enrolled just now
		next = fmt.Sprintf("'kprep undo' and 'kprep enroll %s' leave %s out", s.Left.Short(), them(n))
	}
	first := "patch"
	if n > 1 {
		first = fmt.Sprintf("%d patches", n)
	}
	e.warnf("the base branch had the first %s at some time, up to %s (%s); %s", first, s.Left.Short(), s.Once[n-1].Subject(), next)
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

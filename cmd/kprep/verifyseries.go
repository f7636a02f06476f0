package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
)

// A checkedSeries is one revision of a series among the messages.
type checkedSeries struct {
	*inbox.Series
	report attest.SeriesReport
}

// checkSeries puts the messages together that belong together, where there is
// more than one patch.
func checkSeries(checked []*checkedMail) []checkedSeries {
	var messages []*inbox.Message
	reports := map[*inbox.Message]*attest.Report{}
	for _, m := range checked {
		if m.message != nil {
			messages = append(messages, m.message)
			reports[m.message] = m.report
		}
	}
	var all []checkedSeries
	for _, s := range inbox.Assemble(messages) {
		members := s.Messages()
		if len(s.Patches) == 1 && len(members) == 1 {
			continue
		}
		parts := make([]attest.Part, len(members))
		for i, m := range members {
			parts[i] = attest.Part{ID: m.ID, Number: m.Subject.Counter, Report: reports[m]}
		}
		report := attest.JudgeSeries(parts)
		if missing := s.Missing(); len(missing) > 0 {
			report.Problems = append(report.Problems, "parts are missing: "+numberWords(missing))
		}
		all = append(all, checkedSeries{s, report})
	}
	return all
}

func numberWords(numbers []int) string {
	const most = 20
	var words []string
	for i, n := range numbers {
		if i == most {
			words = append(words, fmt.Sprintf("and %d more", len(numbers)-most))
			break
		}
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, " ")
}

// name is the series for people.
func (s checkedSeries) name() string {
	if s.Revision > 1 {
		return fmt.Sprintf("%q v%d", s.Title, s.Revision)
	}
	return fmt.Sprintf("%q", s.Title)
}

// words say in one line what the messages have in common.
func (s checkedSeries) words() string {
	there := len(s.Patches) - len(s.Missing())
	text := fmt.Sprintf("%s: %d of %s", s.name(), there, plural(len(s.Patches), "patch", "patches"))
	if s.Cover != nil {
		text += " and the cover letter"
	}
	switch r := s.report; {
	case r.Status == attest.NoSig && r.Identity == "" && r.Fingerprint == "":
		text += ", not signed"
	case r.Identity != "" && r.Fingerprint != "":
		text += ", by " + r.Identity + " with the key " + r.Fingerprint
	case r.Identity != "":
		text += ", by " + r.Identity
	}
	return text
}

// printSeries prints a line for each series, and what is wrong with it.
func (e *env) printSeries(all []checkedSeries) {
	for _, s := range all {
		fmt.Fprintf(e.stdout, "series  %s\n", patchmail.PrintableLine(s.words()))
		for _, problem := range s.report.Problems {
			e.warnf("series %s: %s", patchmail.PrintableLine(s.name()), patchmail.PrintableLine(problem))
		}
	}
}

package main

import (
	"fmt"
	"strings"

	"github.com/kprep/kprep/maintainers"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/submission"
)

// collectedFacts is what 'kprep collect --json' prints.
type collectedFacts struct {
	Schema  int                   `json:"schema"` // 1
	To      []string              `json:"to"`     // added to the cover letter
	Cc      []string              `json:"cc"`
	Stale   []string              `json:"stale,omitempty"`    // no longer named
	LeftOut []string              `json:"left_out,omitempty"` // the user took them out
	Dropped []string              `json:"dropped,omitempty"`
	Found   []submission.Sighting `json:"found"`
	Script  string                `json:"script,omitempty"` // why it was run
}

func printed(list []patchmail.Address) []string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.String()
	}
	return texts
}

// printCollected says who is new in the cover letter, and on request who named
// them and why.
func (e *env) printCollected(got *submission.Collected, asJSON, explained bool) error {
	if asJSON {
		return e.printJSON(collectedFacts{Schema: 1, To: printed(got.To), Cc: printed(got.Cc), Stale: printed(got.Stale),
			LeftOut: printed(got.LeftOut), Dropped: printed(got.Dropped), Found: got.Sightings(), Script: got.Note})
	}
	if explained {
		for _, s := range got.Sightings() {
			for line := range strings.Lines(s.String()) {
				fmt.Fprintln(e.stdout, patchmail.PrintableLine(strings.TrimSuffix(line, "\n")))
			}
		}
	}
	for _, a := range got.To {
		fmt.Fprintf(e.stdout, "To: %s\n", patchmail.PrintableLine(a.String()))
	}
	for _, a := range got.Cc {
		fmt.Fprintf(e.stdout, "Cc: %s\n", patchmail.PrintableLine(a.String()))
	}
	return nil
}

// printDifferences says where MAINTAINERS and the script differ. The exit
// status is 1 when they do.
func (e *env) printDifferences(got *submission.Collected, asJSON bool) error {
	switch {
	case asJSON:
		differences := got.Differences
		if differences == nil {
			differences = []submission.Difference{}
		}
		err := e.printJSON(struct {
			Schema      int                     `json:"schema"`
			Differences []submission.Difference `json:"differences"`
		}{1, differences})
		if err != nil {
			return err
		}
	case len(got.Differences) == 0 && got.Note == "":
		e.notef("MAINTAINERS and %s name the same people for every patch", maintainers.ScriptPath)
	}
	if len(got.Differences) == 0 {
		return nil
	}
	if !asJSON {
		for _, d := range got.Differences {
			fmt.Fprintf(e.stdout, "patch %d (%s): %s: %s only from %s\n", d.Patch, patchmail.PrintableLine(d.Title), d.Field,
				patchmail.PrintableLine(d.Address), d.Only)
		}
	}
	return &exitError{status: statusFailed}
}

// people lists addresses for a sentence.
func (e *env) people(list []patchmail.Address) string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = patchmail.PrintableLine(a.Mailbox)
	}
	return strings.Join(names, ", ")
}

func (e *env) reportCollect(got *submission.Collected, changed bool, pruned int) {
	switch added := len(got.To) + len(got.Cc); {
	case !got.Asked && !changed:
		e.notef("this project has no command that names recipients; add To: and Cc: lines with 'kprep cover'")
	case !changed:
		e.notef("no new recipients")
	case added == 0 && pruned > 0:
		e.notef("took %s out of the cover letter", plural(pruned, "recipient", "recipients"))
	default:
		e.notef("added %s to the cover letter; see the result with 'kprep preview'", plural(added, "recipient", "recipients"))
	}
}

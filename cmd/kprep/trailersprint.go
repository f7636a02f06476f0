package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/rangediff"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/trailers"
)

// marks stand in front of a trailer by its fate.
func fateMark(f trailers.Fate) string {
	switch f {
	case trailers.New:
		return "+"
	case trailers.Present:
		return "="
	case trailers.Rejected, trailers.Ignored:
		return "x"
	case trailers.Mismatch, trailers.Refused:
		return "!"
	}
	return "?"
}

// why says for people why a trailer is not taken, or what to know of one that is;
// "" when there is nothing to say.
func (job *takingJob) why(f trailers.Found) string {
	from := job.mail.posts[f.Post].From.String()
	switch f.Fate {
	case trailers.Mismatch:
		return "it is from " + from
	case trailers.Refused:
		return "it cannot be taken: " + f.Refused
	case trailers.Conditional:
		return conditionWords(f) + changedWords(f)
	case trailers.Present:
		if f.Retracted != "" {
			return laterWords(f)
		}
		return ""
	case trailers.Advice:
		if person, ok := f.Person(); ok && job.reviewed.IsMe(person.Mailbox) {
			return "in your name, and not signed with a key that is known to be yours"
		}
		return "advice of " + from
	case trailers.Ignored:
		return "from or for an address in trailers-ignore-from"
	case trailers.Rejected:
		return "you refused it before"
	case trailers.Changed:
		how := "and the patch has changed since"
		if f.Basis == trailers.ByPlace {
			how = "and what stands in its place now has another title and another diff"
		}
		return fmt.Sprintf("for %s, %s", given(f), how)
	case trailers.Unmatched:
		return unmatchedWords(f)
	}
	return strings.TrimPrefix(changedWords(f), "; ")
}

// conditionWords says why a trailer has to be asked for.
func conditionWords(f trailers.Found) string {
	switch {
	case f.Retracted != "":
		return laterWords(f)
	case f.Cover && f.Scope != "":
		return fmt.Sprintf("for some of the patches: %q", f.Scope)
	}
	return fmt.Sprintf("under a condition: %q", f.Condition)
}

func laterWords(f trailers.Found) string {
	return fmt.Sprintf("its sender says later: %q", f.Retracted)
}

func changedWords(f trailers.Found) string {
	if f.Patch < 0 || f.Basis == trailers.ByPatchID {
		return ""
	}
	return fmt.Sprintf("; for %s, which has changed since", given(f))
}

// given says what a trailer was given to.
func given(f trailers.Found) string {
	switch {
	case f.Revision == 0:
		return "an earlier state"
	case f.Cover:
		return fmt.Sprintf("all of v%d", f.Revision)
	}
	return fmt.Sprintf("patch %d of v%d", f.Number, f.Revision)
}

func unmatchedWords(f trailers.Found) string {
	switch {
	case f.Revision > 0:
		return fmt.Sprintf("for %s, and no patch of the branch is known to be that one", given(f))
	case f.Answered != "":
		return "for a patch that is none of the series"
	}
	return "for a message that is not there"
}

// printTrailers prints what was found, patch by patch.
func (e *env) printTrailers(ctx context.Context, job *takingJob) error {
	var b strings.Builder
	changes := changeReader{env: e, job: job, known: map[int]*series.Comparison{}}
	at := 0
	for patch, commit := range job.commits {
		begun := false
		shown := map[[2]int]bool{}
		for ; at < len(job.found) && job.found[at].Patch == patch; at++ {
			f := job.found[at]
			if f.Fate == trailers.Repeated {
				continue
			}
			if !begun {
				fmt.Fprintf(&b, "%s\n", patchmail.PrintableLine(commit.Subject()))
				begun = true
			}
			job.printFound(&b, f)
			key := [2]int{f.Revision, f.Number}
			if f.Fate == trailers.Changed && !shown[key] {
				shown[key] = true
				b.WriteString(changes.text(ctx, f))
			}
		}
	}
	if at < len(job.found) {
		b.WriteString("(no patch of the branch)\n")
		for _, f := range job.found[at:] {
			job.printFound(&b, f)
		}
	}
	if b.Len() == 0 {
		e.notef("no trailers were found in %s", plural(len(job.mail.messages), "mail", "mails"))
		return nil
	}
	if err := e.page(ctx, e.repo, []byte(b.String())); err != nil {
		return err
	}
	e.noteTrailers(job)
	return nil
}

func (job *takingJob) printFound(b *strings.Builder, f trailers.Found) {
	line := func(format string, words ...any) {
		fmt.Fprintf(b, "    %s\n", patchmail.PrintableLine(fmt.Sprintf(format, words...)))
	}
	fmt.Fprintf(b, "  %s %s\n", fateMark(f.Fate), patchmail.PrintableLine(f.Trailer.String()))
	for _, note := range f.Notes {
		line("%s", note)
	}
	if why := job.why(f); why != "" {
		line("%s", why)
	}
	if f.Fate == trailers.Present {
		return
	}
	var facts []string
	if f.Cover {
		facts = append(facts, "cover letter")
	}
	state, checked := job.signed[f.Post]
	if checked && state.Status == attest.NoSig {
		facts = append(facts, state.Text)
	}
	via := "via: " + job.via(f.Post)
	if len(facts) > 0 {
		via += " (" + strings.Join(facts, ", ") + ")"
	}
	line("%s", via)
	if checked && state.Status != attest.NoSig {
		line("%s", state.Text)
	}
}

// noteTrailers says how many there are of each kind, and what can be done.
func (e *env) noteTrailers(job *takingJob) {
	count := map[trailers.Fate]int{}
	for _, f := range job.found {
		count[f.Fate]++
	}
	switch n := len(job.news()); n {
	case 0:
		e.notef("there is nothing new")
	default:
		e.notef("%s for %s; 'kprep trailers -u' adds them", plural(n, "new trailer", "new trailers"), plural(patchCount(job.news()), "patch", "patches"))
	}
	for _, note := range []struct {
		fate trailers.Fate
		next string
	}{
		{trailers.Mismatch, "%s somebody else than the sender; -S takes them too"},
		{trailers.Changed, "%s for a patch that has changed since; see whether that still holds, --fuzzy takes what is sure to be for that patch"},
		{trailers.Conditional, "%s under a condition, or for some patches; 'kprep trailers -u -i' lets you choose"},
	} {
		if n := count[note.fate]; n > 0 {
			verb := map[trailers.Fate][2]string{trailers.Mismatch: {"trailer names", "trailers name"}, trailers.Changed: {"trailer is", "trailers are"}, trailers.Conditional: {"trailer is", "trailers are"}}[note.fate]
			e.notef(note.next, plural(n, verb[0], verb[1]))
		}
	}
}

// A changeReader shows what became of patches that were sent.
type changeReader struct {
	env   *env
	job   *takingJob
	known map[int]*series.Comparison // by revision; nil where it cannot be read
}

// maxChange is how many lines of a change are shown.
const maxChange = 40

// text is how the patch that a trailer was given to differs from what it is now,
// as a range-diff; "" where that revision is not on record.
func (r *changeReader) text(ctx context.Context, f trailers.Found) string {
	s, old := r.job.series, r.job.sentPatch(f)
	if s == nil || old == "" {
		return ""
	}
	c, asked := r.known[f.Revision]
	if !asked {
		sides, err := s.Sides(ctx, f.Revision, series.OnBranch)
		if err == nil {
			c, err = s.Compare(ctx, sides, series.CompareOptions{CreationFactor: rangediff.DefaultCreationFactor})
		}
		if err != nil {
			r.env.debugf("v%d cannot be compared: %v", f.Revision, err)
			c = nil
		}
		r.known[f.Revision] = c
	}
	if c == nil {
		return ""
	}
	pair := rangediff.Pair{OldNumber: f.Number, NewNumber: f.Patch + 1}
	for i := range c.OldPatches {
		if c.OldPatches[i].ID == string(old) {
			pair.Old = &c.OldPatches[i]
		}
	}
	for i := range c.NewPatches {
		if c.NewPatches[i].ID == string(r.job.commits[f.Patch].ID) {
			pair.New = &c.NewPatches[i]
		}
	}
	if pair.Old == nil || pair.New == nil {
		return ""
	}
	var text bytes.Buffer
	if err := series.Printer(nil).Print(&text, []rangediff.Pair{pair}); err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimRight(patchmail.Printable(text.String()), "\n"), "\n")
	var b strings.Builder
	for _, line := range lines[:min(len(lines), maxChange)] {
		b.WriteString("      " + line + "\n")
	}
	if more := len(lines) - maxChange; more > 0 {
		fmt.Fprintf(&b, "      ... %s; 'kprep diff v%d' shows all\n", plural(more, "line more", "lines more"), f.Revision)
	}
	return b.String()
}

// sentPatch is the commit that a trailer was given to, "" where that is not known.
func (job *takingJob) sentPatch(f trailers.Found) gitrepo.ID {
	patches := job.reviewed.Sent[f.Revision]
	if f.Number < 1 || f.Number > len(patches) {
		return ""
	}
	return patches[f.Number-1]
}

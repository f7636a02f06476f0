package series

import (
	"bytes"
	"context"
	"fmt"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/rangediff"
)

// DefaultRangeDiffLimit is how many lines of range-diff a cover letter carries.
const DefaultRangeDiffLimit = 100

// bytesPerLine turns the limit in lines into one in bytes.
const bytesPerLine = 160

// mentionsRangeDiff says whether the template has a place for a range-diff.
func (d *drafter) mentionsRangeDiff() bool {
	return coverletter.Mentions(d.template(), "range_diff")
}

// rangeDiff compares with the revision before. That it cannot is no reason not
// to send: it is told in d.noRangeDiff.
func (d *drafter) rangeDiff(ctx context.Context) error {
	if !d.r.RangeDiff && !d.mentionsRangeDiff() {
		return nil
	}
	if d.s.Tracking.Revision == 1 {
		if d.r.RangeDiff {
			d.noRangeDiff = "this is the first revision, there is none to compare it with"
		}
		return nil
	}
	text, err := d.compared(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		d.noRangeDiff = err.Error()
		return nil
	}
	d.parts.RangeDiff = text
	if !d.mentionsRangeDiff() {
		d.r.Template = coverletter.WithRangeDiff(d.template())
	}
	return nil
}

// compared is the range-diff as the cover letter shows it, with its heading.
func (d *drafter) compared(ctx context.Context) (string, error) {
	sides, err := d.s.Sides(ctx, d.s.Tracking.Revision-1, OnBranch)
	if err != nil {
		return "", err
	}
	// What the patches do not tell, this does not tell either.
	mailed := func(message string) string {
		text, _ := d.drop(message)
		return text
	}
	c, err := d.s.Compare(ctx, sides, CompareOptions{CreationFactor: rangediff.DefaultCreationFactor, Message: mailed})
	if err != nil {
		return "", err
	}
	text, err := c.capped(d.r.RangeDiffLimit, sentTag(d.s.Tracking.ChangeID, d.s.Tracking.Revision))
	return fmt.Sprintf("Range-diff versus v%d:\n\n%s", sides[0].Revision, text), err
}

// capped is the range-diff with at most so many lines; less than 0 is no
// limit. One that is longer has its headings alone, or not even these, and
// tells how to see it all with the tags of both revisions. The new one has no
// tag yet: it will be called tag.
func (c *Comparison) capped(limit int, tag string) ([]byte, error) {
	fits := func(text []byte) bool {
		return limit < 0 || bytes.Count(text, []byte("\n")) <= limit && len(text) <= limit*bytesPerLine
	}
	printer := Printer(nil)
	var all, headings bytes.Buffer
	if err := printer.Print(&all, c.Pairs()); err != nil || fits(all.Bytes()) {
		return all.Bytes(), err
	}
	printer.NoPatch = true
	if err := printer.Print(&headings, c.Pairs()); err != nil {
		return nil, err
	}
	if !fits(headings.Bytes()) {
		headings.Reset()
		fmt.Fprintf(&headings, "%s\n", rangediff.Tally(c.Changes))
	}
	fmt.Fprintf(&headings, "\nAll %d lines of it, with the tags of both revisions:\n  git range-diff %s %s..%s\n",
		bytes.Count(all.Bytes(), []byte("\n")), c.Old.Range(), c.New.Base.Short(), tag)
	return headings.Bytes(), nil
}

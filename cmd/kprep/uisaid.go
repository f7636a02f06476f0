package main

import (
	"context"
	"errors"
	"slices"

	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/ui"
)

func (d *desk) Feedback(ctx context.Context, r ui.Ref) (*ui.Feedback, error) {
	o, err := d.enter(ctx, r, false)
	if err != nil {
		return nil, err
	}
	defer o.close()
	found, err := o.readFeedback(o.c, o.series.Series)
	switch {
	case errors.Is(err, errNoArchive):
		return &ui.Feedback{}, nil
	case err != nil:
		return nil, hinted(err)
	}
	out := &ui.Feedback{Sources: true, Replies: found.all.Replies}
	out.Warnings, out.Notes = o.said()
	return out, o.keepDigest(found)
}

// keepDigest sees to it that what is shown can be marked, which takes a digest that has
// it. When servers were asked stays as it was.
func (o *office) keepDigest(found *review) error {
	before, err := feedback.ReadDigest(o.repo, o.series.Series)
	if err != nil {
		return err
	}
	now := found.all.Digest(o.now())
	if before != nil {
		now.AsOf = before.AsOf
		known := func(r feedback.DigestReply) bool {
			return slices.ContainsFunc(before.Replies, func(other feedback.DigestReply) bool { return other.ID == r.ID })
		}
		if !slices.ContainsFunc(now.Replies, func(r feedback.DigestReply) bool { return !known(r) }) {
			return nil
		}
	}
	return now.Keep(o.repo, o.series.Series)
}

func (d *desk) Look(ctx context.Context, r ui.Ref) error {
	o, err := d.enter(ctx, r, true)
	if err != nil {
		return err
	}
	defer o.close()
	_, err = o.lookForFeedback(o.c, o.series.Series)
	return hinted(err)
}

func (d *desk) Mark(ctx context.Context, r ui.Ref, reply string, done bool) error {
	o, err := d.enter(ctx, r, false)
	if err != nil {
		return err
	}
	defer o.close()
	if err := o.recoverLog(ctx); err != nil {
		return hinted(err)
	}
	// Only of what was seen: nothing that a page sends makes its way into the file.
	ids, err := o.replyIDs(o.series.Series, "feedback", []string{reply})
	if err != nil {
		return hinted(err)
	}
	return hinted(o.series.UpdateState(ctx, "feedback", o.now(), func(st *series.State) {
		if done {
			st.MarkDone(ids...)
		} else {
			st.MarkUndone(ids...)
		}
	}))
}

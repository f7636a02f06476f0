package inbox

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
)

// Index notes what each mail of some archives says of itself, in order; of
// mails with the same id the first. What cannot be read is reported to broken,
// as by [Walk].
func Index(ctx context.Context, paths []string, tracking Tracking, broken func(error)) ([]*Message, error) {
	var all []*Message
	for _, path := range paths {
		those, err := indexAll(ctx, path, tracking, broken)
		if err != nil {
			return nil, err
		}
		all = append(all, those...)
	}
	return Preference{}.unique(all), nil
}

// indexAll is Index for one archive, with every copy of a message.
func indexAll(ctx context.Context, path string, tracking Tracking, broken func(error)) ([]*Message, error) {
	all := []*Message{}
	err := Walk(ctx, path, func(m Mail) error {
		got, err := Parse(m, tracking)
		if err != nil {
			broken(&MailError{File: m.File, Number: m.Number, Err: err})
			return nil
		}
		all = append(all, got)
		return nil
	}, broken)
	return all, err
}

// Read is the bytes of messages, in the order given; those that hold none are
// read from where [Index] saw them. A file that is another one by now is an error.
func Read(ctx context.Context, messages []*Message) ([][]byte, error) {
	all := make([][]byte, len(messages))
	byFile := map[string][]int{}
	for i, m := range messages {
		if all[i] = m.Raw; m.Raw == nil {
			byFile[m.File] = append(byFile[m.File], i)
		}
	}
	for file, places := range byFile {
		left := len(places)
		byNumber := map[int][]int{}
		for _, i := range places {
			byNumber[messages[i].Number] = append(byNumber[messages[i].Number], i)
		}
		err := Walk(ctx, file, func(m Mail) error {
			for _, i := range byNumber[m.Number] {
				if got, err := Parse(m, func(string) string { return "" }); err == nil && got.ID == messages[i].ID {
					all[i] = m.Raw
					left--
				}
			}
			if left == 0 {
				return fs.SkipAll
			}
			return nil
		}, func(error) {})
		if err != nil {
			return nil, err
		}
		if left > 0 {
			return nil, fmt.Errorf("read mail: %s has changed meanwhile", file)
		}
	}
	return all, nil
}

// Revisions are the revisions of a series among those that were assembled, in
// order of their numbers; of one that was mailed again a complete one, and of
// these the latest. It returns an *AmbiguousError when several people mailed
// the same revision.
func Revisions(all []*Series, changeID string) ([]*Series, error) {
	best := map[int]*Series{}
	for _, s := range all {
		if s.ChangeID != changeID {
			continue
		}
		was := best[s.Revision]
		switch {
		case was == nil:
		case was.From != s.From:
			return nil, &AmbiguousError{ChangeID: changeID, Revision: s.Revision, From: []string{was.From, s.From}}
		case len(was.Missing()) == 0 && len(s.Missing()) > 0:
			continue
		}
		best[s.Revision] = s
	}
	revisions := make([]*Series, 0, len(best))
	for _, s := range best {
		revisions = append(revisions, s)
	}
	slices.SortFunc(revisions, func(a, b *Series) int { return a.Revision - b.Revision })
	return revisions, nil
}

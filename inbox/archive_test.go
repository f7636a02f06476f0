package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/inbox"
)

// A stub is a source that holds some messages.
type stub struct {
	name   string
	remote bool
	age    time.Duration // of a mirror; 0 for something else
	mails  []string      // "ID parent,parent list subject"
	err    error
	asked  []string
}

var noon = time.Date(2025, 1, 2, 12, 0, 0, 0, time.UTC)

func (s *stub) Name() string { return s.name }
func (s *stub) Remote() bool { return s.remote }

func (s *stub) Find(_ context.Context, q inbox.Query, _ func(error)) (inbox.Answer, error) {
	s.asked = append(s.asked, strings.Join(append(append(q.IDs, q.ChangeIDs...), q.PatchIDs...), " "))
	if s.err != nil {
		return inbox.Answer{}, s.err
	}
	var all []*inbox.Message
	for _, line := range s.mails {
		id, parents, list, subject := "", "", "", ""
		fmt.Sscanf(line, "%s %s %s %s", &id, &parents, &list, &subject)
		m := &inbox.Message{ID: id, Line: subject, List: list, Date: noon, File: s.name}
		if parents != "-" {
			m.Parents = strings.Split(parents, ",")
		}
		if rest, ok := strings.CutPrefix(subject, "change:"); ok {
			m.ChangeID = rest
		}
		all = append(all, m)
	}
	return inbox.Answer{Messages: q.Select(all), AsOf: noon.Add(-s.age), Mirror: s.age > 0}, nil
}

func TestArchive(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	for _, tc := range []struct {
		why     string
		query   inbox.Query
		sources []*stub
		want    string // ID@source …
		asked   string // by source, how often
		err     bool
	}{
		{"each has a part", inbox.Query{IDs: []string{"1"}},
			[]*stub{{name: "a", mails: []string{"1 - - x"}}, {name: "b", mails: []string{"2 1 - x", "9 - - y"}}}, "1@a 2@b", "a2 b1", false},
		{"what another found leads on", inbox.Query{ChangeIDs: []string{"c"}},
			[]*stub{{name: "a", mails: []string{"2 1 - x"}}, {name: "b", mails: []string{"1 - - change:c"}}}, "1@b 2@a", "a2 b2", false},
		{"from one to the next and back", inbox.Query{IDs: []string{"1"}},
			[]*stub{{name: "a", mails: []string{"1 - - x", "3 2 - x"}}, {name: "b", mails: []string{"2 1 - x"}}}, "1@a 2@b 3@a", "a2 b2", false},
		{"a server is asked for the beginning of what local sources have", inbox.Query{ChangeIDs: []string{"c"}},
			[]*stub{{name: "a", mails: []string{"2 1 - change:c"}}, {name: "w", remote: true, mails: []string{"1 - - x", "3 1 - x"}}}, "1@w 2@a 3@w", "a3 w1", false},
		{"the first copy", inbox.Query{IDs: []string{"1"}},
			[]*stub{{name: "a", mails: []string{"1 - - x"}}, {name: "b", mails: []string{"1 - - x"}}}, "1@a", "a1 b1", false},
		{"the copy of the list that is preferred", inbox.Query{IDs: []string{"1"}},
			[]*stub{{name: "a", mails: []string{"1 - other.example.org x"}}, {name: "b", mails: []string{"1 - l.lists.linux.dev x"}}, {name: "c", mails: []string{"1 - l.vger.kernel.org x"}}},
			"1@b", "a1 b1 c1", false},
		{"a mirror that is fresh suffices", inbox.Query{IDs: []string{"1"}},
			[]*stub{{name: "w", remote: true}, {name: "m", age: time.Minute, mails: []string{"1 - - x"}}}, "1@m", "w0 m1", false},
		{"not when it has only some", inbox.Query{IDs: []string{"1", "2"}},
			[]*stub{{name: "w", remote: true, mails: []string{"2 - - x"}}, {name: "m", age: time.Minute, mails: []string{"1 - - x"}}}, "1@m 2@w", "w1 m2", false},
		{"not when it is old", inbox.Query{IDs: []string{"1"}},
			[]*stub{{name: "w", remote: true, mails: []string{"1 - - x", "2 1 - x"}}, {name: "m", age: time.Hour, mails: []string{"1 - - x"}}}, "1@w 2@w", "w1 m2", false},
		{"a mailbox never suffices", inbox.Query{IDs: []string{"1"}},
			[]*stub{{name: "w", remote: true, mails: []string{"1 - - x", "2 1 - x"}}, {name: "a", mails: []string{"1 - - x"}}}, "1@w 2@w", "w1 a2", false},
		{"one that fails does not cost the others", inbox.Query{IDs: []string{"1"}},
			[]*stub{{name: "a", err: down}, {name: "b", mails: []string{"1 - - x"}}}, "1@b", "a1 b1", false},
		{"nothing, and all have answered", inbox.Query{IDs: []string{"1"}}, []*stub{{name: "a"}, {name: "w", remote: true}}, "", "a1 w1", false},
		{"nothing, and one has not answered", inbox.Query{IDs: []string{"1"}}, []*stub{{name: "a"}, {name: "w", remote: true, err: down}}, "", "a1 w1", true},
		{"no source", inbox.Query{IDs: []string{"1"}}, nil, "", "", false},
		{"a message that is missing", inbox.Query{IDs: []string{"1"}}, []*stub{{name: "a", mails: []string{"2 1 - x", "3 1 - x"}}}, "2@a 3@a", "a1", false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			a := inbox.Archive{Lists: inbox.ParsePreference(inbox.DefaultPreference), Fresh: 10 * time.Minute, Now: noon}
			for _, s := range tc.sources {
				a.Sources = append(a.Sources, s)
			}
			got, err := a.Find(t.Context(), tc.query, failOnBroken(t))
			if tc.err {
				if !errors.As(err, new(*inbox.NoAnswerError)) || !errors.Is(err, down) {
					t.Fatalf("%+v, %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var have, asked []string
			for _, m := range got.Messages {
				have = append(have, m.ID+"@"+m.File)
			}
			for _, s := range tc.sources {
				asked = append(asked, fmt.Sprintf("%s%d", s.name, len(s.asked)))
			}
			if strings.Join(have, " ") != tc.want || strings.Join(asked, " ") != tc.asked {
				t.Errorf("got %q, asked %q", have, asked)
			}
			for _, status := range got.Sources {
				if (status.Name == "a" && tc.sources[0].err != nil) != (status.Err != nil) {
					t.Errorf("%+v", status)
				}
			}
		})
	}
}

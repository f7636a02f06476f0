package patchwork

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// A State is how a check ended.
type State string

// The states of checks, from bad to good.
const (
	Fail    State = "fail"
	Warning State = "warning"
	Pending State = "pending"
	Success State = "success"
)

// A Check is what one of the project's machines says of a patch.
type Check struct {
	Context string    `json:"context"` // which check it is
	State   State     `json:"state"`
	Text    string    `json:"text,omitempty"`
	URL     string    `json:"url,omitempty"` // for people to look at
	When    time.Time `json:"when"`
}

// A Patch is what the server knows of a patch mail.
type Patch struct {
	MessageID string  `json:"message-id"`      // without brackets
	State     string  `json:"state,omitempty"` // in the project's own words, "new" or "accepted"
	URL       string  `json:"url,omitempty"`   // for people to look at
	Checks    []Check `json:"checks"`          // by context, the last of each
}

// Bounds of a look-up.
const (
	perPage   = 250
	maxAsked  = 250 // patches
	maxChecks = 200 // of a patch
	maxTried  = 3   // patches, before the revision counts as not known
	maxText   = 300 // bytes of what somebody says about a patch or a check
	maxURL    = 2000
	atOnce    = 4 // requests
)

// The parts of answers that are read.
type patchAnswer struct {
	ID        int    `json:"id"`
	MessageID string `json:"msgid"`
	WebURL    string `json:"web_url"`
	State     string `json:"state"`
	Check     string `json:"check"` // all checks together, "pending" also for none
	Series    []struct {
		ID int `json:"id"`
	} `json:"series"`
}

type checkAnswer struct {
	Date        string `json:"date"`
	State       string `json:"state"`
	TargetURL   string `json:"target_url"`
	Context     string `json:"context"`
	Description string `json:"description"`
}

// Look looks patches of one revision up by the message-ids of their mails, in
// order. Those that the server does not know are left out.
func (c *Client) Look(ctx context.Context, ids []string) ([]Patch, error) {
	ids = ids[:min(len(ids), maxAsked)]
	known, err := c.series(ctx, ids)
	if err != nil || len(known) == 0 {
		return nil, err
	}
	patches := make([]Patch, len(known))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, p := range known {
		patches[i] = Patch{MessageID: bare(p.MessageID), State: bounded(p.State), URL: p.WebURL, Checks: []Check{}}
		group.Go(func() (err error) {
			patches[i].Checks, err = c.checks(ctx, p.ID)
			return err
		})
	}
	return patches, group.Wait()
}

// bounded cuts a long text off.
func bounded(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}

func bare(id string) string { return strings.Trim(id, "<>") }

// series finds the patches by one of them: the server knows which belong together.
func (c *Client) series(ctx context.Context, ids []string) ([]patchAnswer, error) {
	found := map[string]patchAnswer{}
	for _, id := range ids[:min(len(ids), maxTried)] {
		var one []patchAnswer
		if err := c.get(ctx, "patches/?"+c.query("msgid", id).Encode(), &one); err != nil {
			return nil, err
		}
		if len(one) == 0 {
			continue
		}
		found[id] = one[0]
		if len(one[0].Series) == 0 {
			continue
		}
		var all []patchAnswer
		if err := c.get(ctx, "patches/?"+c.query("series", fmt.Sprint(one[0].Series[0].ID)).Encode(), &all); err != nil {
			return nil, err
		}
		for _, p := range all {
			if slices.Contains(ids, bare(p.MessageID)) {
				found[bare(p.MessageID)] = p
			}
		}
		break // what is missing there is missing
	}
	var known []patchAnswer
	for _, id := range ids {
		if p, ok := found[id]; ok {
			known = append(known, p)
		}
	}
	return known, nil
}

func (c *Client) query(key, value string) url.Values {
	q := url.Values{key: {value}, "per_page": {fmt.Sprint(perPage)}}
	if c.Project != "" {
		q.Set("project", c.Project)
	}
	return q
}

// checks are the last of each context, by context.
func (c *Client) checks(ctx context.Context, patch int) ([]Check, error) {
	var all []checkAnswer
	if err := c.get(ctx, fmt.Sprintf("patches/%d/checks/?per_page=%d", patch, perPage), &all); err != nil {
		return nil, err
	}
	last := map[string]Check{}
	for _, a := range all[:min(len(all), maxChecks)] {
		when, _ := time.Parse("2006-01-02T15:04:05.999999", a.Date) // in UTC, without saying so
		check := Check{Context: bounded(a.Context), State: State(bounded(a.State)), Text: bounded(a.Description), URL: a.TargetURL, When: when}
		if len(check.URL) > maxURL {
			check.URL = "" // cut off it would lead elsewhere
		}
		if was, there := last[check.Context]; !there || !check.When.Before(was.When) {
			last[check.Context] = check
		}
	}
	checks := []Check{}
	for _, check := range last {
		checks = append(checks, check)
	}
	slices.SortFunc(checks, func(a, b Check) int { return cmp.Compare(a.Context, b.Context) })
	return checks, nil
}

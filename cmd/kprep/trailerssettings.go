package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/trailers"
)

// trailerSettings are those of 'kprep trailers'.
type trailerSettings struct {
	ignore  []string // mailboxes
	custody series.Custody
	mask    string // URL of a message, with a %s; "" for none
	policy  string
}

// The policies of b4.attestation-policy.
const (
	policyOff  = "off"
	policyHard = "hardfail"
)

func attestationPolicy(settings *project.Settings) (string, error) {
	v, ok := settings.Get("attestation-policy")
	policy := strings.TrimSpace(v.Text)
	switch {
	case !ok:
		return "softfail", nil
	case !slices.Contains([]string{policyOff, "check", "softfail", policyHard}, policy):
		return "", fmt.Errorf("configuration %s: %q is not off, check, softfail or hardfail", v.Key, policy)
	}
	return policy, nil
}

func (e *env) trailerSettings(ctx context.Context) (trailerSettings, error) {
	base, err := settingsCommit(ctx, e.repo)
	if err != nil {
		return trailerSettings{}, err
	}
	settings, err := project.Load(ctx, e.repo, base)
	if err != nil {
		return trailerSettings{}, err
	}
	get := func(name, def string) (value, key string) {
		if v, ok := settings.Get(name); ok {
			return strings.TrimSpace(v.Text), v.Key
		}
		return def, "b4." + name
	}
	var s trailerSettings
	if s.policy, err = attestationPolicy(settings); err != nil {
		return s, err
	}
	mask, key := get("midmask", "")
	s.mask = mask
	if s.mask != "" && strings.Count(s.mask, "%s") != 1 {
		return s, fmt.Errorf("configuration %s: %q needs one %%s, for the message-id", key, s.mask)
	}
	ignore, key := get("trailers-ignore-from", "")
	addresses, err := patchmail.ParseAddressList(ignore)
	if err != nil {
		return s, fmt.Errorf("configuration %s: %w", key, err)
	}
	for _, a := range addresses {
		s.ignore = append(s.ignore, a.Mailbox)
	}
	order, _ := get("trailer-order", "")
	for glob := range strings.SplitSeq(order, ",") {
		if glob = strings.TrimSpace(glob); glob != "" {
			s.custody.Order = append(s.custody.Order, glob)
		}
	}
	me, err := e.repo.Committer()
	if err != nil {
		return s, err
	}
	s.custody.Own = trailers.Trailer{Key: "Signed-off-by", Value: fmt.Sprintf("%s <%s>", me.Name, me.Email)}
	return s, nil
}

// sinceForm is a span of time as git writes it: "1.month", "2 weeks ago".
var sinceForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9]{1,4})[. ](second|minute|hour|day|week|month|year)s?(?:[. ]ago)?$`)
})

// parseSince reads a time as --since has it, a date among them.
func (e *env) parseSince(text string) (time.Time, error) {
	if date, err := time.Parse(time.DateOnly, text); err == nil {
		return date, nil
	}
	m := sinceForm().FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return time.Time{}, usagef("trailers", "--since wants a time such as 1.month, 2.weeks or 2025-01-31, not %q", text)
	}
	n, _ := strconv.Atoi(m[1])
	switch now := e.now(); m[2] {
	case "year":
		return now.AddDate(-n, 0, 0), nil
	case "month":
		return now.AddDate(0, -n, 0), nil
	case "week":
		return now.AddDate(0, 0, -7*n), nil
	case "day":
		return now.AddDate(0, 0, -n), nil
	case "hour":
		return now.Add(-time.Duration(n) * time.Hour), nil
	case "minute":
		return now.Add(-time.Duration(n) * time.Minute), nil
	default:
		return now.Add(-time.Duration(n) * time.Second), nil
	}
}

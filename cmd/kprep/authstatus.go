package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/patchmail"
)

func authStatusCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:        "status",
		Usage:       "show what a web endpoint does, and whether it knows your key",
		Description: "Ends with 1 when it does not. b4's service can tell neither.",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print JSON"}},
		Action:      e.authStatus,
	}
}

// An authReport is the JSON document of 'auth status'.
type authReport struct {
	Schema      int               `json:"schema"` // 1
	URL         string            `json:"url"`
	Service     *endpoint.Service `json:"service,omitempty"` // of one that can tell
	Identity    string            `json:"identity"`
	Selector    string            `json:"selector"`
	Algorithm   string            `json:"algorithm"`
	Fingerprint string            `json:"fingerprint"`
	Enrolled    string            `json:"enrolled"` // yes, no, or unknown
	Said        string            `json:"said,omitempty"`
}

func (e *env) authStatus(c *cli.Context) error {
	m, err := e.ownMember(c)
	if err != nil {
		return err
	}
	r := authReport{Schema: 1, URL: m.client.URL(), Service: m.service, Identity: m.key.Identity, Selector: m.key.Selector,
		Algorithm: m.key.Algorithm, Fingerprint: m.key.Fingerprint, Enrolled: "unknown"}
	next := ""
	if m.service != nil {
		stamp, err := e.stamp()
		if err != nil {
			return err
		}
		_, err = m.client.Status(c.Context, m.key, nil, stamp)
		refused := (*endpoint.RefusedError)(nil)
		switch {
		case err == nil:
			r.Enrolled = "yes"
		case errors.As(err, &refused) && strangerHint(refused.Status) != "":
			r.Enrolled, r.Said, next = "no", refused.Answer.Text(), strangerHint(refused.Status)
		default:
			return err
		}
	}
	if c.Bool("json") {
		err = e.printJSON(r)
	} else {
		err = e.printAuth(r)
	}
	if err == nil && r.Enrolled == "no" {
		e.notef("%s", next)
		err = &exitError{status: statusFailed}
	}
	return err
}

// strangerHint is what to do about a key that one of kprep's services does not
// take, by the status of its refusal; "" when that is about something else.
func strangerHint(status int) string {
	return map[int]string{
		http.StatusUnauthorized: "'kprep auth new' enrols it",
		http.StatusForbidden:    "a key that waits counts by itself; one that counts can vouch for it, with 'kprep auth rotate'",
		http.StatusConflict:     otherNameHint,
		http.StatusGone:         newKeyHint,
	}[status]
}

func (e *env) printAuth(r authReport) error {
	w := tabwriter.NewWriter(e.stdout, 0, 0, 1, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, patchmail.PrintableLine(fmt.Sprintf(format, args...)))
	}
	line("endpoint", "%s", r.URL)
	if s := r.Service; s != nil {
		line("service", "%s (%s)", s.Name, s.Version)
		line("takes", "%s, signed by %s", limitsOf(s), strings.Join(s.Algorithms, ", "))
		if len(s.OwnDomains) > 0 {
			line("From", "of %s stays, any other becomes %s", strings.Join(s.OwnDomains, ", "), s.RelayFrom)
		} else {
			line("From", "becomes %s", s.RelayFrom)
		}
	} else {
		line("service", "it cannot tell what it does")
	}
	line("identity", "%s", r.Identity)
	line("key", "%s, selector %s, %s", r.Algorithm, r.Selector, r.Fingerprint)
	line("enrolled", "%s", r.Enrolled)
	if r.Said != "" {
		line("it says", "%s", r.Said)
	}
	return w.Flush()
}

func limitsOf(s *endpoint.Service) string {
	return fmt.Sprintf("%s of at most %s", plural(s.MaxMessages, "message", "messages"), kilobytes(int(s.MaxMessage)))
}

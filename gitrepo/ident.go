package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An Ident is who wrote or committed something, and when.
type Ident struct {
	Name  string
	Email string // without angle brackets
	When  time.Time

	line string // as git prints it: "Name <mail> 1735787045 +0100"
}

// String is the form git stores in commits and tags.
func (i Ident) String() string { return i.line }

// At is the same person at another time.
func (i Ident) At(when time.Time) Ident {
	i.When = when
	i.line = fmt.Sprintf("%s <%s> %d %s", i.Name, i.Email, when.Unix(), when.Format("-0700"))
	return i
}

// An IdentityError means that git does not know who the user is.
type IdentityError struct{ Reason string }

func (e *IdentityError) Error() string {
	return "git does not know your name and e-mail address: " + e.Reason
}

// Committer returns who commits now, as git would record it: configuration,
// environment and all. It returns an *IdentityError when git refuses.
func (r *Repo) Committer() (Ident, error) { return r.committer() }

// IdentitySettings are those of the environment, as NAME=VALUE, that have a say in
// who the Committer is.
func (r *Repo) IdentitySettings() []string {
	var settings []string
	for _, setting := range r.git.env {
		switch name, _, _ := strings.Cut(setting, "="); name {
		case "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL":
			settings = append(settings, setting)
		}
	}
	return settings
}

// Author returns who a new commit would name as its author.
func (r *Repo) Author() (Ident, error) { return r.author() }

func (r *Repo) ident(ctx context.Context, variable string) (Ident, error) {
	out, err := r.git.output(ctx, "var", variable)
	if ge := (*Error)(nil); errors.As(err, &ge) {
		lines := strings.Split(strings.TrimSpace(ge.Stderr), "\n")
		return Ident{}, &IdentityError{Reason: strings.TrimPrefix(lines[len(lines)-1], "fatal: ")}
	}
	if err != nil {
		return Ident{}, err
	}
	return parseIdent(string(bytes.TrimSpace(out)))
}

// parseIdent reads "Name <mail> seconds zone". Old tools wrote odd zones and
// doubled blanks; the time is then as good as can be had, the line is kept.
func parseIdent(line string) (Ident, error) {
	end := strings.LastIndexByte(line, '>')
	if end < 0 {
		return Ident{}, fmt.Errorf("identity %q has no e-mail address", line)
	}
	begin := strings.LastIndexByte(line[:end], '<')
	if begin < 0 {
		return Ident{}, fmt.Errorf("identity %q has no e-mail address", line)
	}
	id := Ident{Name: strings.TrimSpace(line[:begin]), Email: strings.TrimSpace(line[begin+1 : end]), line: line}
	if fields := strings.Fields(line[end+1:]); len(fields) == 2 {
		seconds, _ := strconv.ParseInt(fields[0], 10, 64)
		id.When = time.Unix(seconds, 0).In(parseZone(fields[1]))
	}
	return id, nil
}

func parseZone(zone string) *time.Location {
	n, err := strconv.Atoi(zone)
	if err != nil {
		return time.UTC
	}
	sign := 1
	if n < 0 {
		sign, n = -1, -n
	}
	return time.FixedZone("", sign*(n/100*3600+n%100*60))
}

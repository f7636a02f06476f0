package submission

import (
	"slices"
	"strings"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

// Reasons says for each recipient who named them: the cover letter, an option
// or a setting, the role on a patch, a command. Of an address that several name
// all count, in order.
type reasons map[string][]string

func (r reasons) add(a patchmail.Address, why string) {
	if key := a.Key(); !slices.Contains(r[key], why) {
		r[key] = append(r[key], why)
	}
}

// Why says who named a recipient; "" for nobody.
func (s *Submission) Why(a patchmail.Address) string { return strings.Join(s.reasons[a.Key()], ", ") }

// reasonsFor collects them when all addresses are as they will be written.
func (s *Submission) reasonsFor(r Recipients, to, cc []patchmail.Address) reasons {
	why := reasons{}
	for _, a := range slices.Concat(to, cc) {
		why.add(a, "cover letter")
	}
	for _, standing := range []struct {
		list []patchmail.Address
		from []string
	}{{r.To, r.toFrom}, {r.Cc, r.ccFrom}} {
		for i, a := range standing.list {
			why.add(a, standing.from[i])
		}
	}
	people := func(list []series.Person, command string) {
		for _, p := range list {
			if !r.suppressed(p) {
				role := command
				if role == "" {
					role = roleName(p.Role)
				}
				why.add(p.Address, role)
			}
		}
	}
	for _, d := range s.rendered.Drafts {
		people(d.Persons, "")
	}
	for _, c := range r.ByCommand {
		people(c.To, "sendemail.toCmd")
		people(c.Cc, "sendemail.ccCmd")
	}
	return why
}

// roleName is a role as trailers spell it: Reviewed-by.
func roleName(role string) string {
	switch role {
	case roleAuthor:
		return role
	case "":
		return ""
	}
	return strings.ToUpper(role[:1]) + role[1:]
}

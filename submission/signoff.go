package submission

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// How much history tells whether a project wants sign-offs.
const (
	signOffSample  = 50  // commits to look at
	signOffLeast   = 5   // fewer say nothing
	signOffVisited = 400 // with merges, which nobody signs off
)

// missingSignOffs finds patches that their author or the sender has not
// signed off, in a project that wants it.
func (s *Submission) missingSignOffs() ([]Problem, error) {
	wanted, err := s.wantsSignOff()
	if err != nil || !wanted {
		return nil, err
	}
	missing := map[string][]string{} // person to commits
	var order []string
	for _, c := range s.Series.Patches {
		author := c.AuthorText()
		signed := signers(c)
		for _, who := range uniquePersons(patchmail.Address{Name: author.Name, Mailbox: author.Email}, s.Sender) {
			if signed[who.Key()] {
				continue
			}
			name := who.String()
			if missing[name] == nil {
				order = append(order, name)
			}
			missing[name] = append(missing[name], c.ID.Short())
		}
	}
	var all []Problem
	for _, name := range order {
		which := "commit " + strings.Join(missing[name], ", ")
		if n := len(missing[name]); n > 1 {
			which = "commits " + strings.Join(missing[name][:min(n, 5)], ", ")
			if n > 5 {
				which += fmt.Sprintf(" and %d more", n-5)
			}
		}
		all = append(all, Problem{Name: "sign-off", Text: fmt.Sprintf("%s: no Signed-off-by of %s", which, name),
			Next: fmt.Sprintf("run 'git rebase --signoff %s' if it is yours to give", s.Series.Start().Short())})
	}
	return all, nil
}

func uniquePersons(a, b patchmail.Address) []patchmail.Address {
	if a.Key() == b.Key() {
		return []patchmail.Address{a}
	}
	return []patchmail.Address{a, b}
}

func signers(c *gitrepo.Commit) map[string]bool {
	above, _ := trailers.Cut(c.Text())
	_, block := trailers.Split(above)
	keys := map[string]bool{}
	for _, t := range trailers.Parse(block) {
		if who, ok := t.Person(); ok && t.Is("Signed-off-by") {
			keys[who.Key()] = true
		}
	}
	return keys
}

// wantsSignOff is what kprep.require-sign-off says, else whether each of the
// last commits of the base's history has one.
func (s *Submission) wantsSignOff() (bool, error) {
	if _, set := s.settings.Get("require-sign-off"); set {
		return s.settings.Bool("require-sign-off", false)
	}
	queue, seen, count := []gitrepo.ID{s.Series.Base}, map[gitrepo.ID]bool{}, 0
	for len(queue) > 0 && count < signOffSample && len(seen) < signOffVisited {
		id := queue[0]
		queue = queue[1:]
		if seen[id] {
			continue
		}
		seen[id] = true
		c, err := s.repo.Commit(string(id))
		if errors.As(err, new(*gitrepo.MissingError)) {
			continue // a shallow clone ends here
		}
		if err != nil {
			return false, err
		}
		queue = append(queue, c.Parents...)
		if len(c.Parents) > 1 {
			continue
		}
		if len(signers(c)) == 0 {
			return false, nil
		}
		count++
	}
	return count >= signOffLeast, nil
}

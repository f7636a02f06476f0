package maintainers

import (
	"fmt"
	"slices"
	"strings"
)

// A signer is a person whom the trailers of one commit name.
type signer struct {
	name, address string
	times         int
	trailer       string
}

// addFixes adds the people of the commits that Fixes tags name.
func (q *query) addFixes(patches []Patch) {
	if !q.o.Fixes || q.ix.project.Commit == nil {
		return
	}
	ignored, err := q.ix.ignored()
	if err != nil {
		q.warn("", 0, err.Error())
	}
	done := map[string]bool{}
	for _, p := range patches {
		for _, commit := range p.Fixes {
			if done[commit] {
				continue
			}
			done[commit] = true
			message, ok := q.ix.project.Commit(commit)
			if !ok {
				q.warn(p.Name, 0, fmt.Sprintf("Fixes: %s names no commit here", commit))
				continue
			}
			q.addSigners(q.signers(q.ix.era.text(message)), commit, p.Name, ignored)
		}
	}
}

// addSigners adds those who are named most often, at most as many as the
// options say. Where the script chooses at random the order of the message
// decides.
func (q *query) addSigners(signers []*signer, commit, patch string, ignored map[string]bool) {
	slices.SortStableFunc(signers, func(a, b *signer) int { return b.times - a.times })
	count := 0
	for _, s := range signers {
		// QUIRK: signers are mapped and compared twice, and mapped once more,
		// so that up to five links of a chain in the mailmap are followed.
		name, address := q.mapped(s.name, s.address)
		if ignored[formatPerson(name, address)] {
			continue
		}
		name, address = q.mailmap.apply(name, address)
		if count++; count > q.o.MaxMaintainers {
			return
		}
		role := fmt.Sprintf("blamed_fixes:%d/1=100%%", s.times)
		q.addAgain(&found{name: name, address: address, role: role, reasons: []Reason{{Kind: ReasonFixes, Patch: patch, Commit: commit, Line: s.trailer}}})
	}
}

// signers returns the people of the Signed-off-by, Reviewed-by and Acked-by lines
// of a commit message, mapped, in the order in which they are first named.
// Chiefs are left out by their name alone.
func (q *query) signers(message string) []*signer {
	var list []*signer
	byPerson := map[string]*signer{}
	for line := range strings.Lines(message) {
		trailer := strings.TrimSpace(line)
		if !isSignature(trailer) || q.namesChief(trailer) {
			continue
		}
		name, address := parsePerson(trailer[strings.LastIndexByte(trailer, ':')+1:])
		if address == "" {
			continue
		}
		name, address = q.mapped(name, address)
		if !q.o.Names {
			name = ""
		}
		key := formatPerson(name, address)
		if byPerson[key] == nil {
			byPerson[key] = &signer{name: name, address: address, trailer: trailer}
			list = append(list, byPerson[key])
		}
		byPerson[key].times++
	}
	return list
}

func isSignature(line string) bool {
	for _, tag := range []string{"Signed-off-by:", "Reviewed-by:", "Acked-by:"} {
		if strings.HasPrefix(line, tag) {
			return strings.Contains(line, "@")
		}
	}
	return false
}

func (q *query) namesChief(trailer string) bool {
	trailer = q.ix.era.lower(trailer)
	for _, chief := range q.ix.chiefs {
		name, _ := parsePerson(chief)
		if name != "" && strings.Contains(trailer, q.ix.era.lower(name)) {
			return true
		}
	}
	return false
}

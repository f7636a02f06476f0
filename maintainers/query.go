package maintainers

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// A query is one question being answered.
type query struct {
	ix *Index
	o  Options
	a  Answer

	people []*found
	lists  []*found

	// The first dedupe: who was added, by name and by address, in lower case.
	names, addresses map[string]*found
	listed           map[string]*found
	// The second one, after the mailmap.
	mappedNames, mappedAddresses map[string]mapped

	mailmap mailmap
	warned  map[string]bool
}

// found is a recipient on the way to an answer.
type found struct {
	name, address string
	role          string
	list          bool
	reasons       []Reason
}

type mapped struct{ name, address string }

// Query answers who should receive the patches, taken together. It asks the
// tree only for what the patches touch.
func (ix *Index) Query(patches []Patch, o Options) Answer {
	q := &query{
		ix: ix, o: o, names: map[string]*found{}, addresses: map[string]*found{}, listed: map[string]*found{},
		mappedNames: map[string]mapped{}, mappedAddresses: map[string]mapped{}, warned: map[string]bool{},
	}
	q.run(patches)
	return q.a
}

func (q *query) run(patches []Patch) {
	if q.o.Mailmap {
		var err error
		if q.mailmap, err = q.ix.mailmap(); err != nil {
			q.warn("", 0, err.Error())
		}
	}
	for _, p := range patches {
		if len(p.Paths) == 0 {
			q.warn(p.Name, 0, "names no file; is it a patch?")
		}
	}
	paths := allPaths(patches)
	for _, path := range paths {
		for _, h := range q.matchPath(path) {
			q.addSection(h, "")
		}
	}
	if q.o.Keywords {
		for _, h := range q.matchKeywords(patches) {
			suffix := ""
			if q.ix.era == New {
				suffix = ":Keyword:" + h.reason.Pattern
			}
			q.addSection(h, suffix)
		}
	}
	q.mapAll()
	q.removeChiefs()
	for _, path := range paths {
		q.addFromFile(path)
	}
	q.addFixes(patches)
	q.finish()
}

// addSection adds what a section has to say. suffix is what the new era adds to
// roles and selections that a keyword brought in.
func (q *query) addSection(h hit, suffix string) {
	sec := q.ix.sections[h.section]
	title := q.ix.title(sec)
	for i := sec.title + 1; i < sec.end; i++ {
		e := q.ix.entries[i]
		reason := h.reason
		reason.Section, reason.Letter = title, string(e.letter)
		switch e.letter {
		case 'L':
			q.addList(i, title, suffix, reason)
		case 'M':
			if q.o.Maintainers {
				q.addPeople(i, roleOf(sec.status)+":"+q.ix.shortTitle(title)+suffix, reason)
			}
		case 'R':
			if q.o.Reviewers {
				q.addPeople(i, "reviewer:"+q.ix.shortTitle(title)+suffix, reason)
			}
		case 'T':
			q.a.SCM = addOnce(q.a.SCM, q.o.SCM, e.value+suffix)
		case 'W':
			q.a.Web = addOnce(q.a.Web, q.o.Web, e.value+suffix)
		case 'B':
			q.a.Bugs = addOnce(q.a.Bugs, q.o.Bug && q.ix.era == New, e.value+suffix)
		case 'S':
			q.a.Status = addOnce(q.a.Status, q.o.Status, e.value+suffix)
		}
	}
	q.a.Subsystems = addOnce(q.a.Subsystems, q.o.Subsystem, title)
}

func addOnce(list []string, wanted bool, value string) []string {
	if !wanted {
		return list
	}
	for _, v := range list {
		if v == value {
			return list
		}
	}
	return append(list, value)
}

// addList adds the list of an L: its first word, the rest saying how open it is.
func (q *query) addList(at int32, title, suffix string, reason Reason) {
	word, remark := q.ix.entries[at].value, ""
	if i := strings.IndexAny(word, " \t\r\f\v"); i >= 0 {
		word, remark = word[:i], word[i:]
	}
	kind, shown := "open list", q.o.Lists
	switch {
	case strings.Contains(remark, "subscribers-only"):
		kind, shown = "subscriber list", q.o.Lists && q.o.Subscribers
	case strings.Contains(remark, "moderated"):
		kind, shown = "moderated list", q.o.Lists && q.o.Moderated
	}
	if !shown {
		return
	}
	key := q.ix.era.lower(word)
	if before := q.listed[key]; before != nil {
		before.reasons = append(before.reasons, reason)
		return
	}
	_, address := parsePerson(word)
	if address == "" {
		// QUIRK: "L: Some Folk <x@y.org>" makes the script print a blank line.
		q.warnEntry(at, fmt.Errorf("%q is no address of a list", word))
		return
	}
	role := kind
	if title != "THE REST" {
		role += ":" + q.ix.shortTitle(title)
	}
	f := &found{address: address, role: role + suffix, list: true, reasons: []Reason{reason}}
	q.listed[key] = f
	q.lists = append(q.lists, f)
}

func (q *query) addPeople(at int32, role string, reason Reason) {
	for _, text := range splitPeople(q.ix.entries[at].value) {
		name, address := parsePerson(text)
		if address == "" {
			q.warnEntry(at, fmt.Errorf("%q is no address", strings.TrimSpace(text)))
			continue
		}
		q.add(&found{name: name, address: address, role: role, reasons: []Reason{reason}})
	}
}

// add is the first dedupe: a person whose name or address is there already is
// not added again, but returned.
func (q *query) add(f *found) (before *found) {
	if !q.o.Names {
		f.name = ""
	}
	name, address := q.ix.era.lower(f.name), q.ix.era.lower(f.address)
	if q.o.RemoveDuplicates {
		before := q.addresses[address]
		if same := q.names[name]; name != "" && same != nil {
			before = same
		}
		if before != nil {
			before.reasons = append(before.reasons, f.reasons...)
			return before
		}
	}
	if name != "" {
		q.names[name] = f
	}
	q.addresses[address] = f
	q.people = append(q.people, f)
	return nil
}

// addAgain is add for those who come from elsewhere than a section: everybody
// who is there already under the name or the address gets a further role.
func (q *query) addAgain(f *found) {
	if q.add(f) == nil {
		return
	}
	lower := q.ix.era.lower
	for _, p := range q.people {
		same := lower(p.address) == lower(f.address) || f.name != "" && lower(p.name) == lower(f.name)
		if same && !strings.Contains(p.role, f.role) {
			p.role += "," + f.role
		}
	}
}

// mapAll is the second pass, over people, then lists.
func (q *query) mapAll() {
	for _, f := range q.people {
		f.name, f.address = q.mapped(f.name, f.address)
	}
	for _, f := range q.lists {
		f.name, f.address = q.mapped(f.name, f.address)
	}
}

// mapped applies the mailmap, takes who was seen first under the name or address
// that results, and applies the mailmap once more, so that two links of a chain
// are followed.
func (q *query) mapped(name, address string) (string, string) {
	name, address = q.mailmap.apply(name, address)
	if !q.o.RemoveDuplicates {
		return name, address
	}
	nameKey, addressKey := q.ix.era.lower(name), q.ix.era.lower(address)
	if seen, ok := q.mappedNames[nameKey]; ok && name != "" {
		name, address = seen.name, seen.address
	} else if seen, ok := q.mappedAddresses[addressKey]; ok {
		name, address = seen.name, seen.address
	} else {
		q.mappedNames[nameKey] = mapped{name, address}
		q.mappedAddresses[addressKey] = mapped{name, address}
	}
	return q.mailmap.apply(name, address)
}

func (q *query) removeChiefs() {
	for _, chief := range q.ix.chiefs {
		m, err := compile(chief, false, q.ix.era)
		if err != nil {
			q.warn("", 0, fmt.Sprintf("chief %q: %v", chief, err))
			continue
		}
		kept := q.people[:0]
		for _, f := range q.people {
			if is, _ := m.match(formatPerson(f.name, f.address)); !is {
				kept = append(kept, f)
			}
		}
		q.people = kept
	}
}

// addFromFile adds the addresses that stand in a file of the tree.
func (q *query) addFromFile(path string) {
	if !strings.HasSuffix(path, ".yaml") && !q.o.FileEmails || path == "MAINTAINERS" || !fs.ValidPath(path) {
		return
	}
	info, err := fs.Stat(q.ix.project.Tree, path)
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	text, err := readFile(q.ix.project.Tree, path)
	if err != nil {
		q.warn(path, 0, err.Error())
		return
	}
	for _, m := range q.ix.yaml().find(q.ix.era.text(string(text))) {
		name, address := q.mailmap.apply(m.name, m.address)
		q.addAgain(&found{name: name, address: address, role: "in file", reasons: []Reason{{Kind: ReasonInFile, Path: path}}})
	}
}

// allPaths are those of all patches: of patches sorted and each once, of source
// files in their order.
func allPaths(patches []Patch) []string {
	var paths []string
	sorted := false
	seen := map[string]bool{}
	for _, p := range patches {
		sorted = sorted || !p.source
		for _, path := range p.Paths {
			if !seen[path] || p.source {
				seen[path] = true
				paths = append(paths, path)
			}
		}
	}
	if sorted {
		slices.Sort(paths)
	}
	return paths
}

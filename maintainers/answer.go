package maintainers

import (
	"fmt"
	"slices"
	"strings"
)

// An Answer is who should receive a patch, in the script's order: people in the
// order of first sight, then lists.
type Answer struct {
	Recipients []Recipient
	// What further selections ask for, each value once.
	SCM, Status, Subsystems, Web, Bugs []string
	Warnings                           []Warning
}

// A Recipient is one line of an answer.
type Recipient struct {
	Name    string // "" for most lists
	Address string
	Role    string // as --roles prints it, without parentheses
	List    bool   // found as an L
	Reasons []Reason
}

// String is the recipient as the script prints it without roles.
func (r Recipient) String() string { return formatPerson(r.Name, r.Address) }

// The kinds of reasons.
const (
	ReasonPath    = "path"    // an F matches a path of the patch
	ReasonName    = "name"    // an N does
	ReasonKeyword = "keyword" // a K matches a line of the patch
	ReasonInFile  = "in-file" // the address stands in a file that the patch touches
	ReasonFixes   = "fixes"   // a trailer of a commit that the patch fixes
)

// A Reason says what put a recipient into an answer. Fields that do not apply are
// empty.
type Reason struct {
	Kind    string `json:"kind"`
	Patch   string `json:"patch,omitempty"`
	Path    string `json:"path,omitempty"`    // that matched
	Section string `json:"section,omitempty"` // its title
	Letter  string `json:"letter,omitempty"`  // M, R or L
	Pattern string `json:"pattern,omitempty"` // value of the F, N or K
	Where   string `json:"where,omitempty"`   // FILE:LINE of the pattern
	Commit  string `json:"commit,omitempty"`  // that is fixed
	Line    string `json:"line,omitempty"`    // of the patch that a K matches, or the trailer
}

func (r Reason) String() string {
	switch r.Kind {
	case ReasonInFile:
		return "address in " + r.Path
	case ReasonFixes:
		return fmt.Sprintf("%q in commit %s, which %s fixes", r.Line, r.Commit, r.Patch)
	}
	letter := map[string]string{ReasonPath: "F", ReasonName: "N", ReasonKeyword: "K"}[r.Kind]
	what := r.Path
	if r.Kind == ReasonKeyword && r.Path == "" {
		what = fmt.Sprintf("%q in %s", r.Line, r.Patch)
	}
	return fmt.Sprintf("%s of %s: %s matches %s: %s (%s)", r.Letter, r.Section, what, letter, r.Pattern, r.Where)
}

// A Warning is about something that was passed over.
type Warning struct {
	File string `json:"file,omitempty"` // or the name of a patch
	Line int    `json:"line,omitempty"` // 0 for none
	Text string `json:"text"`
}

func (w Warning) String() string {
	switch {
	case w.File == "":
		return w.Text
	case w.Line == 0:
		return w.File + ": " + w.Text
	}
	return fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.Text)
}

// Lines prints the answer as the script does under the options.
func (a Answer) Lines(o Options) []string {
	var people []string
	for _, r := range a.Recipients {
		line := r.String()
		if o.Roles || o.RoleStats {
			line += " (" + r.Role + ")"
		}
		people = addOnce(people, true, line)
	}
	var lines []string
	for _, part := range [][]string{people, a.SCM, a.Status, a.Subsystems, a.Web, a.Bugs} {
		switch {
		case o.Multiline:
			lines = append(lines, part...)
		case len(part) > 0:
			lines = append(lines, strings.Join(part, o.Separator))
		}
	}
	return lines
}

// finish turns what was found into the answer.
func (q *query) finish() {
	at := map[string]int{}
	for _, f := range slices.Concat(q.people, q.lists) {
		r := Recipient{Name: f.name, Address: f.address, Role: f.role, List: f.list, Reasons: f.reasons}
		key := r.String() // whatever the roles
		if i, twice := at[key]; twice {
			q.a.Recipients[i].Reasons = append(q.a.Recipients[i].Reasons, r.Reasons...)
			continue
		}
		at[key] = len(q.a.Recipients)
		q.a.Recipients = append(q.a.Recipients, r)
	}
}

// reason completes a reason with the entry that matched.
func (ix *Index) reason(at int32, r Reason) Reason {
	e := ix.entries[at]
	r.Kind = map[byte]string{'F': ReasonPath, 'N': ReasonName, 'K': ReasonKeyword}[e.letter]
	r.Pattern = e.value
	r.Where = fmt.Sprintf("%s:%d", ix.files[e.file].name, e.line)
	return r
}

func (ix *Index) title(s section) string {
	e := ix.entries[s.title]
	if e.letter != 0 { // at the very top of the files
		return string(e.letter) + ":" + e.value
	}
	return e.value
}

// shortTitle is a title as roles show it.
func (ix *Index) shortTitle(title string) string {
	title = strings.TrimRight(title, " \t\r")
	if ix.era == Old {
		if len(title) <= 50 {
			return title
		}
		return strings.TrimRight(title[:47], " \t") + "..."
	}
	if runes := []rune(title); len(runes) > 50 {
		return strings.TrimRight(string(runes[:47]), " \t") + "..."
	}
	return title
}

// roleOf is what the maintainers of a section with that status are called.
func roleOf(status string) string {
	switch strings.ToLower(strings.TrimSpace(status)) {
	case "":
		return "unknown"
	case "supported":
		return "supporter"
	case "maintained":
		return "maintainer"
	case "odd fixes":
		return "odd fixer"
	case "orphan":
		return "orphan minder"
	case "obsolete":
		return "obsolete minder"
	case "buried alive in reporters":
		return "chief penguin"
	}
	return strings.ToLower(status)
}

func (q *query) warnEntry(at int32, err error) {
	e := q.ix.entries[at]
	value := e.value
	if len(value) > 200 {
		value = strings.ToValidUTF8(value[:200], "") + "…"
	}
	q.warn(q.ix.files[e.file].name, int(e.line), strings.TrimSpace(fmt.Sprintf("%c: %s", e.letter, value))+": "+err.Error())
}

// warn reports each thing once.
func (q *query) warn(file string, line int, text string) {
	w := Warning{File: file, Line: line, Text: text}
	if key := w.String(); !q.warned[key] {
		q.warned[key] = true
		q.a.Warnings = append(q.a.Warnings, w)
	}
}

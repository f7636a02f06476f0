package submission

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/maintainers"
	"github.com/kprep/kprep/project"
)

// A Sighting is one recipient with all that named it in one place.
type Sighting struct {
	Field   Field                `json:"field"`
	Address string               `json:"address"`
	Source  string               `json:"source"`            // see [Found]
	Patches []int                `json:"patches"`           // from 1
	Reasons []maintainers.Reason `json:"reasons,omitempty"` // each once
}

// Sightings says for each address who named it, for which patches, in order
// of first appearance.
func (g *Collected) Sightings() []Sighting {
	var all []Sighting
	for _, f := range g.Found {
		i := slices.IndexFunc(all, func(s Sighting) bool {
			return s.Field == f.Kind && s.Address == f.Address.String() && s.Source == f.Source
		})
		if i < 0 {
			i = len(all)
			all = append(all, Sighting{Field: f.Kind, Address: f.Address.String(), Source: f.Source})
		}
		if at := &all[i]; !slices.Contains(at.Patches, f.Patch+1) {
			at.Patches = append(at.Patches, f.Patch+1)
		}
		for _, r := range f.Reasons {
			if !slices.Contains(all[i].Reasons, r) {
				all[i].Reasons = append(all[i].Reasons, r)
			}
		}
	}
	return all
}

// String is one line, and one more for each reason.
func (s Sighting) String() string {
	word := "patch"
	if len(s.Patches) > 1 {
		word = "patches"
	}
	numbers := strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Patches), " ", ", "), "[]")
	text := fmt.Sprintf("%s: %s, named by %s for %s %s", s.Field, s.Address, s.Source, word, numbers)
	for _, r := range s.Reasons {
		text += "\n    " + r.String()
	}
	return text
}

// A Difference is a recipient of one patch that only one of MAINTAINERS and
// the project's script names.
type Difference struct {
	Patch   int    `json:"patch"` // from 1
	Title   string `json:"title"`
	Field   Field  `json:"field"`
	Address string `json:"address"`
	Only    string `json:"only"` // who names it
}

// compareScript asks the script too, where MAINTAINERS answered, and keeps
// what that shows.
func (g *Collected) compareScript(ctx context.Context, patches []PatchMail, who choice, dir string, o CollectOptions) error {
	var again []question
	for _, q := range who.questions {
		if q.query != nil {
			again = append(again, question{field: q.field, command: q.command})
		}
	}
	if len(again) == 0 {
		return nil
	}
	all, err := findAll(ctx, patches, counting(finder(dir, o.Env, collectLimit, again...), len(patches), o.Progress))
	if err != nil {
		return err
	}
	g.Warnings = append(g.Warnings, all.Warnings...)
	g.Differences = append(only(g.Found, all.Found, patches), only(all.Found, g.Found, patches)...)
	slices.SortStableFunc(g.Differences, func(a, b Difference) int { return a.Patch - b.Patch })
	verdict := project.Equal
	if len(g.Differences) > 0 {
		verdict = project.Differs
	}
	g.Unproven = false
	return o.Scripts.Learn(who.script, verdict)
}

// only lists what is in found and not in other, for the fields that other was
// asked about.
func only(found, other []Found, patches []PatchMail) []Difference {
	var list []Difference
	for _, f := range found {
		if f.Source != source && f.Source != maintainers.ScriptPath {
			continue
		}
		if !slices.ContainsFunc(other, func(g Found) bool {
			return g.Kind == f.Kind && g.Patch == f.Patch && g.Address == f.Address
		}) {
			list = append(list, Difference{Patch: f.Patch + 1, Title: patches[f.Patch].Title, Field: f.Kind, Address: f.Address.String(), Only: f.Source})
		}
	}
	return list
}

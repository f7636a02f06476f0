package project

import (
	"context"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A Contradiction is a setting that several places set, and not alike.
type Contradiction struct {
	Name string `json:"name"`
	// Findings are one place each, the one that counts first; of a place with
	// several lines the last.
	Findings []Finding `json:"findings"`
}

// Contradictions are the settings on which the user's configuration and the
// project's files disagree, or one of these with itself.
func (s *Settings) Contradictions(ctx context.Context) ([]Contradiction, error) {
	lines, err := s.repo.ConfigOrigins(ctx)
	if err != nil {
		return nil, err
	}
	var list []Contradiction
	for _, name := range s.settingNames(lines) {
		layers, err := s.settingLayers(lines, name, Consents{})
		if err != nil {
			return nil, err
		}
		var first []string
		c := Contradiction{Name: name}
		differ := false
		for _, l := range layers {
			if l.barred != "" || len(l.findings) == 0 || l.preset {
				continue
			}
			values := valuesOf(l)
			if !holdsSeveral("kprep", name) {
				values = values[len(values)-1:]
			}
			if first == nil {
				first = values
			}
			differ = differ || !slices.Equal(first, values)
			last := l.findings[len(l.findings)-1]
			last.Value, last.Counts = strings.Join(values, ", "), len(c.Findings) == 0
			c.Findings = append(c.Findings, last)
		}
		if differ {
			list = append(list, c)
		}
	}
	return list, nil
}

func valuesOf(l layer) []string {
	var values []string
	for _, f := range l.findings {
		values = append(values, f.Value)
	}
	return values
}

// settingNames are the settings that any place sets, sorted.
func (s *Settings) settingNames(lines gitrepo.ConfigOrigins) []string {
	names := map[string]bool{}
	add := func(key string) {
		section, name, _ := strings.Cut(key, ".")
		if (section == "kprep" || section == "b4") && !strings.Contains(name, ".") {
			names[name] = true
		}
	}
	for _, l := range lines {
		add(l.Key)
	}
	if s.tree != nil {
		for _, key := range s.tree.Keys() {
			add(key)
		}
	}
	for _, name := range []string{"send-series-to", "send-series-cc", "send-prefixes", "send-auto-cc-cmd", "require-sign-off"} {
		names[name] = true // a profile of git-publish may say it
	}
	var list []string
	for name := range names {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

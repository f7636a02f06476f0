package project

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A Finding is one place that sets a value, and what becomes of it.
type Finding struct {
	Key    string `json:"key"`    // as it is spelled there, such as "b4.send-prefixes"
	Value  string `json:"value"`  // as configured; a secret is not shown
	Scope  string `json:"scope"`  // git's system, global, local, worktree, command; or project
	Origin string `json:"origin"` // git's "file:PATH", "command line:"; or the .b4-config of a commit
	Counts bool   `json:"counts"`
	Why    string `json:"why,omitempty"` // why it does not count, or what it still needs
}

// An Explanation tells where a setting comes from.
type Explanation struct {
	Name string `json:"name"` // as asked for
	// Findings are the places that set it, those that count first, then by rank.
	// Empty means that nobody set it.
	Findings []Finding `json:"findings"`
}

// Values are the values that count, in order.
func (x Explanation) Values() []string {
	var values []string
	for _, f := range x.Findings {
		if f.Counts {
			values = append(values, f.Value)
		}
	}
	return values
}

// Explain tells where the setting key comes from. A key without a section, or
// in kprep or b4, is one of b4-interop part 11: kprep.NAME, then b4.NAME, then
// the project's b4.NAME. One of sendemail is looked up for the identity first
// ("" is none). Any other is git configuration as it stands.
func (s *Settings) Explain(ctx context.Context, key, identity string, consents Consents) (Explanation, error) {
	lines, err := s.repo.ConfigOrigins(ctx)
	if err != nil {
		return Explanation{}, err
	}
	section, name, dotted := strings.Cut(strings.ToLower(key), ".")
	if !dotted {
		section, name = "kprep", section
	}
	plain := !strings.Contains(name, ".")
	var layers []layer
	switch {
	case (section == "kprep" || section == "b4") && plain:
		if layers, err = s.settingLayers(lines, name, consents); err != nil {
			return Explanation{}, err
		}
	case section == "sendemail" && plain && identity != "":
		layers = []layer{
			{findings: findings(lines, "sendemail."+identity+"."+name)},
			{findings: findings(lines, "sendemail."+name), below: "the identity " + identity + " sets it too, and comes first"}}
	default:
		layers = []layer{{findings: findings(lines, key)}}
	}
	return Explanation{Name: key, Findings: rank(layers, holdsSeveral(section, name))}, nil
}

// A layer is what one source says, in the order of the source.
type layer struct {
	findings []Finding
	below    string // why it gives way to the layer that counts
	barred   string // why it never counts; "" when it may
	needs    string // what its values still need before they have an effect
}

// settingLayers are the sources of a setting of b4-interop part 11.
func (s *Settings) settingLayers(lines gitrepo.ConfigOrigins, name string, consents Consents) ([]layer, error) {
	layers := []layer{
		{findings: findings(lines, "kprep."+name)},
		{findings: findings(lines, "b4."+name), below: "kprep." + name + " comes before b4." + name}}
	if s.tree == nil {
		return layers, nil
	}
	project := layer{below: "your own settings come before those of the project"}
	for _, text := range s.tree.All("b4." + name) {
		project.findings = append(project.findings, Finding{Key: "b4." + name, Value: text, Scope: "project",
			Origin: fmt.Sprintf("%s of commit %.12s", configFile, s.base)})
	}
	switch {
	case mayRunFromTree(name):
		var err error
		if project.needs, err = s.consentNeeded(name, consents); err != nil {
			return nil, err
		}
	case matches(withheld(), name):
		project.barred = "a project does not choose this; set it yourself if you want it"
	case !mayBeFromTree(name):
		project.barred = "a project's file does not set this"
	}
	return append(layers, project), nil
}

// consentNeeded says what the commands that the project names for a setting
// wait for.
func (s *Settings) consentNeeded(name string, consents Consents) (string, error) {
	commands, err := s.Commands(name)
	if err != nil {
		return "", err
	}
	for _, c := range commands {
		given, err := consents.Given(s.repo, c)
		if err != nil {
			return "", err
		}
		if !given {
			return "it runs only with your consent, which you have not given; '--trust' gives it", nil
		}
	}
	return "it runs, as you have consented", nil
}

// findings returns the lines of git configuration for a key.
func findings(lines gitrepo.ConfigOrigins, key string) []Finding {
	var list []Finding
	for _, l := range lines.Of(key) {
		value := l.Value
		switch {
		case l.IsNull:
			value = "true"
		case isSecret(l.Key):
			value = "(a secret, not shown)"
		}
		list = append(list, Finding{Key: l.Key, Value: value, Scope: l.Scope, Origin: l.Origin})
	}
	return list
}

// isSecret says whether a value is not for the screen.
func isSecret(key string) bool {
	key = strings.ToLower(key)
	return strings.HasSuffix(key, "pass") || strings.HasSuffix(key, "password") || strings.HasSuffix(key, "token")
}

// rank orders the findings of layers, the first layer with any being the one
// that counts: of it all values when several may be set, else the last.
func rank(layers []layer, several bool) []Finding {
	var counting, rest []Finding
	for _, l := range layers {
		decided := len(counting) > 0
		for i := range l.findings {
			f := l.findings[len(l.findings)-1-i] // git lets the last line win
			switch {
			case l.barred != "":
				f.Why = l.barred
			case decided:
				f.Why = l.below
			case i > 0 && !several:
				f.Why = "a later line comes first"
			default:
				f.Counts, f.Why = true, l.needs
				counting = append(counting, f)
				continue
			}
			rest = append(rest, f)
		}
	}
	slices.Reverse(counting)
	return append(counting, rest...)
}

// holdsSeveral says whether all lines of a setting count, not the last alone.
func holdsSeveral(section, name string) bool {
	switch section {
	case "kprep", "b4":
		return slices.Contains([]string{"prep-perpatch-check-cmd", "send-series-to", "send-series-cc", "email-exclude", "my-address", "archive", "drop-trailers"}, name)
	case "sendemail":
		return slices.Contains([]string{"to", "cc", "bcc", "aliasesfile", "suppresscc", "smtpserveroption"}, name)
	}
	return false
}

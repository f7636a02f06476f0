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
	Origin string `json:"origin"` // git's "file:PATH", "command line:"; or the project's file of a commit
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
// in kprep or b4, is one of b4-interop part 11, looked up as [Settings.Get]
// does. One of sendemail is looked up for the identity first
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
	preset   bool   // 'kprep init' set it
}

// settingLayers are the sources of a setting of b4-interop part 11, those that
// can never count among them.
func (s *Settings) settingLayers(lines gitrepo.ConfigOrigins, name string, consents Consents) ([]layer, error) {
	needs := ""
	if mayRunFromTree(name) {
		var err error
		if needs, err = s.consentNeeded(name, consents); err != nil {
			return nil, err
		}
	}
	layers := []layer{s.shippedLayer(configFile, "b4."+name, s.tree, nil)}
	switch shipped := &layers[0]; {
	case mayRunFromTree(name):
		shipped.needs = needs
	case matches(withheld(), name):
		shipped.barred = "a project does not choose this; set it yourself if you want it"
	case !mayBeFromTree(name):
		shipped.barred = "a project's file does not set this"
	}
	user := func(key, below string) layer {
		return layer{findings: findings(s.lines(lines, key, false), key), below: below}
	}
	var first, last []layer
	for _, section := range []string{"kprep.", "b4."} {
		key := section + name
		if s.adopted.has(key) {
			l := layer{findings: findings(s.lines(lines, key, true), key), below: "what 'kprep init' took from a preset comes last", preset: true}
			l.needs = "'kprep init' set it, for the preset " + s.adopted.preset
			if needs != "" {
				l.needs += "; " + needs
			}
			last = append(last, l)
		}
		first = append(first, user(key, "kprep."+name+" comes before b4."+name))
	}
	if key, reads := publishKey(name); key != "" {
		key = profileSection + s.publish.profile + "." + key
		own := user(key, "kprep."+name+" and b4."+name+" come before a profile of git-publish")
		for i := range own.findings {
			if reads != nil {
				own.findings[i].Value = reads(own.findings[i].Value)
			}
		}
		first = append(first, own)
		shipped := s.shippedLayer(publishFile, key, s.publish.tree, reads)
		shipped.needs = needs
		layers = append(layers, shipped)
	}
	return slices.Concat(first, layers, last), nil
}

// shippedLayer is what a file of the project says.
func (s *Settings) shippedLayer(file, key string, config *gitrepo.Config, reads func(string) string) layer {
	l := layer{below: "your own settings come before those of the project"}
	if file == publishFile {
		l.below = "your own settings and " + configFile + " come before " + publishFile
	}
	if config == nil {
		return l
	}
	for _, text := range (source{config: config, key: key, reads: reads}).values() {
		l.findings = append(l.findings, Finding{Key: key, Value: text, Scope: "project",
			Origin: fmt.Sprintf("%s of commit %.12s", file, s.base)})
	}
	return l
}

// lines are those of a key that the user wrote, or that 'kprep init' took from a
// preset.
func (s *Settings) lines(all gitrepo.ConfigOrigins, key string, preset bool) gitrepo.ConfigOrigins {
	var list gitrepo.ConfigOrigins
	for _, l := range all.Of(key) {
		if preset == (isLocal(l.Scope) && s.adopted.has(l.Key)) {
			list = append(list, l)
		}
	}
	return list
}

// consentNeeded says what the commands that the project names for a setting
// wait for.
func (s *Settings) consentNeeded(name string, consents Consents) (string, error) {
	commands, err := s.Commands(name)
	if err != nil {
		return "", err
	}
	asks := false
	for _, c := range commands {
		given, err := consents.Given(s.repo, c)
		if err != nil {
			return "", err
		}
		if !given {
			return "it runs only with your consent, which you have not given; '--trust' gives it", nil
		}
		asks = asks || c.NeedsConsent()
	}
	if !asks {
		return "", nil
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

package project

import (
	"fmt"
	"strings"
)

// parsePreset reads a preset in git configuration syntax, less all that these
// files need not have: values are not quoted, go to the end of the line and
// hold neither quotes, backslashes nor comment signs; comments are lines of
// their own.
//
// The sections preset, detect and profile "NAME" describe it. Any other is one
// of git's configuration, its subsection a profile. The comment right above a
// key says why, and its line with a URL where the project says so.
func parsePreset(name, text string) (*Preset, error) {
	p := &Preset{Name: name}
	var section, profile string
	var comment []string
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		failed := func(why string) (*Preset, error) { return nil, fmt.Errorf("line %d: %s: %q", i+1, why, line) }
		switch {
		case line == "":
			comment = nil
		case line[0] == '#':
			comment = append(comment, strings.TrimSpace(line[1:]))
		case line[0] == '[':
			header, ok := strings.CutSuffix(line[1:], "]")
			if !ok {
				return failed("no section")
			}
			section, profile, _ = strings.Cut(header, ` "`)
			profile = strings.TrimSuffix(profile, `"`)
			if section == "profile" {
				p.Profiles = append(p.Profiles, Profile{Name: profile})
			}
			comment = nil
		default:
			key, value, ok := strings.Cut(line, " = ")
			if !ok || section == "" || value == "" || strings.ContainsAny(value, "\"\\;#") {
				return failed("no plain value")
			}
			if !p.take(section, profile, key, value, comment) {
				return failed("no such key")
			}
			comment = nil
		}
	}
	if p.Title == "" || p.Guide == "" {
		return nil, fmt.Errorf("it has no title or no guide")
	}
	return p, nil
}

// take takes one line over; false for a key that nobody knows.
func (p *Preset) take(section, profile, key, value string, comment []string) bool {
	switch section + "." + key {
	case "preset.title":
		p.Title = value
	case "preset.guide":
		p.Guide = value
	case "preset.note":
		p.Notes = append(p.Notes, value)
	case "detect.has":
		p.Has = append(p.Has, value)
	case "detect.remote":
		p.Remotes = append(p.Remotes, value)
	case "profile.title":
		p.Profiles[len(p.Profiles)-1].Title = value
	case "profile.remote":
		last := &p.Profiles[len(p.Profiles)-1]
		last.Remotes = append(last.Remotes, value)
	default:
		if section == "preset" || section == "detect" || section == "profile" {
			return false
		}
		p.set(Default{Key: section + "." + key, Profile: profile, Values: []string{value}}, comment)
	}
	return true
}

// set adds a setting, or a value to the one before.
func (p *Preset) set(d Default, comment []string) {
	if last := len(p.Settings) - 1; last >= 0 && p.Settings[last].Key == d.Key && p.Settings[last].Profile == d.Profile {
		p.Settings[last].Values = append(p.Settings[last].Values, d.Values...)
		return
	}
	var why []string
	for _, line := range comment {
		if strings.HasPrefix(line, "https://") {
			d.Source = line
		} else {
			why = append(why, line)
		}
	}
	d.Why = strings.Join(why, " ")
	p.Settings = append(p.Settings, d)
}

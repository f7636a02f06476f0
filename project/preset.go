package project

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A Preset is what kprep knows of a project that may not say it itself.
type Preset struct {
	Name     string
	Title    string
	Guide    string   // URL of the project's own guide
	Notes    []string // what no setting says
	Has      []string // paths that its tree has, all of them
	Remotes  []string // patterns for URLs of remotes, of which one must fit; see [remoteFits]
	Profiles []Profile
	Settings []Default
}

// A Profile is one of several ways to send to a project.
type Profile struct {
	Name    string
	Title   string
	Remotes []string // patterns that choose it
}

// A Default is what a preset says of one key of git configuration.
type Default struct {
	Key     string   // such as "b4.send-prefixes"
	Profile string   // that it belongs to; "" for all
	Values  []string // may have placeholders, see [Facts]
	Why     string
	Source  string // URL of where the project says so
}

//go:embed presets/*.config
var presetFiles embed.FS

// Presets are all presets that there are, by name.
func Presets() ([]*Preset, error) {
	files, err := presetFiles.ReadDir("presets")
	if err != nil {
		return nil, err
	}
	var list []*Preset
	for _, file := range files {
		text, err := presetFiles.ReadFile(path.Join("presets", file.Name()))
		if err != nil {
			return nil, err
		}
		preset, err := parsePreset(strings.TrimSuffix(file.Name(), ".config"), string(text))
		if err != nil {
			return nil, fmt.Errorf("preset %s: %w", file.Name(), err)
		}
		list = append(list, preset)
	}
	slices.SortFunc(list, func(a, b *Preset) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// An UnknownPresetError reports a name that is no preset's.
type UnknownPresetError struct {
	Name  string
	Known []string
}

func (e *UnknownPresetError) Error() string { return fmt.Sprintf("there is no preset %q", e.Name) }

// NoPreset is the name by which a user declines all presets.
const NoPreset = "none"

// FindPreset returns the preset of a name, an empty one for [NoPreset], or an
// *UnknownPresetError.
func FindPreset(name string) (*Preset, error) {
	if name == NoPreset {
		return &Preset{Name: NoPreset, Title: "no preset"}, nil
	}
	all, err := Presets()
	if err != nil {
		return nil, err
	}
	var known []string
	for _, preset := range all {
		if preset.Name == name {
			return preset, nil
		}
		known = append(known, preset.Name)
	}
	return nil, &UnknownPresetError{Name: name, Known: known}
}

// An UnknownProfileError reports a profile that a preset, or the project, does
// not have.
type UnknownProfileError struct {
	Name   string
	Known  []string
	Preset string // "" for none
}

func (e *UnknownProfileError) Error() string {
	switch {
	case len(e.Known) == 0:
		return fmt.Sprintf("there is no profile %q: neither the preset nor a %s has any", e.Name, publishFile)
	case e.Preset == "":
		return fmt.Sprintf("there is no profile %q in %s", e.Name, publishFile)
	}
	return fmt.Sprintf("the preset %s has no profile %q", e.Preset, e.Name)
}

// ProfileNames are the names of the preset's profiles, in its order.
func (p *Preset) ProfileNames() []string {
	var names []string
	for _, profile := range p.Profiles {
		names = append(names, profile.Name)
	}
	return names
}

// For returns what the preset says under one of its profiles ("" for none),
// each key once: what belongs to the profile comes before what is for all.
func (p *Preset) For(profile string) []Default {
	var list []Default
	for _, d := range p.Settings {
		own := func(other Default) bool { return other.Key == d.Key && other.Profile == profile && profile != "" }
		if d.Profile == "" && !slices.ContainsFunc(p.Settings, own) || d.Profile == profile && profile != "" {
			list = append(list, d)
		}
	}
	return list
}

// Facts stand for the placeholders in values. A value with one that is not
// known is left out.
type Facts struct {
	Repository string // %(repository): the last part of the remote's URL
	List       string // %(list): the list on lists.sr.ht that --to names, "~owner/name"
}

// listOnSourceHut finds the first list of lists.sr.ht among addresses.
func listOnSourceHut(lists []string) string {
	for _, text := range lists {
		if before, _, ok := strings.Cut(text, "@lists.sr.ht"); ok {
			return before[strings.LastIndexAny(before, " ,<\"")+1:]
		}
	}
	return ""
}

func (f Facts) fill(value string) (string, bool) {
	facts := []string{"%(repository)", f.Repository, "%(list)", f.List}
	for i := 0; i < len(facts); i += 2 {
		if strings.Contains(value, facts[i]) && facts[i+1] == "" {
			return "", false
		}
	}
	return strings.NewReplacer(facts...).Replace(value), true
}

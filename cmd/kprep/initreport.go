package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
)

// An initReport is the JSON document of 'kprep init', and what is printed.
type initReport struct {
	Schema         int                     `json:"schema"` // 1
	Preset         *initPreset             `json:"preset"` // null for none
	AlsoFits       []string                `json:"also-fits"`
	Profiles       []initProfile           `json:"profiles"`
	Shipped        []project.Finding       `json:"shipped"` // what the project's files say
	Steps          []project.Step          `json:"steps"`
	Contradictions []project.Contradiction `json:"contradictions"`
	Commands       []initCommandReport     `json:"commands"` // that run only with consent
	Applied        bool                    `json:"applied"`

	fits     bool // the repository looks like the preset's project
	trust    bool // --trust gives the consent that is missing
	adoption *project.Adoption
	commands []project.Command // of Commands, in the same order
}

type initPreset struct {
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Guide    string   `json:"guide"`
	Evidence []string `json:"evidence"`
	Notes    []string `json:"notes"`
}

type initProfile struct {
	Name   string `json:"name"`
	Title  string `json:"title,omitempty"`
	From   string `json:"from"` // .gitpublish, or preset
	Counts bool   `json:"counts"`
}

type initCommandReport struct {
	Key     string `json:"key"`
	Command string `json:"command"`
	Where   string `json:"where"`
	Consent bool   `json:"consent"` // given
}

func (e *env) reportInit(c *cli.Context, settings *project.Settings, choice project.Choice, matches []project.Match, consents project.Consents) (*initReport, error) {
	r := &initReport{Schema: 1, trust: c.Bool("trust"), AlsoFits: []string{}, Profiles: []initProfile{}, Commands: []initCommandReport{}}
	var err error
	if r.adoption, err = settings.Adopt(c.Context, choice); err != nil {
		return nil, err
	}
	r.Steps = append([]project.Step{}, r.adoption.Steps...)
	shipped, err := settings.Shipped(c.Context, consents)
	if err != nil {
		return nil, err
	}
	r.Shipped = append([]project.Finding{}, shipped...)
	contradictions, err := settings.Contradictions(c.Context)
	if err != nil {
		return nil, err
	}
	r.Contradictions = append([]project.Contradiction{}, contradictions...)
	if r.commands, err = r.adoption.Commands(); err != nil {
		return nil, err
	}
	for _, cmd := range r.commands {
		given, err := consents.Given(e.repo, cmd)
		if err != nil {
			return nil, err
		}
		r.Commands = append(r.Commands, initCommandReport{cmd.Key, cmd.String(), cmd.Where, given})
	}
	names, counts := settings.Profiles()
	for _, name := range names {
		r.Profiles = append(r.Profiles, initProfile{Name: name, From: ".gitpublish", Counts: name == counts})
	}
	preset := choice.Match.Preset
	for _, m := range matches {
		if preset == nil || m.Preset.Name != preset.Name {
			r.AlsoFits = append(r.AlsoFits, m.Preset.Name)
		}
	}
	if preset != nil {
		r.fits = choice.Match.Fits
		r.Preset = &initPreset{preset.Name, preset.Title, preset.Guide, append([]string{}, choice.Match.Evidence...), append([]string{}, preset.Notes...)}
		for _, p := range preset.Profiles {
			r.Profiles = append(r.Profiles, initProfile{p.Name, p.Title, "preset", p.Name == choice.Profile})
		}
	}
	return r, nil
}

// empty says whether nothing at all is known of the project.
func (r *initReport) empty() bool {
	return r.Preset == nil && len(r.Shipped)+len(r.Steps)+len(r.Profiles) == 0
}

// printInit prints the report for people.
func (e *env) printInit(r *initReport) {
	out := func(format string, args ...any) {
		fmt.Fprintln(e.stdout, patchmail.PrintableLine(fmt.Sprintf(format, args...)))
	}
	if p := r.Preset; p != nil && p.Name != project.NoPreset {
		out("%s (preset %s)", p.Title, p.Name)
		switch {
		case !r.fits:
			out("  chosen by you: this repository does not look like it")
		case len(p.Evidence) > 0:
			out("  found: %s", strings.Join(p.Evidence, ", "))
		}
		out("  guide: %s", p.Guide)
	}
	e.printShipped(r, out)
	for _, part := range []struct {
		title  string
		action project.Action
	}{
		{"to be set:", project.ActionSet},
		{"to be changed:", project.ActionChange},
		{"to be taken out:", project.ActionUnset},
		{"set by 'kprep init':", project.ActionDone},
		{"set by you, as the preset has it:", project.ActionYours},
		{"set by you otherwise, and kept:", project.ActionKept},
	} {
		e.printSteps(part.title, r.Steps, part.action, out)
	}
	if len(r.Contradictions) > 0 {
		out("contradictions, the first of each counts:")
	}
	for _, line := range contradictionLines(r.Contradictions) {
		out("  %s", line)
	}
	e.printInitCommands(r, out)
	e.printProfiles(r, out)
	if r.Preset != nil {
		for _, note := range r.Preset.Notes {
			out("note: %s", note)
		}
	}
	if len(r.AlsoFits) > 0 {
		out("also fitting: %s; '--preset PRESET' takes another", strings.Join(r.AlsoFits, ", "))
	}
}

func (e *env) printShipped(r *initReport, out func(string, ...any)) {
	for i, f := range r.Shipped {
		if i == 0 {
			out("said by the project's files, which need no init:")
		}
		out("  %s = %s", f.Key, f.Value)
		text := f.Origin
		if f.Why != "" {
			text += "; " + f.Why
		}
		out("      %s", text)
	}
}

func (e *env) printSteps(title string, steps []project.Step, action project.Action, out func(string, ...any)) {
	first := true
	for _, s := range steps {
		if s.Action != action {
			continue
		}
		if first {
			out("%s", title)
			first = false
		}
		values := s.Values
		if action == project.ActionUnset || action == project.ActionKept {
			values = s.Now
		}
		out("  %s = %s", s.Key, strings.Join(values, ", "))
		switch action {
		case project.ActionChange:
			out("      it was %s", strings.Join(s.Now, ", "))
		case project.ActionKept:
			out("      %s says so, not %s", s.Origin, strings.Join(s.Values, ", "))
		case project.ActionYours:
			out("      %s says so", s.Origin)
		}
		if s.Why != "" {
			out("      %s", s.Why)
		}
		if s.Source != "" {
			out("      %s", s.Source)
		}
	}
}

func (e *env) printInitCommands(r *initReport, out func(string, ...any)) {
	for i, c := range r.Commands {
		if i == 0 {
			out("run only with your consent:")
		}
		state := "not given"
		switch {
		case c.Consent:
			state = "given"
		case r.trust:
			state = "given by --trust"
		}
		out("  %s", c.Command)
		out("      %s %s; %s", c.Key, c.Where, state)
	}
}

func (e *env) printProfiles(r *initReport, out func(string, ...any)) {
	for i, p := range r.Profiles {
		if i == 0 {
			out("profiles, '--profile PROFILE' takes another:")
		}
		mark := " "
		if p.Counts {
			mark = "*"
		}
		text := p.From
		if p.Title != "" {
			text = p.Title
		}
		out("%s %s: %s", mark, p.Name, text)
	}
}

// noteInit says what was done, and what comes next.
func (e *env) noteInit(c *cli.Context, r *initReport) {
	waiting := slices.ContainsFunc(r.Commands, func(c initCommandReport) bool { return !c.Consent })
	switch {
	case r.Applied:
		e.notef("written into the repository's configuration; 'kprep init --remove' takes it back")
	case r.adoption.Changes() && c.Bool("dry-run"):
		e.notef("dry run: nothing was changed")
	case r.adoption.Changes():
		e.notef("nothing was changed; 'kprep init --yes' writes this into the repository's configuration")
	default:
		e.notef("there is nothing to change")
	}
	if waiting {
		e.notef("the first 'kprep collect' and 'kprep check' ask for your consent; '--trust' gives it now")
	}
}

// printPresets prints the presets, a line each.
func (e *env) printPresets(list []listedPreset) {
	width := 0
	for _, p := range list {
		width = max(width, len(p.Name))
	}
	for _, p := range list {
		mark := " "
		if p.Fits {
			mark = "*"
		}
		text := p.Title
		if len(p.Profiles) > 0 {
			text += fmt.Sprintf(", %d profiles", len(p.Profiles))
		}
		fmt.Fprintf(e.stdout, "%s %-*s  %s\n", mark, width, p.Name, text)
	}
}

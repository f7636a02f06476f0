package project

import (
	"context"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// An Action says what 'kprep init' does with a key.
type Action string

const (
	ActionSet     Action = "set"     // nobody has set it
	ActionChange  Action = "change"  // an earlier init set it, and the preset says otherwise by now
	ActionUnset   Action = "unset"   // an earlier init set it, and nothing says so any more
	ActionDone    Action = "done"    // an earlier init set it so
	ActionKept    Action = "kept"    // the user has set it, otherwise
	ActionYours   Action = "yours"   // the user has set it so
	ActionProject Action = "project" // a file of the project says it, and comes before a preset
)

// A Step is what 'kprep init' does with one key, and why.
type Step struct {
	Key    string   `json:"key"`
	Action Action   `json:"action"`
	Values []string `json:"values"`           // that the preset has, or the user has asked for
	Now    []string `json:"now,omitempty"`    // that count now
	Origin string   `json:"origin,omitempty"` // of Now, as git or [Finding] says it
	Why    string   `json:"why,omitempty"`
	Source string   `json:"source,omitempty"` // URL of where the project says so
}

// remembered says whether the key will hold what 'kprep init' put there.
func (s Step) remembered() bool {
	return s.Action == ActionSet || s.Action == ActionChange || s.Action == ActionDone
}

// A Choice is what a repository is to be set up for.
type Choice struct {
	Match   Match    // its Preset is nil for none
	Profile string   // of the preset; "" for none
	Publish string   // profile of .gitpublish to record; "" leaves that as it is
	To      []string // lists of --to, which come before the preset's recipients
}

// SendTo has every series go to these lists of addresses, as --to says them.
func (c *Choice) SendTo(lists []string) {
	c.To, c.Match.Facts.List = lists, listOnSourceHut(lists)
}

// An Adoption is what 'kprep init' would make of the repository's
// configuration.
type Adoption struct {
	Choice Choice
	Steps  []Step

	settings *Settings
}

// Adopt finds out what to do with each key of the choice, and with what an
// earlier init left. Nothing is written.
func (s *Settings) Adopt(ctx context.Context, c Choice) (*Adoption, error) {
	lines, err := s.repo.ConfigOrigins(ctx)
	if err != nil {
		return nil, err
	}
	a := &Adoption{Choice: c, settings: s}
	for _, d := range c.defaults() {
		a.Steps = append(a.Steps, s.step(d, lines))
	}
	for _, key := range s.adopted.keys {
		if why := a.obsolete(key); why != "" && s.adopted.has(key) {
			a.Steps = append(a.Steps, Step{Key: key, Action: ActionUnset, Values: []string{}, Now: s.adopted.values[key], Origin: originOf(s.lines(lines, key, true)), Why: why})
		}
	}
	return a, nil
}

// obsolete says why a key that an earlier init set is no longer to be set; ""
// for one that is.
func (a *Adoption) obsolete(key string) string {
	i := slices.IndexFunc(a.Steps, func(step Step) bool { return strings.EqualFold(step.Key, key) })
	switch {
	case i < 0:
		return "An earlier 'kprep init' set it; now nothing says so."
	case a.Steps[i].remembered():
		return ""
	case a.Steps[i].Action == ActionProject:
		return "An earlier 'kprep init' set it; now the project says it itself."
	}
	return "An earlier 'kprep init' set it; now you do so yourself."
}

// defaults are what the choice says, placeholders filled in.
func (c Choice) defaults() []Default {
	var list []Default
	if c.Match.Preset != nil {
		list = c.Match.Preset.For(c.Profile)
	}
	if len(c.To) > 0 {
		const key = "b4.send-series-to"
		to := Default{Key: key, Values: c.To, Why: "You asked for it with --to."}
		list = append([]Default{to}, slices.DeleteFunc(list, func(d Default) bool { return d.Key == key })...)
	}
	if c.Publish != "" {
		list = append(list, Default{Key: "kprep.profile", Values: []string{c.Publish}, Why: "You asked for that profile of " + publishFile + "."})
	}
	var filled []Default
	for _, d := range list {
		var values []string
		for _, value := range d.Values {
			if value, ok := c.Match.Facts.fill(value); ok {
				values = append(values, value)
			}
		}
		if d.Values = values; len(values) > 0 {
			filled = append(filled, d)
		}
	}
	return filled
}

func (s *Settings) step(d Default, lines gitrepo.ConfigOrigins) Step {
	step := Step{Key: d.Key, Values: d.Values, Why: d.Why, Source: d.Source}
	if own := s.own(d.Key, lines); len(own) > 0 {
		step.Action, step.Origin = ActionKept, originOf(own)
		for _, l := range own {
			step.Now = append(step.Now, l.Value)
		}
		if slices.Equal(step.Now, step.Values) {
			step.Action = ActionYours
		}
		return step
	}
	if values, origin := s.shipped(d.Key); len(values) > 0 {
		step.Action, step.Now, step.Origin = ActionProject, values, origin
		return step
	}
	key := strings.ToLower(d.Key)
	switch {
	case !s.adopted.has(key):
		step.Action = ActionSet
	case slices.Equal(s.adopted.values[key], d.Values):
		step.Action = ActionDone
	default:
		step.Action = ActionChange
	}
	if step.Action != ActionSet {
		step.Now, step.Origin = s.adopted.values[key], originOf(s.lines(lines, key, true))
	}
	return step
}

// own are the lines with which the user himself sets what key stands for, of
// the spelling that counts.
func (s *Settings) own(key string, lines gitrepo.ConfigOrigins) gitrepo.ConfigOrigins {
	for _, spelling := range spellings(key) {
		if found := s.lines(lines, spelling, false); len(found) > 0 {
			return found
		}
	}
	return nil
}

// spellings are the keys, in lower case, that stand for the same setting, the
// one that counts first.
func spellings(key string) []string {
	section, name, _ := strings.Cut(strings.ToLower(key), ".")
	if section != "kprep" && section != "b4" {
		return []string{section + "." + name}
	}
	list := []string{"kprep." + name, "b4." + name}
	switch name {
	case "patchwork":
		list = append(list, "kprep.pw-url", "b4.pw-url")
	case "patchwork-project":
		list = append(list, "kprep.pw-project", "b4.pw-project")
	}
	return list
}

// shipped is what the project's files say of what key stands for.
func (s *Settings) shipped(key string) (values []string, origin string) {
	for _, spelling := range spellings(key) {
		_, name, _ := strings.Cut(spelling, ".")
		for _, src := range s.sources(name, isCommand(name)) {
			if src.file == "" {
				continue
			}
			if values := src.values(); len(values) > 0 {
				return values, src.file + " of commit " + s.base.Short()
			}
		}
	}
	return nil, ""
}

// originOf is where lines stand; of several the last one's, which git lets win.
func originOf(lines gitrepo.ConfigOrigins) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1].Origin
}

// Changes says whether there is anything to write.
func (a *Adoption) Changes() bool {
	was := a.settings.adopted
	return len(a.edits()) > 0 || was.preset != a.presetName() || was.profile != a.Choice.Profile || !slices.Equal(was.to, a.Choice.To)
}

// edits are the steps that change the configuration.
func (a *Adoption) edits() []Step {
	var list []Step
	for _, step := range a.Steps {
		if step.Action == ActionSet || step.Action == ActionChange || step.Action == ActionUnset {
			list = append(list, step)
		}
	}
	return list
}

func (a *Adoption) presetName() string {
	if a.Choice.Match.Preset == nil {
		return ""
	}
	return a.Choice.Match.Preset.Name
}

// Commands are those of the project that run only with consent, as they will be
// once the adoption is applied.
func (a *Adoption) Commands() ([]Command, error) {
	var list []Command
	for _, name := range []string{"send-auto-to-cmd", "send-auto-cc-cmd", "prep-perpatch-check-cmd"} {
		commands, err := a.commands(name)
		if err != nil {
			return nil, err
		}
		for _, c := range commands {
			if c.NeedsConsent() {
				list = append(list, c)
			}
		}
	}
	return list, nil
}

// remaining are the settings without what is to be taken out.
func (a *Adoption) remaining() *Settings {
	rest := *a.settings
	rest.adopted.dropped = nil
	for _, step := range a.Steps {
		if step.Action == ActionUnset {
			rest.adopted.dropped = append(rest.adopted.dropped, strings.ToLower(step.Key))
		}
	}
	return &rest
}

func (a *Adoption) commands(name string) ([]Command, error) {
	src := source{config: a.settings.user, key: "b4." + name, preset: true}
	i := slices.IndexFunc(a.Steps, func(step Step) bool { return step.Key == src.key && step.remembered() })
	if i < 0 {
		return a.remaining().Commands(name)
	}
	var list []Command
	for _, line := range a.Steps[i].Values {
		c, _, err := a.settings.command(name, src, line)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

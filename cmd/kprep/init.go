package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
)

func initCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "init",
		Category: groupSetUp,
		Usage:    "set this repository up for its project",
		Description: "Finds out which project this is, and shows what it wants: what its own files\n" +
			".b4-config and .gitpublish say, and what kprep knows of it from its guide, each\n" +
			"value with the reason and the source. After you agree, the latter goes into the\n" +
			"repository's configuration. What you have set yourself is never changed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "preset", Usage: "use `PRESET`, whatever the repository looks like; none for no preset"},
			&cli.StringFlag{Name: "profile", Usage: "use `PROFILE`, of .gitpublish or of the preset"},
			addressFlag("to", "every series goes to `ADDRESS`, whatever the preset has"),
			&cli.BoolFlag{Name: "list", Usage: "list the presets"},
			&cli.BoolFlag{Name: "remove", Usage: "take back what an earlier 'kprep init' has set"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "change nothing, do not ask"},
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"},
			&cli.BoolFlag{Name: "trust", Usage: "agree to run the commands that came with the tree"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON; changes something with --yes only"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			for _, alone := range []string{"list", "remove"} {
				for _, other := range []string{"preset", "profile", "to", "trust"} {
					if err := exclusive(c, alone, other); err != nil {
						return err
					}
				}
			}
			for _, pair := range [][]string{{"list", "remove"}, {"list", "yes"}, {"list", "dry-run"}, {"dry-run", "trust"}} {
				if err := exclusive(c, pair...); err != nil {
					return err
				}
			}
			if slices.ContainsFunc(c.StringSlice("to"), func(to string) bool { return strings.TrimSpace(to) == "" }) {
				return usagef(c.Command.Name, "--to names no address")
			}
			if c.Bool("list") {
				return e.listPresets(c)
			}
			settings, err := e.projectSettings(c)
			if err != nil {
				return err
			}
			if c.Bool("remove") {
				return e.removeInit(c, settings)
			}
			return e.initProject(c, settings)
		},
	}
}

// projectSettings are those of the commit whose project files count here.
func (e *env) projectSettings(c *cli.Context) (*project.Settings, error) {
	repo, err := e.openRepo(c.Context)
	if err != nil {
		return nil, err
	}
	base, err := settingsCommit(c.Context, repo)
	if err != nil {
		return nil, err
	}
	return project.Load(c.Context, repo, base)
}

func (e *env) initProject(c *cli.Context, settings *project.Settings) error {
	matches, err := settings.Detect()
	if err != nil {
		return err
	}
	choice, err := e.chooseProject(c, settings, matches)
	if err != nil {
		return err
	}
	if choice.Publish != "" {
		settings = settings.WithProfile(choice.Publish)
	}
	consents, err := project.UserConsents(e.getenv)
	if err != nil {
		return err
	}
	report, err := e.reportInit(c, settings, choice, matches, consents)
	if err != nil {
		return err
	}
	if report.empty() {
		return errNoPreset
	}
	if !c.Bool("json") {
		e.printInit(report)
	}
	if report.Applied, err = e.agreeToInit(c, report); err != nil {
		return err
	}
	if report.Applied {
		if err := report.adoption.Apply(c.Context); err != nil {
			return err
		}
	}
	if err := e.trustInit(c, report, consents); err != nil {
		return err
	}
	if c.Bool("json") {
		return e.printJSON(report)
	}
	e.noteInit(c, report)
	return nil
}

// suggestInit tells of 'kprep init' where it would have something to say and
// nobody has said it. What is in its way is no matter here.
func (e *env) suggestInit(ctx context.Context, repo *gitrepo.Repo, base gitrepo.ID) {
	settings, err := project.Load(ctx, repo, base)
	if err != nil || e.quiet || settings.Told() {
		return
	}
	matches, err := settings.Detect()
	if err != nil || len(matches) == 0 {
		return
	}
	e.notef("this looks like %s; 'kprep init' shows what it wants of a series", matches[0].Preset.Title)
}

// errNoPreset means that nothing is known of a project.
var errNoPreset = errors.New("no preset fits this repository, and its project says nothing in .b4-config or .gitpublish")

// chooseProject is what the user has asked for, now or in an earlier init, else
// what fits the repository best.
func (e *env) chooseProject(c *cli.Context, settings *project.Settings, matches []project.Match) (project.Choice, error) {
	var match project.Match
	name := c.String("preset")
	if earlier, ok := settings.Adopted(); ok && !c.IsSet("preset") && earlier != project.NoPreset {
		name = earlier
	}
	var err error
	if name != "" {
		preset, findErr := project.FindPreset(name)
		if unknown := (*project.UnknownPresetError)(nil); errors.As(findErr, &unknown) {
			return project.Choice{}, fmt.Errorf("%w%s", findErr, suggestion(name, append(unknown.Known, project.NoPreset)))
		}
		if findErr != nil {
			return project.Choice{}, findErr
		}
		match, err = settings.Match(preset)
	} else {
		match, _, err = project.Best(matches)
	}
	if err != nil {
		return project.Choice{}, err
	}
	choice := settings.Again(match)
	if c.IsSet("to") {
		choice.SendTo(c.StringSlice("to"))
	}
	if c.IsSet("profile") {
		err = chooseProfile(&choice, settings, c.String("profile"))
	}
	return choice, err
}

// chooseProfile takes a profile of the project, of the preset, or of both.
func chooseProfile(choice *project.Choice, settings *project.Settings, name string) error {
	shipped, _ := settings.Profiles()
	unknown := &project.UnknownProfileError{Name: name, Known: shipped}
	found := slices.Contains(shipped, name)
	if found {
		choice.Publish = name
	}
	if preset := choice.Match.Preset; preset != nil {
		if slices.Contains(preset.ProfileNames(), name) {
			choice.Profile, found = name, true
		}
		if len(preset.Profiles) > 0 {
			unknown.Preset, unknown.Known = preset.Name, append(unknown.Known, preset.ProfileNames()...)
		}
	}
	if !found {
		return fmt.Errorf("%w%s", unknown, suggestion(name, unknown.Known))
	}
	return nil
}

// agreeToInit says whether the configuration is to be changed.
func (e *env) agreeToInit(c *cli.Context, r *initReport) (bool, error) {
	switch {
	case !r.adoption.Changes() || c.Bool("dry-run"):
		return false, nil
	case c.Bool("yes"):
		return true, nil
	case c.Bool("json") || !e.mayPrompt():
		return false, nil
	}
	return true, e.confirm(c.Context, "Write this into the repository's configuration?", "")
}

// trustInit gives the consent of --trust to what the project wants to run.
func (e *env) trustInit(c *cli.Context, r *initReport, consents project.Consents) error {
	if !c.Bool("trust") {
		return nil
	}
	for i, cmd := range r.commands {
		if err := consents.Give(e.repo, cmd); err != nil {
			return err
		}
		r.Commands[i].Consent = true
	}
	return nil
}

// removeInit takes back what init has set.
func (e *env) removeInit(c *cli.Context, settings *project.Settings) error {
	preset, ok := settings.Adopted()
	if !ok {
		return errNotInitialised
	}
	removed, kept := settings.Removable()
	if c.Bool("json") {
		if err := e.printJSON(struct {
			Schema  int      `json:"schema"`
			Preset  string   `json:"preset"`
			Removed []string `json:"removed"`
			Kept    []string `json:"kept"`
			Applied bool     `json:"applied"`
		}{1, preset, append([]string{}, removed...), append([]string{}, kept...), c.Bool("yes")}); err != nil {
			return err
		}
	} else {
		if preset == project.NoPreset {
			fmt.Fprintln(e.stdout, "no longer: that no preset is wanted")
		}
		for _, key := range removed {
			fmt.Fprintf(e.stdout, "no longer: %s\n", patchmail.PrintableLine(key))
		}
		for _, key := range kept {
			fmt.Fprintf(e.stdout, "kept, as you have changed it: %s\n", patchmail.PrintableLine(key))
		}
	}
	switch {
	case c.Bool("dry-run"):
		e.notef("dry run: nothing was changed")
		return nil
	case c.Bool("yes"):
	case c.Bool("json") || !e.mayPrompt():
		e.notef("nothing was changed; 'kprep init --remove --yes' does it")
		return nil
	default:
		if err := e.confirm(c.Context, "Take this out of the repository's configuration?", ""); err != nil {
			return err
		}
	}
	return settings.Abandon(c.Context)
}

// errNotInitialised means that there is nothing to take back.
var errNotInitialised = errors.New("'kprep init' has set nothing in this repository")

// listPresets lists the presets, those that fit the repository marked.
func (e *env) listPresets(c *cli.Context) error {
	presets, err := project.Presets()
	if err != nil {
		return err
	}
	var fitting []string
	if settings, err := e.projectSettings(c); err == nil {
		matches, err := settings.Detect()
		if err != nil {
			return err
		}
		for _, m := range matches {
			fitting = append(fitting, m.Preset.Name)
		}
	} else if !errors.Is(err, gitrepo.ErrNotRepository) {
		return err
	}
	list := []listedPreset{}
	for _, p := range presets {
		list = append(list, listedPreset{Name: p.Name, Title: p.Title, Guide: p.Guide, Profiles: append([]string{}, p.ProfileNames()...), Fits: slices.Contains(fitting, p.Name)})
	}
	if c.Bool("json") {
		return e.printJSON(struct {
			Schema  int            `json:"schema"`
			Presets []listedPreset `json:"presets"`
		}{1, list})
	}
	e.printPresets(list)
	return nil
}

// A listedPreset is one of the presets that there are.
type listedPreset struct {
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Guide    string   `json:"guide"`
	Profiles []string `json:"profiles"`
	Fits     bool     `json:"fits"` // the repository that we are in
}

package main

import (
	"errors"
	"fmt"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
)

// initHint helps with what 'kprep init' cannot make out.
func initHint(err error) string {
	var subject *series.SubjectError
	switch {
	case errors.Is(err, errNoPreset):
		return "'kprep init --list' names the presets; 'kprep init --to ADDRESS' sends every series there"
	case errors.Is(err, errNotInitialised):
		return "'kprep config --explain KEY' says where a setting comes from"
	case errors.As(err, new(*project.AmbiguousError)):
		return "nothing was changed; '--preset PRESET' says which it is"
	case errors.As(err, new(*project.UnknownPresetError)):
		return "nothing was changed; 'kprep init --list' names the presets"
	case errors.As(err, new(*project.UnknownProfileError)):
		return "nothing was changed; 'kprep init --dry-run' lists the profiles"
	case errors.As(err, &subject):
		return fmt.Sprintf("'kprep config --explain %s' says where it stands; your own comes before the project's: 'git config kprep.%[1]s TEXT'", subject.Setting)
	case errors.As(err, new(*project.ProfileError)):
		return "'git config kprep.profile NAME' names another one, 'git config --unset kprep.profile' none"
	case errors.Is(err, project.ErrConfigBusy), errors.Is(err, gitrepo.ErrConfigChanged):
		return "nothing was changed; run the command again"
	}
	return ""
}

package main

import (
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// coloured decides on colours for stdout by the configuration: color.kprep, then the
// others, then color.ui.
func (e *env) coloured(config *gitrepo.Config, others ...string) bool {
	for _, key := range append(append([]string{"color.kprep"}, others...), "color.ui") {
		if value, set := config.Get(key); set {
			return e.useColour(value)
		}
	}
	return e.useColour("")
}

// useColour decides on colours for stdout. The --color option wins; then
// NO_COLOR; then configured, the value of a setting as git understands it
// ("" for none); and auto means: on a terminal.
func (e *env) useColour(configured string) bool {
	when := e.colour
	if when == "auto" && e.getenv("NO_COLOR") == "" {
		switch strings.ToLower(configured) {
		case "always":
			when = "always"
		case "never", "false", "no", "off", "0":
			when = "never"
		}
	}
	if when != "auto" {
		return when == "always"
	}
	return e.terminal.stdout && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
}

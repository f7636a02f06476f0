package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
)

func configCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "config",
		Category:  groupSetUp,
		Usage:     "show what a setting is, and where it comes from",
		ArgsUsage: "[KEY]",
		Description: "KEY is a setting of kprep and b4 (send-auto-to-cmd, b4.send-auto-to-cmd), or any\n" +
			"other of git's (sendemail.smtpServer). kprep.NAME comes before b4.NAME, and your\n" +
			"own before the project's .b4-config. Change settings with 'git config'. With\n" +
			"--explain alone, settings that several places set, and not alike, are named.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "explain", Usage: "say where the value comes from, and what it comes before"},
			&cli.StringFlag{Name: "identity", Usage: "look sendemail settings up for the identity `NAME`"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: func(c *cli.Context) error {
			keys, err := argsBetween(c, 0, 1)
			if err != nil {
				return err
			}
			if len(keys) == 0 {
				return e.contradictions(c)
			}
			x, err := e.explainSetting(c, keys[0])
			if err != nil {
				return err
			}
			if len(x.Values()) == 0 && !c.Bool("explain") && !c.Bool("json") {
				return e.unset(x)
			}
			if c.Bool("json") {
				return e.printJSON(struct {
					Schema int `json:"schema"`
					project.Explanation
				}{1, x})
			}
			return e.printExplanation(x, c.Bool("explain"))
		},
	}
}

// unset says that no value of a setting counts.
func (e *env) unset(x project.Explanation) error {
	if len(x.Findings) > 0 {
		return fmt.Errorf("%s is asked for, but not in force; 'kprep config --explain %s' says why", x.Name, x.Name)
	}
	config, err := e.repo.Config()
	if err != nil {
		return err
	}
	return fmt.Errorf("%s is not set%s", x.Name, suggestion(x.Name, config.Keys()))
}

// contradictions prints the settings that several places set, and not alike.
func (e *env) contradictions(c *cli.Context) error {
	if !c.Bool("explain") || c.IsSet("identity") {
		return usagef("config", "name the setting; --explain alone tells of contradictions")
	}
	settings, err := e.settings(c.Context)
	if err != nil {
		return err
	}
	all, err := settings.Contradictions(c.Context)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return e.printJSON(struct {
			Schema         int                     `json:"schema"`
			Contradictions []project.Contradiction `json:"contradictions"`
		}{1, append([]project.Contradiction{}, all...)})
	}
	if len(all) == 0 {
		e.notef("no two places set a setting of kprep differently")
	}
	for _, line := range contradictionLines(all) {
		fmt.Fprintln(e.stdout, patchmail.PrintableLine(line))
	}
	return nil
}

// contradictionLines name each place, the one that counts first.
func contradictionLines(all []project.Contradiction) []string {
	var lines []string
	for _, c := range all {
		word := c.Name + ":"
		for _, f := range c.Findings {
			lines = append(lines, fmt.Sprintf("%s %s = %s in %s", word, f.Key, f.Value, f.Origin))
			word = "but"
		}
	}
	return lines
}

// settings are those that count here.
func (e *env) settings(ctx context.Context) (*project.Settings, error) {
	repo, err := e.openRepo(ctx)
	if err != nil {
		return nil, err
	}
	base, err := settingsCommit(ctx, repo)
	if err != nil {
		return nil, err
	}
	return project.Load(ctx, repo, base)
}

func (e *env) explainSetting(c *cli.Context, key string) (project.Explanation, error) {
	settings, err := e.settings(c.Context)
	if err != nil {
		return project.Explanation{}, err
	}
	consents, err := project.UserConsents(e.getenv)
	if err != nil {
		consents = project.Consents{} // without a home nobody can have consented
	}
	identity := c.String("identity")
	if !c.IsSet("identity") {
		for _, key := range []string{"kprep.sendemail-identity", "b4.sendemail-identity", "sendemail.identity"} {
			if v := findConfig(e.repo, key); v != "" {
				identity = v
				break
			}
		}
	}
	return settings.Explain(c.Context, key, identity, consents)
}

// settingsCommit is the commit whose .b4-config counts: the base of the series
// that we are on, else HEAD.
func settingsCommit(ctx context.Context, repo *gitrepo.Repo) (gitrepo.ID, error) {
	if s, err := series.Load(ctx, repo, ""); err == nil {
		return s.Base, nil
	}
	head, err := repo.Commit("HEAD^{commit}")
	if err != nil {
		return "", nil // no commit yet: only the user's settings count
	}
	return head.ID, nil
}

func findConfig(repo *gitrepo.Repo, key string) string {
	config, err := repo.Config()
	if err != nil {
		return ""
	}
	v, _ := config.Get(key)
	return v
}

// printExplanation prints the values that count, one a line; explained, each
// followed by its origin, and by what it comes before.
func (e *env) printExplanation(x project.Explanation, explained bool) error {
	if !explained {
		for _, v := range x.Values() {
			fmt.Fprintln(e.stdout, e.shown(v))
		}
		return nil
	}
	if len(x.Findings) == 0 {
		fmt.Fprintf(e.stdout, "%s is not set anywhere\n", patchmail.PrintableLine(x.Name))
		return nil
	}
	for _, f := range x.Findings {
		word := "passed over"
		if f.Counts {
			word = "in force"
		}
		fmt.Fprintf(e.stdout, "%s: %s = %s\n", word, patchmail.PrintableLine(f.Key), patchmail.PrintableLine(f.Value))
		fmt.Fprintf(e.stdout, "  set in %s (%s)\n", patchmail.PrintableLine(f.Origin), f.Scope)
		if f.Why != "" {
			fmt.Fprintf(e.stdout, "  %s\n", patchmail.PrintableLine(f.Why))
		}
	}
	return nil
}

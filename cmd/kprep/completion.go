package main

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/docs"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

//go:embed completion
var completionScripts embed.FS

func completionCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Category:  groupSetUp,
		Usage:     "print what completes command lines in a shell",
		ArgsUsage: "SHELL",
		Description: "SHELL is bash, zsh or fish. It completes 'kprep' and 'git kprep':\n" +
			"  bash: put  source <(kprep completion bash)  into ~/.bashrc\n" +
			"  zsh:  kprep completion zsh >DIR/_kprep, DIR being in $fpath\n" +
			"  fish: kprep completion fish >~/.config/fish/conf.d/kprep.fish",
		Action: func(c *cli.Context) error {
			words, err := args(c, 1)
			if err != nil {
				return err
			}
			if !slices.Contains(shells(), words[0]) {
				return usagef("completion", "there is one for %s, not for %q%s", strings.Join(shells(), ", "), words[0], suggestion(words[0], shells()))
			}
			script, err := completionScripts.ReadFile("completion/" + words[0])
			if err == nil {
				_, err = e.stdout.Write(script)
			}
			return err
		},
	}
}

func shells() []string { return []string{"bash", "fish", "zsh"} }

// completeCommand is what the scripts call: it gets the words after "kprep" up
// to the cursor, and prints a line for each that may stand for the last one;
// "/" alone, which no word is, stands for names of files.
func completeCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "complete", Hidden: true, SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			e.progress.end() // somebody is typing
			c1 := complete(newApp(e, commands(e)), c.Args().Slice(), e.vocabulary(c.Context))
			if c1.files {
				c1.words = append(c1.words, "/")
			}
			for _, word := range c1.words {
				if !strings.ContainsFunc(word, unicode.IsControl) {
					fmt.Fprintln(e.stdout, word)
				}
			}
			return nil
		},
	}
}

// vocabulary knows the words of the program, and those of the repository here,
// in which it changes nothing. Where there is none, or it cannot be read,
// nothing comes of it: no completion is better than an error in the middle of a
// line.
func (e *env) vocabulary(ctx context.Context) vocabulary {
	return func(verb, name string) []string {
		switch {
		case name == "WHEN":
			return []string{"always", "auto", "never"}
		case name == "FORM":
			return []string{"attach", "eml", "mbox"}
		case name == "VERB":
			return names(commands(e))
		case name == "TOPIC":
			return e.topicNames()
		case name == "SHELL":
			return shells()
		case name == "NAME" && verb == "send":
			return submission.Allowable()
		case name == "KEY" && verb == "info", name == "WHICH":
			return slices.DeleteFunc(series.FactNames(), func(key string) bool { return strings.Contains(key, "…") })
		case name == "KEY" && verb == "set":
			return setKeys()
		case name == "KEY" && verb == "config":
			return e.settingNames(ctx)
		case name == "PRESET":
			return presetNames()
		case name == "PROFILE":
			return e.profileNames(ctx)
		case name == "BRANCH":
			return e.refNames(ctx, "refs/heads/")
		case slices.Contains([]string{"FORK", "BASE", "ONTO", "COMMIT"}, name):
			return e.refNames(ctx, "refs/heads/", "refs/tags/", "refs/remotes/")
		case name == "REV", name == "REVISION":
			return e.revisionNames(ctx)
		}
		return nil
	}
}

// settingNames are the settings in force that have to do with mail.
func (e *env) settingNames(ctx context.Context) []string {
	var keys []string
	e.glance(ctx, func(repo *gitrepo.Repo) error {
		config, err := repo.Config()
		if err != nil {
			return err
		}
		for _, key := range config.Keys() {
			section, _, _ := strings.Cut(key, ".")
			if slices.Contains([]string{"kprep", "b4", "sendemail", "patatt", "lore"}, section) {
				keys = append(keys, key)
			}
		}
		return nil
	})
	return keys
}

func (e *env) topicNames() []string {
	pages, err := docs.Pages()
	if err != nil {
		e.debugf("%v", err)
	}
	return topicNames(pages)
}

func presetNames() []string {
	presets, err := project.Presets()
	if err != nil {
		return nil
	}
	names := []string{project.NoPreset}
	for _, p := range presets {
		names = append(names, p.Name)
	}
	return names
}

// profileNames are the profiles of the project here, and of the presets that fit
// it.
func (e *env) profileNames(ctx context.Context) []string {
	var names []string
	e.glance(ctx, func(repo *gitrepo.Repo) error {
		base, err := settingsCommit(ctx, repo)
		if err != nil {
			return err
		}
		settings, err := project.Load(ctx, repo, base)
		if err != nil {
			return err
		}
		names, _ = settings.Profiles()
		matches, err := settings.Detect()
		for _, m := range matches {
			names = append(names, m.Preset.ProfileNames()...)
		}
		return err
	})
	return names
}

// refNames are the names below prefixes, short.
func (e *env) refNames(ctx context.Context, prefixes ...string) []string {
	var names []string
	e.glance(ctx, func(repo *gitrepo.Repo) error {
		refs, err := repo.Refs(ctx, prefixes...)
		for _, ref := range refs {
			for _, prefix := range prefixes {
				if short, below := strings.CutPrefix(ref.Name, prefix); below {
					names = append(names, short)
				}
			}
		}
		return err
	})
	return names
}

// revisionNames are the revisions of the series here that were sent, and HEAD.
func (e *env) revisionNames(ctx context.Context) []string {
	var names []string
	e.glance(ctx, func(repo *gitrepo.Repo) error {
		s, err := series.Load(ctx, repo, "")
		if err != nil {
			return err
		}
		sent, err := s.Sent(ctx)
		for _, revision := range sent {
			names = append(names, fmt.Sprintf("v%d", revision.Revision))
		}
		names = append(names, "HEAD")
		return err
	})
	return names
}

// glance reads the repository here, and puts nothing right in it.
func (e *env) glance(ctx context.Context, read func(*gitrepo.Repo) error) {
	repo, err := gitrepo.Open(ctx, e.dir, gitrepo.Options{Env: e.environ, Config: e.config})
	if err != nil {
		return
	}
	defer repo.Close()
	if err := read(repo); err != nil {
		e.debugf("%v", err)
	}
}

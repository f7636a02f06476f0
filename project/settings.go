package project

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// The files in which a project keeps its settings, at the top of its tree.
const (
	configFile  = ".b4-config"
	publishFile = ".gitpublish"
)

// Settings answers what the user and the project want. Names are those of
// spec/b4-interop.md part 11 without their section; case does not count.
type Settings struct {
	// Home is where "~/" leads in the user's own values. Empty refuses them.
	Home string

	repo    *gitrepo.Repo
	base    gitrepo.ID
	user    *gitrepo.Config
	tree    *gitrepo.Config // .b4-config; nil when there is none
	publish published       // .gitpublish
	adopted adopted         // what 'kprep init' put into the user's configuration
}

// Load reads the user's configuration, and .b4-config and .gitpublish of the
// commit base; "" stands for no commit, so that only the user counts. A file
// that git cannot read is an error, and so is a *ProfileError.
func Load(ctx context.Context, repo *gitrepo.Repo, base gitrepo.ID) (*Settings, error) {
	s := &Settings{repo: repo, base: base}
	var err error
	if base != "" {
		if s.tree, err = repo.ConfigFromCommit(ctx, base, configFile); err != nil {
			return nil, err
		}
	}
	if s.user, err = repo.Config(); err != nil {
		return nil, err
	}
	if s.publish, err = loadPublished(ctx, repo, base, s.user); err != nil {
		return nil, err
	}
	s.adopted = readAdopted(s.user)
	return s, nil
}

// A Value is what a setting is set to.
type Value struct {
	// Text is as configured, but for "./path" from the tree, which is
	// resolved against the top of the work tree when there is one. Read files
	// with [Settings.ReadFile].
	Text string
	Key  string // the full key it came from, such as "b4.send-prefixes"
	File string // of the tree that it is in, such as ".b4-config"; "" for the user's own
}

// FromTree says whether the project has set it, not the user.
func (v Value) FromTree() bool { return v.File != "" }

// A source is one place where a setting may be set.
type source struct {
	config *gitrepo.Config
	key    string
	file   string              // of the tree; "" for the user's configuration
	preset bool                // 'kprep init' put it into the user's configuration
	reads  func(string) string // what its words mean here; nil for what they say
}

// where names the source for people.
func (src source) where() string {
	if src.file != "" {
		return src.key + " in " + src.file
	}
	return "configuration " + src.key
}

// values are what the source says, in its order.
func (src source) values() []string {
	texts := src.config.All(src.key)
	if src.reads == nil {
		return texts
	}
	read := make([]string, len(texts))
	for i, text := range texts {
		read[i] = src.reads(text)
	}
	return read
}

// sources lists where a setting may be set, the one that counts first: the
// user's configuration, as kprep, b4 and git-publish spell it, .b4-config,
// .gitpublish, and last what 'kprep init' took from a preset, which may be older
// than the project's files. command says whether command lines are asked for.
func (s *Settings) sources(name string, command bool) []source {
	lower := strings.ToLower(name)
	var list, presets []source
	for _, section := range []string{"kprep.", "b4."} {
		own := source{config: s.user, key: section + name}
		if s.adopted.has(section + lower) {
			own.config = s.adopted.elsewhere
			if !slices.Contains(s.adopted.dropped, section+lower) {
				presets = append(presets, source{config: s.adopted.local, key: section + name, preset: true})
			}
		}
		list = append(list, own)
	}
	allowed := mayBeFromTree
	if command {
		allowed = mayRunFromTree
	}
	var own, shipped []source // of git-publish's profile
	if isCommand(lower) == command {
		own, shipped = s.publish.sources(lower)
	}
	list = append(list, own...)
	if s.tree != nil && allowed(lower) {
		list = append(list, source{config: s.tree, key: "b4." + name, file: configFile})
	}
	list = append(list, shipped...)
	return append(list, presets...)
}

// Get returns the value of a setting from the first source that has it:
// kprep.NAME of the user's configuration, b4.NAME, the user's profile of
// git-publish, .b4-config and .gitpublish where the project may say it, what
// 'kprep init' took from a preset. The last one in a source counts.
func (s *Settings) Get(name string) (Value, bool) {
	all := s.All(name)
	if len(all) == 0 {
		return Value{}, false
	}
	return all[len(all)-1], true
}

// All returns every value of a setting, from the first source that has any, in
// the order of that source.
func (s *Settings) All(name string) []Value {
	for _, src := range s.sources(name, false) {
		if texts := src.values(); len(texts) > 0 {
			values := make([]Value, len(texts))
			for i, text := range texts {
				values[i] = s.value(src, text)
			}
			return values
		}
	}
	return nil
}

func (s *Settings) value(src source, text string) Value {
	if rest, ok := strings.CutPrefix(text, "./"); ok && src.file != "" && s.repo.TopLevel != "" && filepath.IsLocal(rest) {
		text = filepath.Join(s.repo.TopLevel, rest)
	}
	return Value{Text: text, Key: src.key, File: src.file}
}

// Bool reads a setting as git reads booleans, where b4's "y" and "n" count
// too. Without the setting it returns def.
func (s *Settings) Bool(name string, def bool) (bool, error) {
	for _, src := range s.sources(name, false) {
		if src.config.Scope(src.key) == "" {
			continue
		}
		b, err := src.config.Bool(src.key, def)
		if err == nil {
			return b, nil
		}
		text, _ := src.config.Get(src.key)
		switch strings.ToLower(text) {
		case "y":
			return true, nil
		case "n":
			return false, nil
		}
		return def, fmt.Errorf("%s: %q is not a boolean", src.where(), text)
	}
	return def, nil
}

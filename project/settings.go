package project

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// configFile is where a project keeps its settings, at the top of its tree.
const configFile = ".b4-config"

// Settings answers what the user and the project want. Names are those of
// spec/b4-interop.md part 11 without their section; case does not count.
type Settings struct {
	// Home is where "~/" leads in the user's own values. Empty refuses them.
	Home string

	repo *gitrepo.Repo
	base gitrepo.ID
	user *gitrepo.Config
	tree *gitrepo.Config // nil when the project says nothing
}

// Load reads the user's configuration and the .b4-config of the commit base;
// "" stands for no commit, so that only the user counts. A .b4-config that git
// cannot read is an error.
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
	return s, nil
}

// A Value is what a setting is set to.
type Value struct {
	// Text is as configured, but for "./path" from the tree, which is
	// resolved against the top of the work tree when there is one. Read files
	// with [Settings.ReadFile].
	Text     string
	Key      string // the full key it came from, such as "b4.send-prefixes"
	FromTree bool   // from .b4-config, not from the user
}

// A source is one place where a setting may be set.
type source struct {
	config   *gitrepo.Config
	key      string
	fromTree bool
}

// where names the source for people.
func (src source) where() string {
	if src.fromTree {
		return src.key + " in " + configFile
	}
	return "configuration " + src.key
}

// sources lists where name may be set, the one that counts first.
func (s *Settings) sources(name string, fromTree func(name string) bool) []source {
	list := []source{{config: s.user, key: "kprep." + name}, {config: s.user, key: "b4." + name}}
	if s.tree != nil && fromTree(strings.ToLower(name)) {
		list = append(list, source{s.tree, "b4." + name, true})
	}
	return list
}

// Get returns the value of a setting: kprep.NAME of the user's configuration,
// else b4.NAME, else b4.NAME of .b4-config where the project may say it. The
// last one in a source counts.
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
	for _, src := range s.sources(name, mayBeFromTree) {
		if texts := src.config.All(src.key); len(texts) > 0 {
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
	if rest, ok := strings.CutPrefix(text, "./"); ok && src.fromTree && s.repo.TopLevel != "" && filepath.IsLocal(rest) {
		text = filepath.Join(s.repo.TopLevel, rest)
	}
	return Value{Text: text, Key: src.key, FromTree: src.fromTree}
}

// Bool reads a setting as git reads booleans, where b4's "y" and "n" count
// too. Without the setting it returns def.
func (s *Settings) Bool(name string, def bool) (bool, error) {
	for _, src := range s.sources(name, mayBeFromTree) {
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

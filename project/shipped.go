package project

import (
	"context"
	"slices"
	"strings"
)

// Shipped is what the project's files say, and what becomes of it. It is empty
// without such files.
func (s *Settings) Shipped(ctx context.Context, consents Consents) ([]Finding, error) {
	if s.tree == nil && s.publish.tree == nil {
		return nil, nil
	}
	lines, err := s.repo.ConfigOrigins(ctx)
	if err != nil {
		return nil, err
	}
	var list []Finding
	for _, name := range s.settingNames(lines) {
		layers, err := s.settingLayers(lines, name, consents)
		if err != nil {
			return nil, err
		}
		for _, f := range rank(layers, holdsSeveral("kprep", name)) {
			if f.Scope == "project" {
				list = append(list, f)
			}
		}
	}
	return append(list, s.unmapped()...), nil
}

// unmapped is what the profile says beyond the settings that kprep has.
func (s *Settings) unmapped() []Finding {
	if s.publish.tree == nil {
		return nil
	}
	var list []Finding
	origin := publishFile + " of commit " + s.base.Short()
	for _, key := range s.publish.tree.Keys() {
		name, ok := strings.CutPrefix(key, profileSection+s.publish.profile+".")
		if !ok || slices.Contains([]string{"to", "cc", "prefix", "cccmd", "signoff"}, name) {
			continue
		}
		for _, text := range s.publish.tree.All(key) {
			f := Finding{Key: key, Value: text, Scope: "project", Origin: origin, Counts: name == "suppresscc"}
			if !f.Counts {
				f.Why = "it has no effect here"
			}
			list = append(list, f)
		}
	}
	return list
}

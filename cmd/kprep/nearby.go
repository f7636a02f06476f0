package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/kprep/kprep/series"
)

// nearby adds to an error about a branch or tag that is not there the name of the one
// that may be meant.
func (e *env) nearby(ctx context.Context, err error) error {
	word := missingRef(err)
	if word == "" || e.repo == nil {
		return err
	}
	refs, unread := e.repo.RefValues(ctx, "refs/heads/", "refs/remotes/", "refs/tags/")
	if unread != nil {
		return err // which says enough
	}
	word = strings.TrimPrefix(word, "refs/heads/")
	var names []string
	for _, ref := range slices.Sorted(maps.Keys(refs)) {
		name := strings.SplitN(ref, "/", 3)[2]
		if name == word {
			return err // it is there, and something else is wrong
		}
		if digits(name) == digits(word) { // v9.9 is no slip in v1.0
			names = append(names, name)
		}
	}
	if near := suggestion(word, names); near != "" {
		return &nearbyError{err, near}
	}
	return err
}

// digits are those of a text, and nothing else.
func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// missingRef is the name that the user gave, "" when err is about something else.
func missingRef(err error) string {
	fork, onto := (*series.ForkError)(nil), (*series.OntoError)(nil)
	branch, base := (*series.UnknownBranchError)(nil), (*series.BaseBranchError)(nil)
	switch {
	case errors.As(err, &fork):
		return fork.Fork
	case errors.As(err, &onto):
		return onto.Onto
	case errors.As(err, &branch):
		return branch.Branch
	case errors.As(err, &base):
		return base.Named
	}
	return ""
}

// A nearbyError is an error with what may be meant.
type nearbyError struct {
	err  error
	near string
}

func (e *nearbyError) Error() string { return e.err.Error() + e.near }
func (e *nearbyError) Unwrap() error { return e.err }

package main

import (
	"errors"
	"fmt"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
)

// compareHint helps with states of a series that cannot be compared.
func compareHint(err error) string {
	const shallow = "if the clone is shallow, 'git fetch --unshallow' brings what is missing"
	unbased, unrelated, side := (*series.UnbasedError)(nil), (*series.UnrelatedError)(nil), (*series.SideError)(nil)
	git, file := (*gitrepo.Error)(nil), (*pageFileError)(nil)
	switch {
	case errors.As(err, &file) && file.Forced:
		return "choose another name, or write over it with --force"
	case errors.As(err, &unbased):
		return fmt.Sprintf("'kprep range-diff BASE..%s OLD..NEW' compares it, BASE being the commit below its first patch", unbased.Tag)
	case errors.As(err, &unrelated):
		return fmt.Sprintf("'kprep range-diff %s %s' compares them all the same; %s", unrelated.Old.Range(), unrelated.New.Range(), shallow)
	case errors.As(err, new(*series.NotBelowError)):
		return "the tag names another base than it was made with; " + shallow
	case errors.As(err, &side) && errors.As(err, &git):
		return "a partial clone has to reach its remote; " + shallow
	}
	return ""
}

package rangediff

import "github.com/kprep/kprep/rangediff/xdiff"

// DefaultDiffOptions are those of git range-diff without configuration, in a
// UTF-8 locale.
func DefaultDiffOptions() DiffOptions {
	return DiffOptions{Context: 3, Algorithm: xdiff.Options{IndentHeuristic: true}, UTF8: true}
}

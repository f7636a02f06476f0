// Package rangediff compares two revisions of a series of commits, patch by
// patch, and prints what git range-diff prints, byte for byte.
//
// A [Commit] is a commit as a text: author, message, notes and patch, in the
// form that git range-diff gives them. [ParseLog] makes them from the output
// of git log with the options of [LogOptions]. [Compare] pairs the commits of
// two ranges, and puts the pairs in the order in which they are shown; a
// [Printer] writes them.
//
//	old, err := rangediff.ParseLog(oldLog)
//	new, err := rangediff.ParseLog(newLog)
//	for _, pair := range rangediff.Compare(old, new, rangediff.MatchOptions{CreationFactor: 60}) { … }
//
// Where git departs from the published assignment method, or where its choice
// among equals can be seen, git is followed. The judge is git 2.39.
package rangediff

// Package gitrepo is the one door to git.
//
// The git executable is the authority on everything: where the repository
// is, what the configuration says, who the user is, how objects and refs are
// stored. The package runs plumbing with pinned options, so that no user
// setting changes a result, and few processes: one rev-parse and one config
// at [Open], one long-lived cat-file for every object, one unpack-objects
// and one update-ref for a rewrite, one diff-tree for a whole series.
//
// Commits are rewritten as bytes (see [Commit.Rewrite]) and signed again by
// the program that git is configured for (see [Repo.Chain]); their notes
// follow (see [Repo.CarryNotes]). Objects are written as one pack by
// [Repo.WriteObjects], and refs move only from the value that was read, in
// one transaction, by [Repo.UpdateRefs].
//
// Replace refs are ignored throughout: what is sent and rewritten are the
// objects themselves.
package gitrepo

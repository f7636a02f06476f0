// Package landing finds out which patches of a series are in a branch of the
// project by now, and what whoever applied them has changed.
//
// [Patches] says what the patches are known by, [Find] looks for them in commits
// that came after the base of the series: by a Link or Message-ID that a commit
// names, by its stable patch-id, then by title and author. [Search] does so for
// the branches of a repository, and remembers how far it has looked.
package landing

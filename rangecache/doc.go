// Package rangecache keeps the texts of ranges of commits, so that git log need
// not make them a second time.
//
// An entry is found by the ids that a range is made of and by a digest of all
// that shapes the texts: options, configuration, environment, mailmap, notes,
// submodules, the programs themselves ([gitrepo.LogState]). It holds the
// attributes of the files in the patches, and is used while they are the same.
// Where that does not speak for everything, as with a textconv driver, nothing
// is kept. Entries are files that can be deleted at any time.
package rangecache

// Package dashboard tells of each series how far it is and what it waits for: what
// was mailed, what others have said, what has landed, and what comes next.
//
// [ReadRepository] does so for all series of a repository, [ReadClones] for those
// of several. Nothing is fetched: it reads the repository and what kprep keeps of
// earlier looks, and remembers what it took long to find out for as long as
// nothing that it depends on has changed.
package dashboard

// Package trailers reads and writes the `Key: value` lines at the end of a
// commit message or cover letter.
//
// A trailer block is the last paragraph of a message when every line of it is
// a trailer, the continuation of one, or a note that belongs between trailers:
// "(cherry picked from commit …)", "[jane: fixed the typo]". The first
// paragraph is the title and never a block. This is the grammar of git
// interpret-trailers less its tolerance for paragraphs that mix prose and
// trailers, so that prose is never taken for a person to be mailed.
//
// Start with [Persons] to know who is named in a message, with [Split] and
// [Parse] to look at its trailers, and with [Add] to add one. A message that
// is to be mailed may hold text under a "---" line; [Cut] divides it there.
//
// To bring home what reviewers give, [Collect] finds their trailers in the mails
// of a discussion, with the patch of today's branch that each is for and what
// becomes of it, and [Merge] puts those that are taken into a commit message.
//
// The package is pure: no disk, clock, network or environment.
package trailers

// Package feed keeps an archive of mail in the form of public-inbox, version 2:
// a folder of bare git repositories that "git clone", lei and
// public-inbox-index read, as public-inbox-v2-format(5) has it.
//
//	inbox.lock      locked by whoever writes, public-inbox too
//	all.git         empty; borrows the objects of all epochs
//	git/0.git …     the epochs; a new one begins when the last is large
//
// [Open] makes the folder when it is not there, [Feed.Append] adds mails: every
// mail is one commit, whose tree holds the mail as the one file "m".
//
// Append can be repeated after whatever broke it off: a mail that is there is
// not added again. The commits of one call become visible together, and are on
// the disk before they do.
package feed

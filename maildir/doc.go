// Package maildir delivers mail into a Maildir that mail programs read at the same
// time (https://cr.yp.to/proto/maildir.html), each message once, whatever dies in
// between.
//
// [Open] locks the Maildir and ends what an earlier delivery has left undone;
// [Box.Deliver] puts a message in. What was delivered is noted in the file
// .kprep-delivered of the Maildir, so that a message stays away that was deleted,
// or moved to another folder.
package maildir

// Package inbox reads mail that others have sent, from where it lies: mbox
// files, Maildirs, folders of messages and single messages, each compressed
// with gzip or not.
//
// [Walk] visits the mails one after the other and holds one at a time; their
// original bytes stay as they are. [Index] notes of each what ties it to a
// series of patches, [Assemble] puts the revisions of series together, and
// [Read] fetches the bytes of the messages that are wanted.
//
// A mail that cannot be read is reported and passed over: it never costs the
// others.
package inbox

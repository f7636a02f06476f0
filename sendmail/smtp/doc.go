// Package smtp is the client's side of an SMTP conversation: RFC 5321 with
// STARTTLS (3207), AUTH (4954), PIPELINING (2920), SIZE (1870), 8BITMIME
// (6152), SMTPUTF8 (6531) and LIMITS (9422).
//
// [Dial] leaves a [Client] that has been greeted, has said EHLO, and is as
// secure as its [Config] demands; there is no way to one that is less.
// [Client.Auth] logs in, and takes nothing but a 235 for success.
// [Client.Send] carries one message in one transaction and tells, for each
// recipient, which reply decided it. Judging these replies, trying again and
// keeping account is the business of package sendmail.
//
// Three things make the package different from others that exist:
//
//   - The caller has a say between the last byte of a message and the final
//     dot: [Message.BeforeDot]. Without its consent the dot is never written,
//     and neither is it when no recipient was accepted.
//   - Every step has a time limit, the writing of a body too, where it is one
//     for each piece, so that a large message may take long as long as it moves.
//   - With PIPELINING a message costs two round trips. All replies to a group
//     of commands are read, in order, before any is acted upon.
//
// Replies come from strangers. They are bounded in length, and [Harmless] takes
// out what a terminal would obey. The reader of replies is the package's own:
// that of net/textproto has no bounds. The dot-stuffing is net/textproto's.
package smtp

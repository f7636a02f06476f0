// Package delivery mails what a web submission service has accepted: a [Worker]
// claims one submission after the other from the store and sends its messages
// through a transport of package sendmail, which judges every answer as a send
// of kprep does.
//
// What it keeps ("mail", sections 0 and 2.10):
//
//   - That a message is about to leave is committed before its final dot, and
//     what became of it before the next one starts. Whoever takes over from a
//     worker that died therefore knows what may have left, and never sends that
//     again by itself.
//   - The messages of a series leave in order. To somebody whom an earlier one
//     has not reached yet a later one does not go, and none goes before somebody
//     has the message that it replies to. Where everybody refused that one, the
//     others are refused here: they would reply to a ghost. What follows a patch
//     of unknown fate waits some hours for an operator's word.
//   - What is put off is tried again, with pauses that grow from a minute to a
//     day, for five days. A definite no is final.
//   - The feed gets a message as soon as the mail server has taken it for
//     somebody, and before that nothing: who reads the feed must not see a
//     series that nobody has, nor take the copy there for a sign that a mail of
//     unknown fate has arrived.
//
// Several workers, and several instances on one database, share the queue: a
// claim is a lease, renewed while the worker lives.
package delivery

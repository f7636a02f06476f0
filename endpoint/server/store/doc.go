// Package store is the memory of the web submission service: what it accepted
// and what became of it, whose keys are enrolled, and what was seen before. It
// is SQLite in a file, or PostgreSQL when several instances share the work.
//
// [Open] brings the schema up to date. [Store.Accept] takes a series over for
// good, all of it or nothing. A worker takes one by [Store.Claim], holds it for
// the length of a lease ([Store.Renew]), and gives it back by [Store.Release]:
//
//   - [Store.Depart] says that a message is about to leave, and is committed
//     before the final dot; [Store.Record] says what became of it. What is in
//     flight when a lease runs out is unknown to whoever takes over, and never
//     leaves again unless an operator says so, by [Store.Settle].
//   - The number of the claim fences off an owner that lost its lease: Depart
//     fails with [ErrLeaseLost], while Record still takes what that owner knows.
//   - [Store.MarkFed] says that a message is in the feed.
//
// Time and randomness are the caller's. Identities are compared as they are
// given: the caller writes them in lower case.
package store

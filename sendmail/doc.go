// Package sendmail carries finished mail to its recipients' first server, and
// keeps account of it. It follows spec/mail.md, parts 1 to 4.
//
// A send is a journal on disk: a [Plan] with the exact bytes of every message
// and its envelope, and a log of what became of every pair (message,
// recipient). [Create] writes all of it, synced, before anything is connected
// to; [Run] then hands the pairs that are pending or deferred to a [Transport],
// message by message, and logs one [Receipt] per pair. After a break,
// [OpenJournal] and Run again go on where the log ends: with the same bytes,
// and never with a pair of unknown fate.
//
// Damage to the journal makes nothing leave a second time: the log has
// checksums and that of the plan, and what was about to leave is on record
// twice. Room for all of the log is reserved before the first connection.
//
// The first calls to make are [ReadSettings], which turns git configuration
// into typed [Settings], and [OpenTransport], which chooses the way out: a
// command in the manner of sendmail, or an SMTP server. [NewDirectory] is the
// transport that only writes files.
//
// SMTP itself is spoken by package smtp below. It runs the journal's record in
// between the body and the final dot, and tells what was answered; here that is
// judged, and tried again as far as the [Policy] has patience.
package sendmail

// Package submission is one act of sending a series: who receives which
// message, what speaks against sending, the exact bytes, and what happens to
// the branch afterwards.
//
// [Prepare] renders the series once; preview, dry run, -o, reflect and send
// share what it returns. [Collect] asks the project's commands who should
// receive the series, [Check] what they have against its patches, and
// [Submission.Preflight] finds what speaks against sending. [Sending.Send]
// journals, mails, and moves the refs that were prepared before the first mail.
package submission

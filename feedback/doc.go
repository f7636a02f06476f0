// Package feedback tells what others have said about a series: every reply to
// every revision of it, once, by the patch of today's branch that it is about,
// and by file and line where it quotes the diff.
//
// [Query] asks an archive for all that was mailed and said, [ReadHistory] reads what
// is known here, and [History.Collect] makes the feedback of both. The marks of
// the user (new, open, done) lie with the other facts about the series, under
// message-ids, so that they outlive rerolls and rebases. What Collect found is
// summed up in a [Digest], which those read who list many series.
package feedback

// Package series is a topic branch as a series of patches under review.
//
// A series lives in a branch whose first own commit is an empty one, the
// cover-letter commit: its message holds the cover letter and the tracking
// data (package coverletter). [Load] finds it, [Start] and [Enroll] make it,
// [Series.Edit] changes the cover, [Series.Render] renders the messages, and
// [Series.PrepareReroll] makes the sent tag and the next revision ready.
//
// History is rewritten only inside the series, only commits that the user
// committed, only while git is idle, and only from the tip that was read.
package series

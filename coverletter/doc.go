// Package coverletter reads and writes the cover letter of a series: its text
// and the tracking data kept with it.
//
// The cover letter is stored in the message of a commit, in b4's form
// (spec/b4-interop.md 1.2): the text that the contributor edits, a marker
// line, and a JSON document. [Decode] divides such a message and [Encode]
// makes it; [Tracking] is the JSON, whose unknown keys survive.
//
// The text has a title line, prose, a trailer block with the recipients, and
// sections under "---" lines such as the changelog. Lines that start with "#"
// are comments to oneself and stay in the commit; ">#" at the start of a line
// stands for a real "#". [Parse] reads a text into a [Letter], [AddRecipients]
// and [AddChangelog] edit one in place.
//
// For mailing, [Fill] puts a letter into the project's template, and [MixIn]
// puts it under the cut of a series of one patch. [TagText] and [ParseTag]
// write and read the record of a sent revision.
//
// The package is pure: no disk, clock, network or environment.
package coverletter

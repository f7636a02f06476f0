// Package archive puts a finished series away and brings it back.
//
// An archive is a tar file, compressed with gzip, whose entries all lie below
// the change-id. What a restore needs comes first, then what people and other
// tools read:
//
//	refs           what was removed, see below
//	tracking.json  the tracking data, as stored
//	cover.txt      the cover letter as it was at the end
//	config         the branch's configuration, as in .git/config
//	bundle         a git bundle of branch and sent tags; not there when
//	               remote-tracking branches hold all of it
//	state.json     what was remembered of the series, as stored
//	seen           which replies were shown, a message-id each line
//	notes.json     the git notes of its commits, see below
//	send/vN/…      the journals of its sends: plan, log and messages
//	patches.mbx    the patches as they were at the end, for git am
//	sent/vN.cover  the text of the sent tag of revision N
//	sent/vN.mbx    the patches of revision N, for git am
//
// The first line of refs is "kprep-archive 1", the second "storage NAME" with
// where the cover letter was; every other is "ID NAME", a full ref name with
// the object it pointed at: the branch, then the sent tags.
//
// notes.json is a list of objects with "ref", the full name of the notes ref,
// "commit", and "data", the note in base64. The entries of state, seen and
// notes are there only when there are any.
//
// What a restore finds in its place stays. The branch's configuration goes to
// the end of the file, in one section, with keys and values in their order; the
// same settings anywhere else would mean the same to git. A note is added to
// its notes ref; where the commit has another one by now, the restore is refused,
// as it is for a ref or a setting of another value. State and journals that are
// there are newer, or the same, and stay: only another journal of the same name
// is refused. Journals are a record of what was on the wire, and what was shown
// is one of what the user knows: no part of the operation, so that undo leaves
// them. Lines of seen are added to those that are there.
//
// The bundle leaves out only what remote-tracking branches hold besides
// copies of the branch itself, so that git gc cannot make a restore
// impossible. Archives are 0600 and never overwritten.
//
// An archive from elsewhere is a stranger's file: nothing is unpacked by name,
// names and sizes are held against what kprep writes, and refs move only once
// all objects are there.
package archive

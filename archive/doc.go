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
//	patches.mbx    the patches as they were at the end, for git am
//	sent/vN.cover  the text of the sent tag of revision N
//	sent/vN.mbx    the patches of revision N, for git am
//
// The first line of refs is "kprep-archive 1", the second "storage NAME" with
// where the cover letter was; every other is "ID NAME", a full ref name with
// the object it pointed at: the branch, then the sent tags.
//
// The bundle leaves out only what remote-tracking branches hold besides
// copies of the branch itself, so that git gc cannot make a restore
// impossible. Archives are 0600 and never overwritten.
//
// An archive from elsewhere is a stranger's file: nothing is unpacked by name,
// names and sizes are held against what kprep writes, and refs move only once
// all objects are there.
package archive

//go:build !windows

package maildir

// seenFlag ends the name of a message that has been read.
const seenFlag = ":2,S"

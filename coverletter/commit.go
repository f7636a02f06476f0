package coverletter

import (
	"bytes"
	"errors"
	"strings"
)

// Marker is the line between the cover text and the tracking data.
const Marker = "--- b4-submit-tracking ---"

const markerComment = "# This section is used internally by b4 prep for tracking purposes."

// ErrNoTracking reports a message that is no cover letter.
var ErrNoTracking = errors.New("no tracking data in the message")

// HasMarker reports whether a message has the marker as a line of its own. A
// text that has it cannot be stored as a cover: it would end there.
func HasMarker(message string) bool {
	at, _ := findMarker(message)
	return at >= 0
}

// Decode divides the message of a cover-letter commit into its text, without
// white space at either end, and its tracking data. The error is
// [ErrNoTracking] for a message without marker, and a *TrackingError with a
// position in message for one with two or with unusable data.
//
// What is between the marker and the first "{" does not matter: the comment
// there is lost when the commit is reworded with git.
func Decode(message string) (text string, t *Tracking, err error) {
	at, end := findMarker(message)
	if at < 0 {
		return "", nil, ErrNoTracking
	}
	if again, _ := findMarker(message[end:]); again >= 0 {
		return "", nil, trackingError([]byte(message), end+again, "a second marker line "+Marker)
	}
	start := strings.IndexByte(message[end:], '{')
	if start < 0 {
		return "", nil, trackingError([]byte(message), end, "no JSON after the marker line")
	}
	start += end
	t, err = ParseTracking([]byte(message[start:]))
	if inner := (*TrackingError)(nil); errors.As(err, &inner) {
		return "", nil, trackingError([]byte(message), start+inner.Offset, inner.Reason)
	}
	return strings.TrimSpace(message[:at]), t, err
}

// DecodeUnmarked reads a cover-letter message that lost its marker line, as
// happens when somebody rewords the commit: tracking data at its end, with a
// change-id, and what is above them. It is false for every other message.
func DecodeUnmarked(message string) (text string, t *Tracking, ok bool) {
	if !strings.Contains(message, `"change-id"`) || HasMarker(message) {
		return "", nil, false
	}
	start := 0
	if !strings.HasPrefix(message, "{") {
		at := strings.Index(message, "\n{")
		if at < 0 {
			return "", nil, false
		}
		start = at + 1
	}
	t, err := ParseTracking([]byte(message[start:]))
	if err != nil {
		return "", nil, false
	}
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(message[:start]), markerComment)), t, true
}

// Encode returns the message of the cover-letter commit, with a final newline
// (b4-interop 1.2). White space around text goes.
func Encode(text string, t *Tracking) string {
	var b bytes.Buffer
	b.WriteString(strings.TrimSpace(text) + "\n\n" + Marker + "\n" + markerComment + "\n")
	b.Write(t.JSON())
	b.WriteByte('\n')
	return b.String()
}

// findMarker returns where the first marker line starts and ends, or -1.
func findMarker(message string) (start, end int) {
	for at := 0; at < len(message); at = end {
		end = len(message)
		if i := strings.IndexByte(message[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if strings.TrimRight(message[at:end], " \t\r\n") == Marker {
			return at, end
		}
	}
	return -1, -1
}

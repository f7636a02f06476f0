// Package patchmail writes one patch mail: its subject line, its addresses,
// its headers and its encoded body.
//
// A patch mail is a single text/plain part whose body is a commit message and
// a diff. The bytes of the diff are sacred: whatever the patch holds (carriage
// returns, trailing blanks, bytes of another charset, very long lines) must
// come out of the mail unchanged, so the transfer encoding is chosen by content
// and nothing is ever re-wrapped, recoded or trimmed.
//
// Start with a [Message]; [Message.Bytes] renders it with LF line ends. Values
// come from an [Address], parsed once by [ParseAddress], [ParseAddressList] or
// [ParseTrailerAddress], and a [Subject], which knows the "[PATCH v3 2/5]"
// grammar.
//
// Of mails that others sent, [Threads] makes the trees of a discussion, and
// [PatchID] is the patch-id of what a body holds.
//
// The formats are RFC 5322 (messages), RFC 2045 (quoted-printable, base64),
// RFC 2047 (encoded words) and RFC 5890 (domain names). The package is pure: no
// disk, clock, network or environment.
package patchmail

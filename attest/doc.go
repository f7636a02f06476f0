// Package attest signs mail and checks signed mail in the form of patatt.
//
// A signature stands in two header fields at the end of the header block:
// X-Developer-Signature, with the tags of DKIM (RFC 6376, section 3.2), and
// X-Developer-Key, which tells people about the key and is not signed. What is
// signed is what "git am" would apply: author, subject and body are those of
// git mailinfo, so that a change of the transfer encoding or an in-body From
// does not break a signature. The format is "attestation", sections 2 to 5.
//
// To sign, read the user's settings by ReadSettings, make a Signer by
// Settings.Signer, and call Signer.Sign with a finished message, or
// Signer.SignAll with those of a series, before anything is planned or sent.
// ErrNoSigningKey means that the user has no key, and Settings.NoSign that
// series are to go out without.
//
// To check, fill in a Verifier and call Verifier.Check: it answers for every
// signature of a message.
//
// Ed25519 is computed in process; OpenPGP signatures are made and checked by
// gpg, those of OpenSSH made by ssh-keygen, so that agents and cards work.
//
// Keys come from keyrings, which somebody keeps (directories, refs of git), or
// are remembered when they are first seen: see Pins.
package attest

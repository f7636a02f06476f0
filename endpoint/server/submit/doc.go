// Package submit takes signed patches by SMTP (RFC 6409, submission), for those
// who would rather configure git send-email than a web endpoint.
//
// Nobody logs in: the signature says who sends, as on the web, and every message
// goes through the very same checks, by an [Acceptor]. A 250 means that the
// service has taken the message over for good, and names its message-id; a 550
// gives the reason why not.
//
// To and Cc say where a message goes, and the envelope has to name the same
// people. One with more is refused, as a blind copy is nothing that the
// signature's owner can be asked about; one with fewer is refused, as it may be
// meant to stay private, and what a list has got nobody takes back. Only an
// envelope of the author alone is something else: the message is reflected.
//
// A series comes message by message. The store keeps its order ("Thread"), so
// that the patches wait for the cover letter here as they do on the web, and as
// there only for those whom it has not reached.
package submit

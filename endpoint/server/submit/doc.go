// Package submit takes signed patches by SMTP (RFC 6409, submission), for those
// who would rather configure git send-email than a web endpoint.
//
// Nobody logs in: the signature says who sends, as on the web, and every message
// goes through the very same checks, by an [Acceptor]. A 250 means that the
// service has taken the message over for good, and names its message-id; a 550
// gives the reason why not.
//
// To and Cc say where a message goes. The envelope only has to agree: a
// recipient whom the header does not name is refused, as a blind copy is nothing
// that the signature's owner can be asked about; and a mail server on the way
// that hands in a message once for each of its recipients causes it to be
// mailed once.
//
// A series comes message by message. The store keeps its order ("Thread"), so
// that the patches wait for the cover letter here as they do on the web.
package submit

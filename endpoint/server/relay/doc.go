// Package relay makes what leaves a web submission service of what it accepted:
// the mail for the mail server ([Service.Relay]), the one that goes back to its
// author ([Service.Reflect]), and the copy for the feed ([Service.Archive]).
//
// Two things are on its mind. A signature covers From, Subject, Message-ID and
// body at most, so everything else of an accepted mail may be by anybody who had
// a copy: only header fields that patch mail needs leave, and those that servers
// write are the service's own ("web-endpoint", section 9). And mail whose From
// is of a domain that the service does not speak for would fall to DMARC: there,
// From becomes the service's, and a From at the top of the body keeps the author
// for "git am" and for the signature.
//
// Mails have LF line ends, going in and coming out; the way to the wire makes
// them CRLF. The package is pure: no disk, clock, network or environment.
package relay

// Package endpoint is the web submission protocol: one URL that takes signed
// patch series by POST and mails them on, for contributors whom no SMTP server
// serves. It is the protocol of b4 ("web-endpoint"), with additions that b4
// passes over.
//
// A [Request] is a JSON object with an action; every answer is an [Answer].
// What a key signs to enrol, to replace or to withdraw a key is a [Statement]:
// a small mail that can mean nothing else, and nothing elsewhere or later.
//
// The service is package endpoint/server.
package endpoint

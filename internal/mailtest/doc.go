// Package mailtest is a mail server to talk to without a network: it listens
// on 127.0.0.1, keeps every message that it accepted with its envelope and its
// exact bytes, and misbehaves on request. The tests send to it, and so does
// the tour of the shipped program; nothing here needs the testing package.
//
// Start with [New], or with [Start] in a test. [Options] say how the server
// presents itself (TLS, certificate, accounts, extensions), [Fault] makes it
// refuse, fall silent or hang up at one step of the conversation.
//
// [PlayScripts] starts a server of another kind: it says and expects what a
// script says, to the byte.
//
// go-smtp speaks the protocol. What it cannot be made to do, such as hiding an
// extension or closing the connection after the final dot, is done by a tap
// between it and the socket that sees the plain text of both directions.
package mailtest

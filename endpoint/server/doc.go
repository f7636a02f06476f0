// Package server is the web submission service: an http.Handler that speaks the
// protocol of package endpoint, to clients of b4 and of kprep.
//
// [New] makes it of a [Config] and a store. It enrols keys, checks signed
// series, and takes them over: when it answers with success, all of a series is
// in the store, for good. It never speaks SMTP: what leaves, challenges too, is
// queued in the store, and a worker sends it.
//
// Every refusal is a JSON object with a result and a message, and a status that
// tells whose fault it is: "web-endpoint", sections 1 and 2, mended as its
// section 9 says.
//
// Requests come from strangers. Bodies are bounded in size, depth and time, and
// lie on disk until there is room to work on them; signatures are checked under
// a time limit; what is counted per identity, domain and network is refused
// when it comes too often.
package server

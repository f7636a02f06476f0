// Package archivetest makes archives of mail to be read: [Corpus] invents the
// mail of a list, the same for the same seed, and the writers put it into
// mailboxes of every kind and into public-inbox repositories, which [Serve]
// serves by the real public-inbox-httpd on this machine. The tests use it, and
// so do the benchmarks; nothing here needs the testing package.
package archivetest

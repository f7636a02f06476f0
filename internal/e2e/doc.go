// Package e2e holds tests of the program as a whole: kprep runs as a process
// against real git, real SMTP servers and b4, and git am judges what arrived.
//
// Every test works in a directory and with a HOME of its own. The peers come
// with scripts/peers; without one a test is skipped, or fails where CI=true.
// KPREP_E2E_REPO names a repository whose history is used as well.
package e2e

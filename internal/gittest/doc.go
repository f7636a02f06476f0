// Package gittest makes throw-away repositories with fixed dates and a fixed
// identity, cut off from the configuration of whoever runs the tests. It also knows
// where the programs are that tests need: the peers, and kprep itself.
package gittest

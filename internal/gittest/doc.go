// Package gittest makes throw-away repositories with fixed dates and a fixed
// identity, cut off from the configuration of whoever runs the tests.
package gittest

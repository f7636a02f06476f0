// Package xdiff compares texts line by line and finds the very changes that
// git finds, so that whatever is built on them equals git's bytes: hunks, their
// headings and the number of lines that a diff has.
//
// A [Table] turns texts into [File] values, whose lines are small numbers. A
// [Differ] compares two of them into [Change] values, or only counts the lines
// of their diff; [Hunks], [Headings] and [Unified] make the rest of a unified
// diff. The rules are those of range-diff 8.1, checked against git 2.39.
//
// The package is pure: no disk, clock, network or environment.
package xdiff

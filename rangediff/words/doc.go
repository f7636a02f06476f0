// Package words finds which words changed inside the changed lines of a hunk,
// in code and in prose, for showing only: nothing that is applied or sent is
// made from it.
//
//	marks := words.Mark(hunk.Lines)
//
// A word is a run of letters, digits and underscores, or any other single
// character; blanks stand between words. In scripts that put no blanks between
// their words, every letter is one. A byte that is not UTF-8 is a word of its own.
package words

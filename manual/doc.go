// Package manual turns Markdown into the source of a manual page, as man(7)
// describes it and groff and mandoc read it.
//
// The Markdown is what the pages of kprep need: headings, paragraphs, lists of
// one level, tables, literal text fenced or indented, and in a line `code`,
// **strong**, *emphasis*, links, and backslashes before what would be one of
// these. What else there is in Markdown is taken for plain text.
//
// A table becomes a list of tags: its first column tags the others, which wrap
// in any width of terminal.
package manual

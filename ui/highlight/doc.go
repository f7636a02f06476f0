// Package highlight finds what the words of source code are: keywords, comments,
// strings.
//
// The rules of most languages are chroma's, github.com/alecthomas/chroma/v2. Its
// package lexers reads those of hundreds of languages when a program starts, which
// takes longer than kprep may take to print its version; so the files of those that
// our users' projects are written in are copied from it, unchanged and under its
// licence, into the folder chroma, and each is read when it is first needed.
package highlight

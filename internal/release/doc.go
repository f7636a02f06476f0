// Command release makes what is published of kprep: for each target an archive, and for
// Linux a .deb and a .rpm, with their hashes.
//
//	release -o DIR -version VERSION -epoch SECONDS [-tags TAGS] [-nfpm FILE] OS/ARCH...
//
// All of them hold the same tree, which belongs below a prefix such as /usr:
// program, manual, completions, licences. The same source and the same Go give the
// same bytes, wherever and whenever: names, times, owners and the order of files
// are fixed. Without -nfpm there are archives only.
package main

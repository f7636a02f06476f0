// Package maintainers answers who should receive a patch. It queries a
// project's MAINTAINERS files with the meaning that scripts/get_maintainer.pl
// gives them, and with its output, order included.
//
// A [Project] is what the answer depends on: the top of the work tree, the home
// directory, a look-up for commits. [Project.Options] reads the project's
// .get_maintainer.conf, [Options.Parse] takes the script's own option names,
// [Load] reads the MAINTAINERS files into an [Index], and [Index.Query] asks it
// about patches read with [Index.ReadPatch], or files named with
// [Index.SourceFile]. Every [Recipient] of an [Answer] carries the reasons why
// it is there.
//
// A section is a run of lines that are a capital letter, a colon and a value,
// below its title. M names maintainers, R reviewers and L lists; F and X are
// patterns of paths that belong to the section and that do not, N a regular
// expression for paths and K one for the text of a patch. The section's S is
// its status and decides the role of its maintainers.
//
// The package touches no disk: files come through [io/fs.FS], commits through a
// function. Two generations of the script answer differently, see [Era].
package maintainers

// Package project answers what the user and the project want.
//
// [Load] reads the user's git configuration and the project's .b4-config and
// .gitpublish, the latter from the commit that a series is based on: an applied
// series may have changed the files in the work tree. The user wins. From the
// project come only the settings of spec/b4-interop.md part 11 that can do no
// harm: it names recipients, prefixes, templates and URLs, but chooses neither the
// way mail goes nor how it is signed; see [Settings.Withheld].
//
// A [Preset] is what kprep knows of a project that may not say it itself.
// [Settings.Detect] finds those that fit a repository, [Settings.Adopt] what
// they would change, [Adoption.Apply] writes that into the repository's
// configuration, where it counts after what the project says.
//
// Commands that came with the tree run only with the user's consent, which
// [Consents] keeps outside the tree, by repository, key and exact command
// line. The project's own scripts/get_maintainer.pl and scripts/checkpatch.pl run
// unasked as long as they are the base commit's, byte for byte.
package project

// Command kprep carries a contributor's patch series from the first commit to
// the merged patch, for projects that review by e-mail.
//
// Each verb has a file of its own: it checks its arguments, calls one function
// of a package and prints what that returns. The frame around the verbs is
// small. [run] reads the command line with normalise, which moves options ahead
// of arguments and refuses what it does not know; the app of urfave/cli then
// only dispatches. Everything that a verb touches arrives in an [env]. Errors
// come back to run, and errors.go alone gives them an exit status and a hint.
package main

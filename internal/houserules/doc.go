// Package houserules holds rules about kprep's own source that a compiler does
// not check: which package may import which, and what the pure packages must
// not touch. docs/architecture.md explains them; the tests here enforce them.
package houserules

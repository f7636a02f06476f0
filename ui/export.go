package ui

// Generator is the content of the meta element that names what made a page, by which
// a page in a file is recognised.
const Generator = "kprep ui"

package main

import "errors"

// errNoWorkTree means that a verb needs files and the repository has none.
var errNoWorkTree = errors.New("this repository has no work tree")

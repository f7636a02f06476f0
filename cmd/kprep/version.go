package main

import "runtime/debug"

// version is set by the Makefile at link time.
var version string

// programVersion names this build: what was linked in, else the module version
// that "go install" records, else "devel".
func programVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

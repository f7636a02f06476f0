package project

import (
	"path"
	"strings"
)

// fromTree lists the settings that .b4-config may make, as globs
// (spec/b4-interop.md part 11), and drop-trailers, which is kprep's own.
func fromTree() []string {
	return []string{"prep-*-check-cmd", "prep-pre-flight-checks", "send-*", "*mask", "*template*", "trailer*", "pw-*", "drop-trailers"}
}

// withheld lists those of fromTree that b4 takes from a tree and kprep does
// not: where mail and credentials go, and whether mail is signed
// (spec/mail.md 1.1).
func withheld() []string {
	return []string{"send-endpoint*", "send-no-patatt-sign", "pw-url", "pw-key"}
}

func matches(globs []string, name string) bool {
	for _, glob := range globs {
		if ok, err := path.Match(glob, name); err == nil && ok {
			return true
		}
	}
	return false
}

// isCommand says whether the value of a setting is a command line.
func isCommand(name string) bool { return strings.HasSuffix(name, "-cmd") }

// mayBeFromTree says whether a project may make a setting unasked. The name is
// in lower case.
func mayBeFromTree(name string) bool {
	return matches(fromTree(), name) && !matches(withheld(), name) && !isCommand(name)
}

// mayRunFromTree says whether a project may name a command to run, with
// consent.
func mayRunFromTree(name string) bool {
	return matches(fromTree(), name) && !matches(withheld(), name) && isCommand(name)
}

// Withheld returns what the project's .b4-config asks for and kprep does not
// take from a tree at all: the endpoint that mail goes through, signing,
// credentials. A user who wants it sets it as his own.
func (s *Settings) Withheld() []Value {
	if s.tree == nil {
		return nil
	}
	var list []Value
	for _, key := range s.tree.Keys() {
		if name, ok := strings.CutPrefix(key, "b4."); ok && matches(withheld(), name) {
			if text, ok := s.tree.Get(key); ok {
				list = append(list, Value{Text: text, Key: key, File: configFile})
			}
		}
	}
	return list
}

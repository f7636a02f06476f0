package maintainers

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// UnknownTo returns what a script speaks of and this package does not know, one
// phrase each: options, in order of their names, or another version. Empty
// means that the package answers like it. A project may have changed its copy
// of the script, and only the content tells.
func UnknownTo(script []byte) []string {
	known := map[string]bool{}
	var o Options
	for name := range o.switches() {
		known[name] = true
	}
	for name := range o.numbers() {
		known[name] = true
	}
	for name := range o.texts() {
		known[name] = true
	}
	for name := range scriptOnly() {
		known[name] = true
	}
	for _, name := range strings.Fields(otherWords) {
		known[name] = true
	}
	var unknown []string
	for _, m := range regexp.MustCompile(`--([a-z][a-z0-9-]*)`).FindAllSubmatch(script, -1) {
		name := string(m[1])
		stem := strings.TrimPrefix(strings.TrimPrefix(name, "no"), "-")
		if !known[name] && !known[stem] && stem != "" && !slices.Contains(unknown, "the option --"+name) {
			unknown = append(unknown, "the option --"+name)
		}
	}
	for _, m := range regexp.MustCompile(optionSpecs).FindAllSubmatch(script, -1) {
		names := strings.Split(string(m[1]), "|")
		phrase := "the option --" + names[0]
		if !slices.ContainsFunc(names, func(name string) bool { return known[name] }) && !slices.Contains(unknown, phrase) {
			unknown = append(unknown, phrase)
		}
	}
	slices.Sort(unknown)
	if !bytes.Contains(script, []byte("0.26")) {
		unknown = append(unknown, "another version than 0.26")
	}
	return unknown
}

// Conforms says whether this is a script that the query was compared with over
// many patches and files, and found to answer alike; see the conformance test.
func Conforms(script []byte) bool {
	return slices.Contains([]string{
		"b9a2a2cccbc6061dbb1ca59209eb989927ed171fa0314061266ce608577eb10b", // Linux 6.1
	}, fmt.Sprintf("%x", sha256.Sum256(script)))
}

// optionSpecs finds the options that a script parses, with their other names, as
// Getopt::Long has them: one need not stand in the help text.
const optionSpecs = `(?m)^\s*['"]([a-zA-Z][a-zA-Z0-9|-]*)(?:[!+]|[=:][sif][@%]?)?['"]\s*=>\s*\\[$@%]`

// otherWords are options that change no answer to a question that is asked
// here, and those of the programs that the script runs.
const otherWords = `email f file find-maintainer-files help tree usage version substatus git-blame-signatures self-test
	cc-cmd date exit-code follow format check-certificate color merges numstat since spider template timeout tries
	abbrev-commit date-order max-count oneline pretty reverse`

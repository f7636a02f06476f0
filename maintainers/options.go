package maintainers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Options selects what an answer contains. The names are those of the script.
type Options struct {
	Maintainers, Reviewers, Lists bool // m, r, l
	Moderated, Subscribers        bool // lists for which one must subscribe: s
	Names                         bool // n
	Fixes                         bool // people of the commits that Fixes tags name
	FileEmails                    bool // addresses in every file touched, not only YAML
	Keywords, KeywordsInFile      bool
	Mailmap, RemoveDuplicates     bool
	PatternDepth                  int // 0 for all
	MaxMaintainers                int // git-max-maintainers: people for one Fixes tag
	Roles, RoleStats              bool

	Subsystem, Status, SCM, Web, Bug bool // further selections

	Multiline bool
	Separator string

	MaintainerPath      string
	FindMaintainerFiles bool

	// Of the words that were parsed: the last -f or --file, and the last of
	// each option that only the script can serve.
	SourceFiles bool
	unsupported []string
}

// ToFlags and CcFlags are the two questions that are asked of every patch of a
// series: for people, and for lists. Reviewers are in both answers.
func ToFlags() []string { return append(plainFlags(), "--nol") }

// CcFlags: see [ToFlags].
func CcFlags() []string { return append(plainFlags(), "--nom") }

func plainFlags() []string {
	return []string{"--nogit", "--nogit-fallback", "--nogit-chief-penguins", "--norolestats"}
}

// Defaults are the script's own, but for git-fallback, which is off.
func Defaults() Options {
	return Options{
		Maintainers: true, Reviewers: true, Lists: true, Moderated: true, Names: true, Fixes: true, Keywords: true, Mailmap: true,
		RemoveDuplicates: true, MaxMaintainers: 5, RoleStats: true, Multiline: true, Separator: ", ",
	}
}

// An OptionError is about an option that cannot be followed.
type OptionError struct {
	Option string // as written
	Reason string
	File   string // where it stands; "" for the command line
	// NeedsScript means that the script knows the option: only kprep does not.
	NeedsScript bool
}

func (e *OptionError) Error() string {
	if e.File != "" {
		return fmt.Sprintf("%s: option %s %s", e.File, e.Option, e.Reason)
	}
	return fmt.Sprintf("option %s %s", e.Option, e.Reason)
}

// switches returns the options that are on or off, by every name they have.
func (o *Options) switches() map[string]*bool {
	return map[string]*bool{
		"m": &o.Maintainers, "r": &o.Reviewers, "l": &o.Lists, "moderated": &o.Moderated, "s": &o.Subscribers, "n": &o.Names,
		"fixes": &o.Fixes, "file-emails": &o.FileEmails, "fe": &o.FileEmails, "keywords": &o.Keywords, "k": &o.Keywords,
		"keywords-in-file": &o.KeywordsInFile, "kf": &o.KeywordsInFile, "mailmap": &o.Mailmap,
		"remove-duplicates": &o.RemoveDuplicates, "roles": &o.Roles, "rolestats": &o.RoleStats,
		"subsystem": &o.Subsystem, "status": &o.Status, "scm": &o.SCM, "web": &o.Web, "bug": &o.Bug, "multiline": &o.Multiline,
	}
}

// numbers returns the options with a number. Those that only limit what git
// history gives are nil: without history they change nothing.
func (o *Options) numbers() map[string]*int {
	return map[string]*int{
		"pattern-depth": &o.PatternDepth, "git-max-maintainers": &o.MaxMaintainers, "git-min-signatures": nil, "git-min-percent": nil,
	}
}

func (o *Options) texts() map[string]*string {
	return map[string]*string{
		"separator": &o.Separator, "maintainer-path": &o.MaintainerPath, "mpath": &o.MaintainerPath, "git-since": nil, "hg-since": nil,
	}
}

// scriptOnly returns the options that kprep does not have, and whether they are
// harmless when off.
func scriptOnly() map[string]bool {
	return map[string]bool{
		"git": true, "git-fallback": true, "git-blame": true, "git-all-signature-types": true, "git-chief-penguins": true,
		"interactive": true, "i": true,
		"sections": true, "letters": false, "self-test": false, "noemail": false, "version": false,
	}
}

// Parse applies words to the options, the last of each name winning, and returns
// those that are no options. Names are the script's, --noNAME and --no-NAME
// switch off, one dash or two, case does not count, a value stands behind "=" or
// in the next word; "--" ends the options. Errors are an *OptionError. What only
// the script can do is an error of [Options.Check], as a later word may take it
// back.
func (o *Options) Parse(words []string) (rest []string, err error) {
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if word == "--" {
			return append(rest, words...), nil
		}
		if len(word) < 2 || word[0] != '-' {
			rest = append(rest, word)
			continue
		}
		if words, err = o.parseOption(word, words); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

func (o *Options) parseOption(word string, words []string) ([]string, error) {
	name, value, attached := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-"), "=")
	name = strings.ToLower(name)
	takesValue := func(problem string) ([]string, error) {
		return nil, &OptionError{Option: word, Reason: problem}
	}
	on := true
	stem := name
	if _, known := o.switchNamed(name); !known {
		if s, ok := strings.CutPrefix(name, "no-"); ok {
			stem, on = s, false
		} else if s, ok := strings.CutPrefix(name, "no"); ok {
			stem, on = s, false
		}
	}
	if set, known := o.switchNamed(stem); known {
		if attached {
			return takesValue("takes no value")
		}
		set(on)
		return words, nil
	}
	number, isNumber := o.numbers()[name]
	text, isText := o.texts()[name]
	if !isNumber && !isText {
		if _, known := scriptOnly()[name]; known {
			o.refuse(name, true)
			return words, nil
		}
		return takesValue("is unknown")
	}
	if !attached {
		if len(words) == 0 {
			return takesValue("needs a value")
		}
		value, words = words[0], words[1:]
	}
	switch n, err := strconv.Atoi(value); {
	case isNumber && err != nil:
		return takesValue(fmt.Sprintf("needs a number, not %q", value))
	case isNumber && number != nil:
		*number = n
	case isText && text != nil:
		*text = value
		if text == &o.Separator && value != ", " {
			o.Multiline = false
		}
	}
	return words, nil
}

// switchNamed finds an option without a value.
func (o *Options) switchNamed(name string) (set func(bool), known bool) {
	if b, ok := o.switches()[name]; ok {
		return func(on bool) { *b = on }, true
	}
	switch name {
	case "f", "file":
		return func(on bool) { o.SourceFiles = on }, true
	case "find-maintainer-files":
		return func(on bool) { o.FindMaintainerFiles = on }, true
	case "tree", "git-blame-signatures": // nothing depends on them here
		return func(bool) {}, true
	case "email":
		return func(on bool) { o.refuse("noemail", !on) }, true
	}
	if harmless, ok := scriptOnly()[name]; ok && harmless {
		return func(on bool) { o.refuse(name, on) }, true
	}
	return nil, false
}

// refuse notes that only the script can do what is asked for, or that it is no
// longer asked for. Copies of the options are not affected.
func (o *Options) refuse(name string, on bool) {
	o.unsupported = slices.DeleteFunc(slices.Clone(o.unsupported), func(s string) bool { return s == name })
	if on {
		o.unsupported = append(o.unsupported, name)
	}
}

// Check returns an *OptionError for what only the script can do, and when
// nothing is selected.
func (o Options) Check() error {
	if len(o.unsupported) > 0 {
		name, reason := o.unsupported[0], "is not supported"
		if strings.HasPrefix(name, "git") && name != "git-chief-penguins" {
			reason = "needs the history, which only the script looks at"
		}
		return &OptionError{Option: "--" + name, Reason: reason, NeedsScript: true}
	}
	if !o.Maintainers && !o.Reviewers && !o.Lists && !o.Subscribers {
		return &OptionError{Option: "--nom --nor --nol", Reason: "leave nothing to select"}
	}
	return nil
}

package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// A completion is what may stand for the last word of a command line.
type completion struct {
	words []string // each whole, also behind --option=
	files bool     // names of files and folders too
}

// A vocabulary knows words by the name that the help has for a value, such as
// BRANCH; verb is the one they are for. It knows none where nothing can be said.
type vocabulary func(verb, name string) []string

// complete says how the last of words can go on. words is what normalise takes,
// as far as it has been typed; what is wrong before the last word is passed over.
func complete(app *cli.App, words []string, known vocabulary) completion {
	if len(words) == 0 {
		return completion{}
	}
	before, last := words[:len(words)-1], words[len(words)-1]
	at := place{verbs: app.Commands, flags: app.Flags, known: known}
	for _, word := range before {
		at.pass(word)
	}
	c := at.next(last)
	c.words = slices.DeleteFunc(c.words, func(w string) bool { return !strings.HasPrefix(w, last) })
	slices.Sort(c.words)
	c.words = slices.Compact(c.words)
	return c
}

// A place is how far a command line has been read.
type place struct {
	path    []*cli.Command
	verbs   []*cli.Command // those that may come
	flags   []cli.Flag
	waiting cli.Flag // the option whose value comes; nil when none does
	ended   bool     // "--" has been seen
	known   vocabulary
}

func (p *place) pass(word string) {
	if p.waiting != nil {
		if _, several := p.waiting.(*severalFlag); !several || looksLikeOption(word) {
			p.waiting = nil
		}
		if !looksLikeOption(word) {
			return
		}
	}
	switch {
	case p.ended:
	case word == "--":
		p.ended = true
	case looksLikeOption(word):
		if flag := p.flag(word); flag != nil && takesValue(flag) && !isOptional(flag) {
			p.waiting = flag
		}
	default:
		if verb := find(p.verbs, word); verb != nil {
			p.path, p.verbs, p.flags = append(p.path, verb), verb.Subcommands, verb.Flags
		} else if len(p.path) > 0 || word != "help" {
			p.verbs = nil
		}
	}
}

// flag is the option that word is, unless a value is attached to it.
func (p *place) flag(word string) cli.Flag {
	o := newOptions(p.path, p.flags)
	if name, long := strings.CutPrefix(word, "--"); long {
		return o.long(name)
	}
	for i, letter := range word[1:] {
		flag := o.named(string(letter))
		if flag == nil || !takesValue(flag) {
			continue
		}
		if i+1+len(string(letter)) < len(word) {
			return nil
		}
		return flag
	}
	return nil
}

func (p *place) next(word string) completion {
	verb := ""
	if len(p.path) > 0 {
		verb = pathName(p.path)
	}
	if p.waiting != nil && !looksLikeOption(word) {
		return p.value(verb, nameOfValue(p.waiting), "")
	}
	if name, _, attached := strings.Cut(word, "="); attached && strings.HasPrefix(word, "--") && !p.ended {
		if flag := newOptions(p.path, p.flags).long(name[2:]); flag != nil {
			return p.value(verb, nameOfValue(flag), name+"=")
		}
		return completion{}
	}
	if strings.HasPrefix(word, "-") && !p.ended {
		return completion{words: optionWords(p.flags)}
	}
	if !p.ended && len(p.verbs) > 0 {
		return completion{words: names(p.verbs)}
	}
	if len(p.path) == 0 {
		return completion{}
	}
	var c completion
	for _, name := range argumentNames(p.path[len(p.path)-1].ArgsUsage) {
		more := p.value(verb, name, "")
		c.words, c.files = append(c.words, more.words...), c.files || more.files
	}
	return c
}

// value is what a value may be that the help calls name; each word of it begins
// with prefix, and none that stands alone is an option.
func (p *place) value(verb, name, prefix string) completion {
	var c completion
	for _, one := range strings.FieldsFunc(name, func(r rune) bool { return r == '|' }) {
		switch one = strings.TrimRight(one, ".…"); one {
		case "FILE", "DIR", "PATCH", "ARCHIVE":
			c.files = true
		default:
			for _, word := range p.known(verb, one) {
				if prefix != "" || !looksLikeOption(word) { // it would be one
					c.words = append(c.words, prefix+word)
				}
			}
		}
	}
	return c
}

func nameOfValue(flag cli.Flag) string {
	name, _ := describe(flag)
	return name
}

func isOptional(flag cli.Flag) bool {
	_, optional := flag.(*optionalFlag)
	return optional
}

// optionWords are the long names of options that are shown, and the short ones
// of those that have no other.
func optionWords(flags []cli.Flag) []string {
	words := []string{"--help"}
	for _, f := range flags {
		if !visible(f) {
			continue
		}
		long := false
		for _, name := range f.Names() {
			if len(name) > 1 {
				words, long = append(words, "--"+name), true
			}
		}
		if !long {
			words = append(words, "-"+f.Names()[0])
		}
	}
	return words
}

// argumentNames are the names in the usage line of a verb: KEY and VALUE of
// "KEY [VALUE...]".
func argumentNames(usage string) []string {
	return strings.FieldsFunc(usage, func(r rune) bool {
		return strings.ContainsRune(" []()|.…", r)
	})
}

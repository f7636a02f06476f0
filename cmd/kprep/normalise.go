package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// An invocation is a command line understood.
type invocation struct {
	path          []*cli.Command // the verb, and the verb below it; empty when none was named
	argv          []string       // what the app is to run
	help, version bool           // asked for instead of running the verb
}

// normalise reads a command line the way git users write one and writes the
// only form that the app gets to see: the name of the program, --option=value
// for every option with its first name, the verb with its own options, "--",
// arguments. words does not include the name of the program.
//
// The options of a verb stand before or after its arguments, and "--" ends
// them. -sF is -s -F, -nname is -n name, --to=x is --to x, --no-x unsets the
// switch x, and - alone is an argument. A dashed word is never an argument nor
// the value of an option, unless it follows "--" or is attached: the library
// alone would take "--to --dry-run" for an address, and everything after the
// first argument for arguments, and then really send. Only a [severalFlag] takes
// more than one word. Options are not abbreviated. Every error is a *usageError.
func normalise(app *cli.App, words []string) (invocation, error) {
	inv := invocation{argv: []string{app.Name}}
	globals := newOptions(nil, app.Flags)
	for len(words) > 0 {
		switch word := words[0]; {
		case word == "--":
			return inv, usagef("", `"--" stands after the verb`)
		case looksLikeOption(word):
			rest, err := globals.read(words)
			if err != nil {
				return inv, err
			}
			words = rest
		case word == "help" && !globals.help && aboutVerbs(app, words[1:]):
			globals.help, words = true, words[1:]
		default:
			inv.argv = append(inv.argv, globals.canonical...)
			inv.help, inv.version = globals.help, globals.version
			err := inv.readVerb(app.Commands, words, globals)
			return inv, err
		}
		if globals.version {
			break
		}
	}
	inv.help, inv.version = globals.help, globals.version
	return inv, nil
}

// aboutVerbs says whether help that is asked for in these words is about the
// program or a verb. The verb "help" knows the rest.
func aboutVerbs(app *cli.App, words []string) bool {
	return len(words) == 0 || looksLikeOption(words[0]) || find(app.Commands, words[0]) != nil || app.Command("help") == nil
}

// readVerb reads the verb words[0] out of verbs, and what follows it.
func (inv *invocation) readVerb(verbs []*cli.Command, words []string, globals *options) error {
	verb := find(verbs, words[0])
	if verb == nil {
		what := "verb"
		if len(inv.path) > 0 {
			what = "action"
		}
		if len(inv.path) == 0 && slices.Contains(maintainersVerbs(), words[0]) {
			return usagef("", "%q is b4's, for those who take patches; kprep is for those who send them", words[0])
		}
		return usagef(inv.name(), "unknown %s %q%s", what, words[0], suggestion(words[0], names(verbs)))
	}
	inv.path = append(inv.path, verb)
	if verb.SkipFlagParsing {
		return inv.readForeign(verb, words[1:])
	}
	opts := newOptions(inv.path, verb.Flags)
	opts.globals = globals
	var arguments []string
	for words = words[1:]; len(words) > 0; {
		word := words[0]
		if word == "--" {
			arguments = append(arguments, words[1:]...)
			break
		}
		if looksLikeOption(word) {
			rest, err := opts.read(words)
			if err != nil {
				return err
			}
			words = rest
			continue
		}
		if len(arguments) == 0 && len(verb.Subcommands) > 0 && (verb.Action == nil || find(verb.Subcommands, word) != nil) {
			inv.argv = append(append(inv.argv, verb.Name), opts.canonical...)
			inv.help = inv.help || opts.help
			return inv.readVerb(verb.Subcommands, words, globals)
		}
		arguments = append(arguments, word)
		words = words[1:]
	}
	inv.help = inv.help || opts.help
	inv.argv = append(append(inv.argv, verb.Name), opts.canonical...)
	inv.argv = append(append(inv.argv, "--"), arguments...)
	if verb.Action == nil && !inv.help {
		return usagef(inv.name(), "say what to do: %s", strings.Join(names(verb.Subcommands), ", "))
	}
	return nil
}

// maintainersVerbs are those of b4 that have no counterpart here.
func maintainersVerbs() []string {
	return []string{"am", "kr", "mbox", "pr", "review", "shazam", "ty"}
}

// readForeign passes on the words of a verb that reads them itself, for it
// stands in for another program, or completes one. Only the question for help is
// ours, where there is any.
func (inv *invocation) readForeign(verb *cli.Command, words []string) error {
	inv.help = inv.help || !verb.Hidden && len(words) == 1 && (words[0] == "--help" || words[0] == "-h")
	inv.argv = append(append(inv.argv, verb.Name), words...)
	return nil
}

// name is the path as the user types it, without the program.
func (inv *invocation) name() string { return pathName(inv.path) }

func pathName(path []*cli.Command) string {
	return strings.Join(names(path), " ")
}

func find(verbs []*cli.Command, name string) *cli.Command {
	for _, v := range verbs {
		if v.HasName(name) {
			return v
		}
	}
	return nil
}

func names(verbs []*cli.Command) []string {
	var list []string
	for _, v := range verbs {
		if !v.Hidden {
			list = append(list, v.Name)
		}
	}
	return list
}

// options reads the options of the program or of one verb.
type options struct {
	path      []*cli.Command
	flags     []cli.Flag
	globals   *options          // of the program; nil for the program's own
	seen      map[string]string // first name of an option -> as the user wrote it
	canonical []string
	help      bool
	version   bool
}

func newOptions(path []*cli.Command, flags []cli.Flag) *options {
	return &options{path: path, flags: flags, seen: map[string]string{}}
}

// read takes the option words[0] and its value, and returns the words after.
func (o *options) read(words []string) ([]string, error) {
	if strings.HasPrefix(words[0], "--") {
		return o.readLong(words)
	}
	return o.readShort(words)
}

func (o *options) readLong(words []string) ([]string, error) {
	word, rest := words[0], words[1:]
	name, value, attached := strings.Cut(word[2:], "=")
	flag, spelt := o.long(name), "--"+name
	if flag == nil {
		if positive := o.long(strings.TrimPrefix(name, "no-")); positive != nil && strings.HasPrefix(name, "no-") && !takesValue(positive) && !attached {
			return rest, o.add(positive, spelt, "=false")
		}
		if name == "help" && !attached {
			o.help = true
			return rest, nil
		}
		return nil, o.unknown(spelt)
	}
	switch {
	case !takesValue(flag) && attached:
		return nil, o.errorf("%s takes no value, not %q", spelt, value)
	case !takesValue(flag):
		return rest, o.add(flag, spelt, "")
	case attached:
		return rest, o.add(flag, spelt, "="+value)
	}
	return o.readValue(flag, spelt, rest)
}

// readShort reads a cluster: switches, then perhaps one option with a value.
func (o *options) readShort(words []string) ([]string, error) {
	cluster, rest := words[0][1:], words[1:]
	for cluster != "" {
		_, size := utf8.DecodeRuneInString(cluster)
		name, after := cluster[:size], cluster[size:]
		spelt := "-" + name
		cluster = after
		flag := o.named(name)
		switch {
		case flag == nil && name == "h":
			o.help = true
		case flag == nil:
			return nil, o.unknown(spelt)
		case !takesValue(flag):
			if err := o.add(flag, spelt, ""); err != nil {
				return nil, err
			}
		case after != "":
			return rest, o.add(flag, spelt, "="+after)
		default:
			return o.readValue(flag, spelt, rest)
		}
	}
	return rest, nil
}

// readValue takes the value of an option from the word after it.
func (o *options) readValue(flag cli.Flag, spelt string, rest []string) ([]string, error) {
	there := len(rest) > 0 && !looksLikeOption(rest[0])
	if optional, ok := flag.(*optionalFlag); ok {
		if there && optional.accepts != nil && optional.accepts(rest[0]) {
			return rest[1:], o.add(flag, spelt, "="+rest[0])
		}
		return rest, o.add(flag, spelt, "="+optional.bare)
	}
	if several, ok := flag.(*severalFlag); ok && (there || several.least == 0) {
		return o.readWords(several, spelt, rest)
	}
	if !there {
		advice := ""
		if len(rest) > 0 && rest[0] != "--" && strings.HasPrefix(spelt, "--") {
			advice = fmt.Sprintf("; a value with a dash is written %s=%s", spelt, rest[0])
		}
		return nil, o.errorf("%s needs a value%s", spelt, advice)
	}
	return rest[1:], o.add(flag, spelt, "="+rest[0])
}

// readWords takes every word up to the next option; none at all is an empty one.
func (o *options) readWords(flag *severalFlag, spelt string, rest []string) ([]string, error) {
	values := rest
	for i, word := range rest {
		if looksLikeOption(word) {
			values = rest[:i]
			break
		}
	}
	rest = rest[len(values):]
	if len(values) == 0 {
		values = []string{""}
	}
	for _, value := range values {
		if err := o.add(flag, spelt, "="+value); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// add records an option. value is "" for a switch, else "=" and the value.
func (o *options) add(flag cli.Flag, spelt, value string) error {
	name := flag.Names()[0]
	if earlier, twice := o.seen[name]; twice && !repeatable(flag) {
		if earlier != spelt {
			return o.errorf("%s and %s cannot stand together", earlier, spelt)
		}
		return o.errorf("%s is given twice", spelt)
	}
	o.seen[name] = spelt
	if wants := checkValue(flag, strings.TrimPrefix(value, "=")); wants != "" {
		return o.errorf("%s wants %s, not %q", spelt, wants, value[1:])
	}
	switch {
	case o.globals == nil && name == "help":
		o.help = true
	case o.globals == nil && name == "version":
		o.version = true
	default:
		o.canonical = append(o.canonical, "--"+name+value)
	}
	return nil
}

// long finds an option by its long name; -x is never written --x.
func (o *options) long(name string) cli.Flag {
	if len([]rune(name)) < 2 {
		return nil
	}
	return o.named(name)
}

func (o *options) named(name string) cli.Flag {
	for _, f := range o.flags {
		for _, n := range f.Names() {
			if n == name {
				return f
			}
		}
	}
	return nil
}

func (o *options) unknown(spelt string) error {
	name := strings.TrimLeft(spelt, "-")
	if o.globals != nil && (o.globals.long(name) != nil || "-"+name == spelt && o.globals.named(name) != nil) {
		return o.errorf("unknown option %q; it stands before the verb: kprep %s %s", spelt, spelt, pathName(o.path))
	}
	near := ""
	if len(name) > 1 {
		var candidates []string
		for _, f := range o.flags {
			for _, n := range f.Names() {
				if len(n) > 1 && visible(f) {
					candidates = append(candidates, "--"+n)
				}
			}
		}
		near = suggestion(spelt, candidates)
	}
	return o.errorf("unknown option %q%s", spelt, near)
}

func (o *options) errorf(format string, args ...any) error {
	return usagef(pathName(o.path), format, args...)
}

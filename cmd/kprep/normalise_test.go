package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// mailVerbs is a small set of verbs with every kind of option.
func mailVerbs(*env) []*cli.Command {
	done := func(*cli.Context) error { return nil }
	return []*cli.Command{
		{
			Name: "send", Category: groupSend, Usage: "mail the series", Action: done,
			Flags: []cli.Flag{
				addressFlag("to", "add `ADDRESS` to every message"),
				&severalFlag{StringSliceFlag: cli.StringSliceFlag{Name: "words", Usage: "any number of `WORD...`"}},
				&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "print the messages"},
				&cli.BoolFlag{Name: "sign", Aliases: []string{"s"}, Usage: "sign the messages"},
				&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the messages to `DIR`"},
				&cli.IntFlag{Name: "limit", Usage: "at most `N` messages"},
				&cli.DurationFlag{Name: "wait", Usage: "wait for `TIME` between messages"},
				&cli.BoolFlag{Name: "no-cover", Usage: "leave the cover letter out"},
				&optionalFlag{
					StringFlag: cli.StringFlag{Name: "resend", Usage: "send `vN` once more"},
					accepts:    func(word string) bool { return strings.HasPrefix(word, "v") },
				},
				&cli.BoolFlag{Name: "secret", Hidden: true},
			},
		},
		{
			Name: "new", Category: groupStart, Usage: "start a series", ArgsUsage: "NAME", Action: done,
			Flags: []cli.Flag{&cli.StringFlag{Name: "fork", Aliases: []string{"f"}, Usage: "start at `COMMIT`"}},
		},
		{Name: "hidden", Hidden: true, Action: done},
		{
			Name: "key", Category: groupSetUp, Usage: "signing keys",
			Flags: []cli.Flag{&cli.BoolFlag{Name: "json"}},
			Subcommands: []*cli.Command{
				{Name: "list", Usage: "my keys", Action: done, Flags: []cli.Flag{&cli.BoolFlag{Name: "all"}}},
				{Name: "add", Usage: "trust a key", ArgsUsage: "FILE", Action: done},
			},
		},
	}
}

func TestNormalise(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, words, want string }{
		{"a verb alone", "send", "send --"},
		{"options before arguments", "new -f v1 topic", "new --fork=v1 -- topic"},
		{"options after arguments", "new topic --fork v1", "new --fork=v1 -- topic"},
		{"options between arguments", "new a --fork=v1 b", "new --fork=v1 -- a b"},
		{"double dash ends options", "new -- --fork x", "new -- --fork x"},
		{"only the first double dash ends options", "new -- -- x", "new -- -- x"},
		{"several addresses, as b4 takes them", "send --to a@x b@x --sign", "send --to=a@x --to=b@x --sign --"},
		{"several addresses end at the double dash too", "send --to a@x -- b@x", "send --to=a@x -- b@x"},
		{"an attached address is one", "send --to=a@x b@x", "send --to=a@x -- b@x"},
		{"no word where none is needed", "send --words -s", "send --words= --sign --"},
		{"no word at the end", "send --words", "send --words= --"},
		{"bundled switches", "send -ns", "send --dry-run --sign --"},
		{"bundled switches and an option with value", "send -no dir", "send --dry-run --output=dir --"},
		{"bundled switches and an attached value", "send -nodir", "send --dry-run --output=dir --"},
		{"an attached short value keeps its equals sign", "send -o=dir", "send --output==dir --"},
		{"an attached value may look like an option", "send -o-n --to=--dry-run@x", "send --output=-n --to=--dry-run@x --"},
		{"an attached value may be empty", "send --output=", "send --output= --"},
		{"an attached value may hold equals signs", "send --output=a=b", "send --output=a=b --"},
		{"a lone dash is an argument", "new -", "new -- -"},
		{"a lone dash is a value", "new --fork -", "new --fork=- --"},
		{"a repeatable option twice", "send --to a@x --to=b@x", "send --to=a@x --to=b@x --"},
		{"a switch unset", "send --no-sign", "send --sign=false --"},
		{"a switch whose own name begins with no", "send --no-cover", "send --no-cover --"},
		{"an optional value left out", "send --resend", "send --resend= --"},
		{"an optional value left out before an option", "send --resend --sign", "send --resend= --sign --"},
		{"an optional value attached", "send --resend=v2", "send --resend=v2 --"},
		{"an optional value that looks like one", "send --resend v2", "send --resend=v2 --"},
		{"an argument that is no optional value", "send --resend topic", "send --resend= -- topic"},
		{"an option without acceptance takes no word", "--color send", "--color=always send --"},
		{"global options", "-C a -Cb -c x.y=z --color=never -qv --no-pager new x",
			"--C=a --C=b --c=x.y=z --color=never --quiet --verbose --no-pager new -- x"},
		{"an action", "key list --all", "key list --all --"},
		{"an action and options of the verb", "key --json list", "key --json list --"},
		{"an action with an argument that names another", "key add list", "key add -- list"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inv, err := normalise(newApp(&env{}, mailVerbs(nil)), strings.Fields(tc.words))
			if got := strings.Join(inv.argv[1:], " "); err != nil || got != strings.TrimSuffix(tc.want, "\n") || inv.help || inv.version {
				t.Errorf("normalise(%q)\n got %q, %v (help %v, version %v)\nwant %q", tc.words, got, err, inv.help, inv.version, tc.want)
			}
		})
	}
}

func TestNormaliseRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, words, want string }{
		{"unknown verb with a slip", "sned", `unknown verb "sned"; did you mean "send"?`},
		{"unknown verb like no other", "frobnicate", `unknown verb "frobnicate"`},
		{"no abbreviated verb", "sen", `unknown verb "sen"; did you mean "send"?`},
		{"hidden verbs are not suggested", "hiddn", `unknown verb "hiddn"`},
		{"unknown option with a slip", "send --dryrun", `send: unknown option "--dryrun"; did you mean "--dry-run"?`},
		{"no abbreviated option", "send --dry", `send: unknown option "--dry"; did you mean "--dry-run"?`},
		{"hidden options are not suggested", "send --secre", `send: unknown option "--secre"`},
		{"unknown letter", "send -x", `send: unknown option "-x"`},
		{"unknown letter in a bundle", "send -nx", `send: unknown option "-x"`},
		{"a short name written long", "send --n", `send: unknown option "--n"`},
		{"a long name written short", "send -sign", `send: unknown option "-i"`},
		{"unknown global option", "--nopager send", `unknown option "--nopager"; did you mean "--no-pager"?`},
		{"a global option after the verb", "send -q", `send: unknown option "-q"; it stands before the verb: kprep -q send`},
		{"a number is an unknown option, never an argument", "new -1", `new: unknown option "-1"`},
		{"three dashes", "new ---", `new: unknown option "---"`},
		{"missing value at the end", "send --to", `send: --to needs a value`},
		{"an option is no value", "send --to --dry-run", `send: --to needs a value; a value with a dash is written --to=--dry-run`},
		{"an option is no value of a letter", "send -o -n", `send: -o needs a value`},
		{"double dash is no value", "send --to -- a@x", `send: --to needs a value`},
		{"a switch takes no value", "send --dry-run=no", `send: --dry-run takes no value, not "no"`},
		{"an unset switch takes no value", "send --no-sign=x", `send: unknown option "--no-sign"; did you mean "--sign"?`},
		{"what takes a value cannot be unset", "send --no-output", `send: unknown option "--no-output"; did you mean "--output"?`},
		{"given twice", "send -o a --output b", `send: -o and --output cannot stand together`},
		{"given twice alike", "send -n -n", `send: -n is given twice`},
		{"set and unset", "send --sign --no-sign", `send: --sign and --no-sign cannot stand together`},
		{"not a number", "send --limit ten", `send: --limit wants a number, not "ten"`},
		{"not a duration", "send --wait 5", `send: --wait wants a duration such as 90s or 2h, not "5"`},
		{"double dash before the verb", "-- send", `"--" stands after the verb`},
		{"no action", "key", `key: say what to do: list, add`},
		{"unknown action", "key lst", `key: unknown action "lst"; did you mean "list"?`},
		{"unknown option of an action", "key list --json", `key list: unknown option "--json"`},
		{"help for an unknown verb", "help sned", `unknown verb "sned"; did you mean "send"?`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inv, err := normalise(newApp(&env{}, mailVerbs(nil)), strings.Fields(tc.words))
			if usage := (*usageError)(nil); !errors.As(err, &usage) || err.Error() != tc.want {
				t.Errorf("normalise(%q)\n got %q, %v\nwant %s", tc.words, inv.argv, err, tc.want)
			}
		})
	}
}

func TestNormaliseHelp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		words, path   string
		help, version bool
	}{
		{"--help", "", true, false},
		{"-h", "", true, false},
		{"help", "", true, false},
		{"-qh", "", true, false},
		{"help send", "send", true, false},
		{"--help send", "send", true, false},
		{"send --help", "send", true, false},
		{"send topic -nh", "send", true, false},
		{"key --help", "key", true, false},
		{"key list -h", "key list", true, false},
		{"help key add", "key add", true, false},
		{"send -- --help", "send", false, false},
		{"--version", "", false, true},
		{"--version --bogus", "", false, true},
		{"", "", false, false},
	} {
		t.Run(tc.words, func(t *testing.T) {
			t.Parallel()
			inv, err := normalise(newApp(&env{}, mailVerbs(nil)), strings.Fields(tc.words))
			if err != nil || inv.name() != tc.path || inv.help != tc.help || inv.version != tc.version {
				t.Errorf("normalise(%q) = %q, help %v, version %v, %v; want %q, %v, %v",
					tc.words, inv.name(), inv.help, inv.version, err, tc.path, tc.help, tc.version)
			}
		})
	}
}

// Where an argument stands does not matter, the library takes what normalise
// writes, and no dashed word becomes an argument on its own.
func FuzzNormalise(f *testing.F) {
	f.Add("--to\x00a@x\x00-no\x00dir\x00--\x00-x")
	f.Add("topic\x00-\x00--output=-x\x00--no-sign")
	f.Add("--resend\x00v2\x00--limit\x007")
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Split(line, "\x00")
		options, arguments, err := sendWith(t, words)
		if err != nil {
			return
		}
		// "x" is an argument: it is no value that --resend accepts.
		gotOptions, gotArguments, err := sendWith(t, append([]string{"x"}, words...))
		if err != nil || gotOptions != options || !slices.Equal(gotArguments, append([]string{"x"}, arguments...)) {
			t.Errorf("%q gives %s %q, after an argument %s %q, %v", words, options, arguments, gotOptions, gotArguments, err)
		}
		end := slices.Index(words, "--")
		for _, argument := range arguments {
			if looksLikeOption(argument) && (end < 0 || !slices.Contains(words[end:], argument)) {
				t.Errorf("%q: %q became an argument", words, argument)
			}
		}
	})
}

// sendWith returns what "send" with words finds in its context.
func sendWith(t *testing.T, words []string) (options string, arguments []string, err error) {
	verbs := mailVerbs(nil)
	verbs[0].Flags[0].(*severalFlag).Action = nil // the addresses may be wrong
	verbs[0].Action = func(c *cli.Context) error {
		options = fmt.Sprintf("%q %v %v %q %d %v %v %q", c.StringSlice("to"), c.Bool("dry-run"), c.Bool("sign"),
			c.String("output"), c.Int("limit"), c.Duration("wait"), c.Bool("no-cover"), c.String("resend"))
		arguments = c.Args().Slice()
		return nil
	}
	app := newApp(&env{dir: "."}, verbs)
	inv, err := normalise(app, append([]string{"send"}, words...))
	if err != nil || inv.help {
		return "", nil, errors.Join(err, errors.ErrUnsupported)
	}
	if err := app.RunContext(t.Context(), inv.argv); err != nil {
		t.Errorf("%q: the library does not take %q: %v", words, inv.argv, err)
	}
	return options, arguments, nil
}

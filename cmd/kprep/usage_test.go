package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		words []string
		want  string
	}{
		{"a verb", []string{"send", "--help"}, `usage: kprep send [OPTIONS]

mail the series

options
  --to ADDRESS      add ADDRESS to every message
  --words WORD...   any number of WORD...
  -n, --dry-run     print the messages
  -s, --sign        sign the messages
  -o, --output DIR  write the messages to DIR
  --limit N         at most N messages
  --wait TIME       wait for TIME between messages
  --no-cover        leave the cover letter out
  --resend[=vN]     send vN once more
`},
		{"a verb with actions", []string{"help", "key"}, `usage: kprep key [OPTIONS] ACTION

signing keys

actions
  list      my keys
  add FILE  trust a key

options
  --json  
`},
		{"an action", []string{"key", "add", "-h"}, `usage: kprep key add FILE

trust a key
`},
		{"the program", []string{"--help"}, `usage: kprep [OPTIONS] VERB [ARGUMENTS]

prepare, send and follow patch series by e-mail

send it
  send  mail the series

start a series
  new  start a series

set up
  key  signing keys

options, before the verb
  -C DIR                  run as if started in DIR
  -c, --config KEY=VALUE  set a git configuration value: KEY=VALUE
  --no-pager              do not pipe output into a pager
  --color[=WHEN]          WHEN to use colours: always, never or auto
  -q, --quiet             print errors and results only
  -v, --verbose           say more about what is done
  -n, --no-interactive    ask nothing; every answer is no
  --offline-mode          ask no server for mail, in any verb
  --version               print the version
  -h, --help              print this text, or that of a verb

'kprep VERB --help' tells more about a verb, 'kprep help topics' what else there
is to read.
`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := testEnv(t)
			status := run(t.Context(), e.env, mailVerbs, append([]string{"kprep"}, tc.words...))
			if status != 0 || e.out.String() != tc.want || e.err.Len() > 0 {
				t.Errorf("kprep %q: status %d, stderr %q, stdout\n%swant\n%s", tc.words, status, e.err, e.out, tc.want)
			}
		})
	}
}

// Help fits a terminal of 80 columns, wherever it goes, and narrower ones too.
func TestHelpFits(t *testing.T) {
	t.Parallel()
	var below func(path []string, verbs []*cli.Command) [][]string
	below = func(path []string, verbs []*cli.Command) [][]string {
		lines := [][]string{append(slices.Clone(path), "--help")}
		for _, v := range verbs {
			if !v.Hidden && !v.SkipFlagParsing {
				lines = append(lines, below(append(slices.Clone(path), v.Name), v.Subcommands)...)
			}
		}
		return lines
	}
	e := testEnv(t)
	for _, words := range append(below(nil, commands(e.env)), []string{"range-diff", "--help"}, []string{"help", "topics"}) {
		for _, columns := range []int{80, 40} {
			e := testEnv(t)
			e.terminal.stdout = columns < lineWidth
			e.noPager, e.environ = true, []string{"COLUMNS=" + strconv.Itoa(columns)}
			if status := run(t.Context(), e.env, commands, append([]string{"kprep"}, words...)); status != 0 {
				t.Fatalf("kprep %q: status %d, %s", words, status, e.err)
			}
			for line := range strings.Lines(e.out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if text := strings.TrimSpace(line); cells(line) > columns && strings.Contains(text, " ") {
					t.Errorf("kprep %q has %d columns in a line, not %d: %q", words, cells(line), columns, line)
				}
			}
		}
	}
}

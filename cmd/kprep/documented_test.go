package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/docs"
)

// A documentedCommand is what a page shows to be typed.
type documentedCommand struct {
	page   string // "README.md", or the file's name in docs/
	line   string // without prompts and the comment behind it; several lines for one that goes on
	output string // what the page shows that it prints, "" for nothing
}

// userPages are the pages that tell users what to type.
func userPages(t testing.TB) map[string]string {
	t.Helper()
	all, err := docs.Pages()
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{"README.md": string(readme)}
	for _, p := range all {
		pages[p.Topic+".md"] = p.Text
	}
	return pages
}

// documentedCommands returns the commands in the blocks of a page, in order:
// what follows the prompt in one of console, and in other blocks, fenced without
// a language or indented, the lines that begin with the name of a program.
func documentedCommands(page, text string) []documentedCommand {
	var list []documentedCommand
	add := func(line string) { list = append(list, documentedCommand{page: page, line: withoutComment(line)}) }
	fence, inFence := "", false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if language, ok := strings.CutPrefix(line, "```"); ok {
			fence, inFence = language, !inFence
			continue
		}
		indented, isIndented := strings.CutPrefix(line, "    ")
		switch command, prompted := strings.CutPrefix(line, "$ "); {
		case inFence && fence == "console" && prompted:
			add(command)
		case inFence && fence == "console" && len(list) > 0:
			last := &list[len(list)-1]
			if more, goesOn := strings.CutPrefix(line+" ", "> "); goesOn && last.output == "" {
				last.line += "\n" + strings.TrimSuffix(more, " ")
			} else {
				last.output += line + "\n"
			}
		case inFence && fence == "" && isCommand(line):
			add(line)
		case !inFence && isIndented && isCommand(indented):
			add(indented)
		}
	}
	return list
}

// isCommand says whether a line of a block without prompts is to be typed.
func isCommand(line string) bool {
	program, _, _ := strings.Cut(line, " ")
	return slices.Contains([]string{"kprep", "git", "make", "notmuch"}, program) ||
		strings.HasPrefix(program, "public-inbox-") || strings.HasPrefix(line, "source <(")
}

// withoutComment takes off a comment, which two spaces are before.
func withoutComment(line string) string {
	line, _, _ = strings.Cut(line, "  #")
	line, _, _ = strings.Cut(line, " # ")
	return strings.TrimRight(line, " ")
}

// notRun are documented commands that no script runs, with the reason.
func notRun() map[string]string {
	const feed = "endpoint/server/feed/peers_test.go does it with a feed of its own"
	const packages = "internal/release/package_test.go and scripts/dist-check do it with packages and folders of their own"
	return map[string]string{
		"sudo dpkg --install kprep_VERSION_amd64.deb":                                packages,
		"sudo rpm --install kprep_VERSION_amd64.rpm":                                 "rpm asks for the whole system; internal/release/package_test.go has it looked at",
		"tar -xzf kprep-VERSION-linux-amd64.tar.gz --strip-components=1 -C ~/.local": packages,
		"sha256sum --check --ignore-missing SHA256SUMS":                              packages,
		"make dist": packages,
		"systemctl --user enable --now kprep-follow.timer":                                                         "there is no systemd in a test",
		"journalctl --user -u kprep-follow":                                                                        "there is no systemd in a test",
		"notmuch new && notmuch tag +series -- folder:series and tag:new":                                          "notmuch is no peer; the Maildir is read in follow_maildir.txtar",
		"git clone --mirror /var/lib/kprep/feed/git/0.git":                                                         feed,
		"public-inbox-index /var/lib/kprep/feed":                                                                   feed,
		"public-inbox-httpd -l 127.0.0.1:8080":                                                                     feed,
		"public-inbox-init -V2 kprep /var/lib/kprep/feed https://archive.example.org/kprep list@lists.example.org": feed,
	}
}

// Every command that a page shows is run by a script, as it stands there but for
// what the reader has to fill in; or there is a reason why not.
func TestEveryDocumentedCommandIsRun(t *testing.T) {
	t.Parallel()
	run, walked := documentedInScripts(t)
	excused, count := notRun(), 0
	for page, text := range userPages(t) {
		for _, c := range documentedCommands(page, text) {
			count++
			_, excuse := excused[c.line]
			delete(excused, c.line)
			if runs := walked[page] || run[page+"\x00"+c.line]; runs == excuse {
				t.Errorf("%s: %q: run by a script: %v, excused: %v", page, c.line, runs, excuse)
			}
		}
	}
	for line := range excused {
		t.Errorf("no page shows %q", line)
	}
	if count < 100 {
		t.Errorf("the pages show only %d commands: are they read?", count)
	}
}

// documentedInScripts returns what the scripts run: page and command, and the
// pages that they walk through.
func documentedInScripts(t *testing.T) (run, walked map[string]bool) {
	t.Helper()
	run, walked = map[string]bool{}, map[string]bool{}
	files, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimPrefix(line, "! ")
			if rest, ok := strings.CutPrefix(line, "walk "); ok {
				walked[strings.Fields(rest)[0]] = true
			}
			if rest, ok := strings.CutPrefix(line, "documented "); ok {
				page, command, _ := strings.Cut(strings.TrimSpace(rest), " ")
				run[page+"\x00"+unquote(command)] = true
			}
		}
	}
	return run, walked
}

// unquote takes the first word of a line of a script: ” stands for a quote in
// quotes.
func unquote(word string) string {
	quoted, ok := strings.CutPrefix(word, "'")
	if !ok {
		word, _, _ = strings.Cut(word, " ")
		return word
	}
	inside, _, _ := strings.Cut(strings.ReplaceAll(quoted, "''", "\x00"), "'")
	return strings.ReplaceAll(inside, "\x00", "'")
}

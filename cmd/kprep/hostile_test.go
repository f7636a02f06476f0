package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/mailtest"
)

// A hostile is a setting of the user or the repository that has broken a tool
// on top of git before.
type hostile struct {
	config []string // KEY=VALUE, global
	env    []string
	setUp  func(t *testing.T, home string)
	// all says that the environment is there when the user commits, too.
	all bool
	// abbreviates says that the setting is about what the verbs print.
	abbreviates bool
}

func hostileSettings() map[string]hostile {
	global := func(settings ...string) hostile { return hostile{config: settings} }
	return map[string]hostile{
		"log":        global("log.abbrevCommit=true", "log.showSignature=true", "log.decorate=full", "log.follow=true", "log.date=relative", "log.mailmap=true", "format.pretty=fuller"),
		"abbrev":     {config: []string{"core.abbrev=4"}, abbreviates: true},
		"submodule":  global("submodule.recurse=true", "status.submoduleSummary=true", "push.recurseSubmodules=on-demand", "fetch.recurseSubmodules=true", "diff.submodule=log", "diff.ignoreSubmodules=all"),
		"pager":      global("core.pager=cat | false", "pager.log=true", "pager.diff=true", "pager.var=true", "pager.config=true", "pager.tag=true", "interactive.diffFilter=false"),
		"diff":       global("diff.noprefix=true", "diff.mnemonicPrefix=true", "diff.external=false", "diff.algorithm=patience", "diff.context=0", "diff.interHunkContext=9", "diff.renames=copies", "diff.renameLimit=1", "diff.statGraphWidth=5", "diff.suppressBlankEmpty=true", "diff.wsErrorHighlight=all", "diff.colorMoved=zebra", "diff.indentHeuristic=false", "diff.relative=true", "diff.dirstat=lines", "diff.wordRegex=."),
		"order":      {config: []string{"diff.orderFile=ORDER"}, setUp: writeFile("ORDER", "z*\ny*\n")},
		"colour":     global("color.ui=always", "color.diff=always", "color.status=always", "color.branch=always"),
		"quoting":    global("core.quotePath=false", "column.ui=always", "core.commentChar=;", "commit.cleanup=scissors", "commit.verbose=true", "commit.status=false", "status.short=true", "status.branch=true", "status.showUntrackedFiles=no", "status.relativePaths=false"),
		"encoding":   global("i18n.commitEncoding=ISO-8859-1", "i18n.logOutputEncoding=UTF-16"),
		"mailmap":    {config: []string{"mailmap.file=MAILMAP", "log.mailmap=true"}, setUp: writeFile("MAILMAP", "Somebody Else <else@example.org> <jane@example.org>\n")},
		"committer":  {env: []string{"GIT_COMMITTER_NAME=Jane Doe", "GIT_COMMITTER_EMAIL=other@example.org"}, all: true},
		"overrides":  {env: []string{"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=core.abbrev", "GIT_CONFIG_VALUE_0=40", "GIT_CONFIG_KEY_1=diff.noprefix", "GIT_CONFIG_VALUE_1=true", "GIT_EXTERNAL_DIFF=false", "GIT_DIFF_OPTS=-u0"}, abbreviates: true},
		"aliases":    global("alias.rev-parse=!false", "alias.cat-file=!false", "alias.update-ref=!false", "alias.diff-tree=!false", "alias.var=!false"),
		"hooks":      {config: []string{"core.hooksPath=hooks"}, setUp: failingHooks},
		"template":   {config: []string{"init.templateDir=template"}, setUp: writeFile("template/config", "[core]\n\tautocrlf = true\n\tsafecrlf = true\n")},
		"push":       global("push.default=matching", "push.followTags=true", "push.gpgSign=true", "fetch.prune=true", "fetch.pruneTags=true", "fetch.fsckObjects=true", "transfer.fsckObjects=true", "receive.fsckObjects=true", "remote.pushDefault=nowhere", "pull.rebase=true", "branch.autoSetupMerge=always", "branch.autoSetupRebase=always", "checkout.defaultRemote=nowhere", "checkout.guess=false", "clone.defaultRemoteName=x"),
		"crlf":       global("core.autocrlf=true", "core.safecrlf=true", "core.eol=crlf", "core.whitespace=cr-at-eol", "apply.whitespace=error"),
		"attributes": {config: []string{"core.attributesFile=ATTRIBUTES", "diff.rot.textconv=sed s/o/0/", "filter.x.clean=cat"}, setUp: writeFile("ATTRIBUTES", "* diff=rot\n*.bin -diff\n")},
		"refs":       global("core.logAllRefUpdates=false", "core.preferSymlinkRefs=true", "core.warnAmbiguousRefs=false", "gc.auto=1", "gc.reflogExpire=now", "maintenance.auto=true", "core.fsmonitor=false", "core.untrackedCache=true", "index.version=4", "core.splitIndex=true", "feature.manyFiles=true", "core.commitGraph=false"),
		"tags":       global("tag.sort=-version:refname", "tag.forceSignAnnotated=false", "versionsort.suffix=-v", "branch.sort=-committerdate", "rebase.autoSquash=true", "rebase.autoStash=true", "rebase.updateRefs=true", "notes.displayRef=*", "format.notes=true", "format.signOff=true", "format.attach=x", "format.numbered=true", "format.subjectPrefix=NO", "format.from=true", "format.useAutoBase=true"),
	}
}

func writeFile(name, text string) func(*testing.T, string) {
	return func(t *testing.T, home string) {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// failingHooks refuses everything that a hook of a commit or checkout may
// refuse. The rewrite hooks and reference-transaction are not among them: a
// verb rewrites, and who refuses that means it.
func failingHooks(t *testing.T, home string) {
	for _, name := range []string{"pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-rebase", "pre-push", "pre-auto-gc", "post-merge", "applypatch-msg", "pre-applypatch"} {
		writeFile("hooks/"+name, "#!/bin/sh\necho \"$0 ran\" >&2\nexit 1\n")(t, home)
		if err := os.Chmod(filepath.Join(home, "hooks", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// Every verb does under every one of these settings what it does without them:
// the same mails arrive, the same things are said.
func TestHostileSettings(t *testing.T) {
	t.Parallel()
	plain := liveThrough(t, hostile{})
	if len(plain.mails) != 9 {
		t.Fatalf("%d mails arrived without any setting, want 9", len(plain.mails))
	}
	for name, h := range hostileSettings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := liveThrough(t, h)
			for i, want := range plain.mails {
				if i >= len(got.mails) || got.mails[i] != want {
					t.Errorf("mail %d differs:\n%s\nwithout the setting:\n%s", i, at(got.mails, i), want)
				}
			}
			if got.said != plain.said && !h.abbreviates {
				t.Errorf("the verbs said something else:\n%s", difference(t, plain.said, got.said))
			}
		})
	}
}

// difference is what git makes of two texts.
func difference(t *testing.T, a, b string) string {
	dir := t.TempDir()
	writeFile("without", a)(t, dir)
	writeFile("with", b)(t, dir)
	cmd := exec.Command("git", "diff", "--no-index", "without", "with")
	cmd.Dir = dir
	out, _ := cmd.CombinedOutput() // its status says that they differ
	return string(out)
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "(none)"
}

// A life is what became of a series: the mails as they arrived, and what the
// verbs printed.
type life struct {
	mails []string
	said  string
}

// lifeCycle goes through every verb. Lines without "kprep " prepare, and
// run without the settings, as does what a user does by hand.
const lifeCycle = `
git init -q project
cd project
printf 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n' > a
printf 'text\n' > 'größe'
printf 'crlf\r\n' > zdos
printf 'all.bin binary\n' > .gitattributes
mkdir sub && echo x > sub/y
git add . && git commit -q -m 'Start' && git tag v1.0
git commit -q --allow-empty -m 'Later'
new kprep new 'My topic' -f v1.0
sed -i s/four/FOUR/ a && git mv 'größe' zmoved && git add -A && git commit -q -m 'a: shout' -m 'Größe matters.'
printf 'crlf\r\nmore\r\n' > zdos && printf '\0\1' > all.bin && chmod +x sub/y && git add -A && git commit -q -m 'Many kinds' -m 'Text.'
cover kprep cover --from ../cover
editor GIT_EDITOR='sed -i s/Text/Prose/' kprep cover
collect kprep collect
again kprep collect
info kprep info
json kprep info --json
preview kprep preview
out kprep send -o ../out
reflect kprep send --reflect --yes
send kprep send --yes
list kprep list
sed -i s/FOUR/Four/ a && git commit -q -a --amend --no-edit
diff kprep diff v1
cover2 kprep cover --show
edit2 kprep cover --show | sed s/EDITME:.*/Shout./ | kprep cover --from -
send2 kprep send --yes
kept kprep send --resend v1 -o ../kept
git config kprep.archive ../mail
sh ../answer > ../mail
feedback kprep feedback --all
status kprep status
all kprep list --all
follow kprep follow ../box
reply kprep reply 1@r.example
trailers kprep trailers
take kprep trailers -u --yes
undo kprep undo
git clone -q . ../again && cd ../again && git checkout -q --detach v1.0 && git branch -q -D b4/my-topic && git tag -d $(git tag -l 'sent/*') > ../deleted
git -C ../again config kprep.archive ../mail && git -C ../again config kprep.my-address jane@example.org
anew kprep -C ../again new -F $(cat ../id)
anew2 kprep -C ../again info
git checkout -q -b enrolled v1.0 && echo new > new && git add new && git commit -q -m 'add new' -m Text.
enroll kprep enroll v1.0
info2 kprep info
`

// answers prints an mbox of the first revision and what was said about it.
const answers = `
set -e
sed -n 's/^Message-I[Dd]: <\(.*\)>$/\1/p' ../kept/0000-* > ../id
for f in ../kept/*; do echo 'From x@y Thu Jan  2 03:04:05 2025'; cat $f; echo; done
reply() {
	echo 'From x@y Thu Jan  2 03:04:05 2025'
	printf 'From: Rita R <rita@r.example>\nSubject: Re: x\nMessage-ID: <%s@r.example>\nDate: Thu, 2 Jan 2025 04:0%s:00 +0000\nIn-Reply-To: %s\n\n%s\n\n' $1 $1 "$(sed -n 's/^Message-I[Dd]: //p' $2)" "$3"
}
reply 1 ../kept/0001-* '> +FOUR

Größe?'
reply 2 ../kept/0002-* 'Reviewed-by: Rita R <rita@r.example>'
reply 3 ../kept/0000-* 'Tested-by: Rita R <rita@r.example>'
`

// liveThrough runs the life cycle with the settings in force for kprep alone.
func liveThrough(t *testing.T, h hostile) life {
	t.Helper()
	home := t.TempDir()
	server := mailtest.Start(t, mailtest.Options{})
	writeFile("cover", "Größe of a topic\n\nText.\n\nTo: list@lists.example.org\nSigned-off-by: Jane Doe <jane@example.org>\n")(t, home)
	writeFile("answer", answers)(t, home)
	clean := fmt.Sprintf("[user]\n\tname = Jane Doe\n\temail = jane@example.org\n[init]\n\tdefaultBranch = main\n[sendemail]\n\tsmtpServer = %s\n\tsmtpServerPort = %s\n"+
		"[kprep]\n\trepos = ~/project\n[b4]\n\tsend-auto-to-cmd = echo 'Max <max@example.org>'\n", server.Host(), server.Port())
	writeFile("clean", clean)(t, home)
	writeFile("hostile", clean)(t, home)
	if h.setUp != nil {
		h.setUp(t, home)
	}
	base := append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home, "XDG_CACHE_HOME="+home, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_DATE=2025-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2025-01-02T03:04:05Z", "GIT_TERMINAL_PROMPT=0", "TZ=UTC", "LC_ALL=C.UTF-8",
		"KPREP_NOW=2025-01-02T03:04:05Z", "KPREP_SEED=")
	for _, setting := range h.config {
		key, value, _ := strings.Cut(setting, "=")
		if _, err := os.Stat(filepath.Join(home, value)); err == nil && value != "" {
			value = filepath.Join(home, value)
		}
		git := exec.Command("git", "config", "--file", filepath.Join(home, "hostile"), "--add", key, value)
		if out, err := git.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", setting, err, out)
		}
	}
	var said strings.Builder
	dir := home
	for line := range strings.Lines(lifeCycle) {
		line = strings.TrimSpace(line)
		label, command, _ := strings.Cut(line, " ")
		if line == "" || label == "cd" {
			dir = filepath.Join(home, command)
			continue
		}
		env := append(slices.Clone(base), "GIT_CONFIG_GLOBAL="+filepath.Join(home, "clean"))
		if strings.Contains(command, "kprep ") {
			env = append(append(slices.Clone(base), "GIT_CONFIG_GLOBAL="+filepath.Join(home, "hostile")), h.env...)
		} else {
			command = line
			if h.all {
				env = append(env, h.env...)
			}
		}
		cmd := exec.Command("sh", "-e", "-c", command)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		if strings.Contains(command, "kprep ") {
			fmt.Fprintf(&said, "--- %s\n%s", label, out)
		}
	}
	l := life{said: steady(strings.ReplaceAll(said.String(), home, "HOME"))}
	for _, m := range server.Messages() {
		l.mails = append(l.mails, steady(strings.Join(append([]string{m.From}, m.To...), " ")+"\n"+string(m.Data)))
	}
	return l
}

// steady leaves out what may differ: ids of commits that another committer
// makes, and colours.
func steady(text string) string {
	text = regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(text, "")
	return regexp.MustCompile(`\b[0-9a-f]{7,40}\b`).ReplaceAllString(text, "ID")
}

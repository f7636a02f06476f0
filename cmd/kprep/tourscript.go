package main

import "os"

// A tourChapter is a step in the life of a series, as commands for a shell.
type tourChapter struct {
	title    string
	in       string // directory
	commands []string
	mailbox  string // below mail/, for what these commands sent; "" for none
}

func tourChapters() []tourChapter {
	const work = "contributor"
	return []tourChapter{
		{title: "Start a series at a release", in: work, commands: []string{
			"kprep new 'Polite greeting' -f v1.0",
		}},
		{title: "Commit, as ever", in: work, commands: []string{
			"sed -i 's/Hello/Good day/' greet/hello.sh\ngit commit -q -s -a -m 'greet: be more polite' -m 'Guests expect it.'",
			"cat > docs/usage.txt <<'END'\nUsage\n=====\nRun greet/hello.sh to be greeted.\nIt takes no options.\nIt needs a shell.\n\nGuests\n======\nEvery guest is greeted once.\nNobody has to greet back.\nThe greeter does not tire.\nEND\ngit add docs\ngit commit -q -s -m 'docs: describe the greeting' -m 'Nobody knew how to run it.'",
			"git log --oneline v1.0..",
		}},
		{title: "Write the cover letter and find the recipients", in: work, commands: []string{
			"kprep cover --from - <<'END'\nA polite greeting\n\nThis series makes the greeting polite, and documents it.\n\nSigned-off-by: Kim Contributor <kim@example.org>\nEND",
			"kprep collect",
			"kprep collect",
		}},
		{title: "Look at it", in: work, commands: []string{
			"kprep info",
			"kprep preview -o ../preview",
			"cat ../preview/0001-*.eml",
		}},
		{title: "Mail it to yourself first", in: work, mailbox: "reflect", commands: []string{
			"kprep send --reflect --yes",
		}},
		{title: "Send v1", in: work, mailbox: "v1", commands: []string{
			"kprep send --yes",
			"kprep list",
			"kprep cover --show",
		}},
		{title: "Change it after the review, and compare with v1", in: work, commands: []string{
			"sed -i 's/to be greeted/to be wished a good day/' docs/usage.txt\ngit commit -q -a --amend --no-edit",
			"kprep diff v1",
			"kprep cover --show | sed -e 's/EDITME:.*/Say what the greeting is./' | kprep cover --from -",
		}},
		{title: "Send v2", in: work, mailbox: "v2", commands: []string{
			"kprep send --yes",
			"kprep list",
		}},
		{title: "The maintainer applies what arrived", in: "maintainer", commands: []string{
			"git am ../mail/v2/0001.eml ../mail/v2/0002.eml",
			"git log --format='%h %an: %s' v1.0..",
		}},
	}
}

// tourConfig is the contributor's configuration: host and port of the server.
const tourConfig = `[user]
	name = Kim Contributor
	email = kim@example.org
[sendemail]
	smtpServer = %s
	smtpServerPort = %s
[advice]
	detachedHead = false
[core]
	pager = cat
`

// tourProject makes the project's repository and the two clones.
const tourProject = `
cd project
git init -q -b main
git add .
git -c user.name='Max Maintainer' -c user.email=max@example.org commit -q -m 'Import the greeter'
git -c user.name='Max Maintainer' -c user.email=max@example.org tag -a -m 'greeter 1.0' v1.0
cd ..
git clone -q project contributor
git clone -q project maintainer
`

type tourFile struct {
	name, text string
	mode       os.FileMode
}

// tourFiles is a project that knows its maintainers.
func tourFiles() []tourFile {
	return []tourFile{
		{"project/greet/hello.sh", "#!/bin/sh\necho 'Hello, world'\n", 0o755},
		{"project/docs/README", "The greeter greets.\n", 0o644},
		{"project/MAINTAINERS", "greet/ To Max Maintainer <max@example.org>\n" +
			"docs/ To Dora Writer <dora@example.org>\n" +
			"* Cc greeter-devel@lists.example.org\n", 0o644},
		{"project/.b4-config", "[b4]\n\tsend-prefixes = greeter\n", 0o644},
		{"project/scripts/get_maintainer.pl", tourMaintainerScript, 0o755},
	}
}

// tourMaintainerScript answers as the kernel's script does: people with
// --nol, lists with --nom.
const tourMaintainerScript = `#!/bin/sh
# Who maintains what the patch on standard input changes?
kind=To
for option; do
	test "$option" = --nom && kind=Cc
done
files=$(sed -n 's,^+++ b/,,p')
while read -r where role who; do
	test "$role" = "$kind" || continue
	for file in $files; do
		if test "$where" = '*' || test "${file#"$where"}" != "$file"; then
			echo "$who"
		fi
	done
done < MAINTAINERS | sort -u
`

package main

import (
	"fmt"
	"os"
	"strings"
)

// A tourChapter is a step in the life of a series, as commands for a shell.
type tourChapter struct {
	title    string
	in       string   // directory, with the home of who acts
	commands []string // one that ends in " &" serves until the tour ends
	mailbox  string   // below mail/, for what these commands sent; "" for none
	mails    int      // that the mailbox gets
	like     string   // directory whose files this one has in the end; "" for none
}

// tourChapters are the whole tour; a web endpoint is to serve at that URL.
func tourChapters(endpoint string) []tourChapter {
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
		{title: "Mail it to yourself first", in: work, mailbox: "reflect", mails: 3, commands: []string{
			"kprep send --reflect --yes",
		}},
		{title: "Send v1", in: work, mailbox: "v1", mails: 3, commands: []string{
			"kprep send --yes",
			"kprep list",
			"kprep cover --show",
		}},
		{title: "Change it after the review, and compare with v1", in: work, commands: []string{
			"sed -i 's/to be greeted/to be wished a good day/' docs/usage.txt\ngit commit -q -a --amend --no-edit",
			"kprep diff v1",
			"kprep cover --show | sed -e 's/EDITME:.*/Say what the greeting is./' | kprep cover --from -",
		}},
		{title: "Send v2", in: work, mailbox: "v2", mails: 3, commands: []string{
			"kprep send --yes",
			"kprep list",
		}},
		{title: "The maintainer applies what arrived", in: "maintainer", like: work, commands: []string{
			"git am ../mail/v2/0001.eml ../mail/v2/0002.eml",
			"git log --format='%h %an: %s' v1.0..",
		}},
		{title: "For those without a mail server, the project runs a web endpoint", in: "endpoint", commands: []string{
			"cat endpoint.conf",
			"kprep endpoint serve --config endpoint.conf 2>log &",
		}},
		{title: "A newcomer enrols a key there", in: "newcomer", mailbox: "challenge", mails: 1, commands: []string{
			"kprep key new --configure",
			"git config kprep.endpoint " + endpoint,
			"kprep auth new --yes",
		}},
		{title: "The newcomer answers the challenge that came by mail", in: "newcomer", mailbox: "notice", mails: 1, commands: []string{
			"cat ../mail/challenge/0000.eml",
			"tr -d '\\r' <../mail/challenge/0000.eml | grep -Ex '[0-9a-f]{32}' | kprep auth verify -",
			"kprep auth status",
		}},
		{title: "A series goes through the endpoint, to the newcomer alone at first", in: "newcomer", mailbox: "web-reflect", mails: 1, commands: []string{
			"kprep new 'Say goodbye' -f v1.0",
			"echo \"echo 'Goodbye'\" >>greet/hello.sh\ngit commit -q -s -a -m 'greet: say goodbye' -m 'Guests leave, too.'",
			"kprep cover --from - <<'END'\nSay goodbye\n\nA greeter should.\nEND",
			"kprep collect",
			"kprep send --reflect --yes",
		}},
		{title: "It goes to everybody, without SMTP", in: "newcomer", mailbox: "web-v1", mails: 1, commands: []string{
			"kprep send --yes",
			"kprep list",
		}},
		{title: "The maintainer sees who signed it, and applies it", in: "maintainer", like: "newcomer", commands: []string{
			"kprep verify ../mail/web-v1/0000.eml || echo \"status $?: who else knows the key?\"",
			"git checkout -q -b goodbye v1.0\ngit am ../mail/web-v1/0000.eml",
			"git log --format='%h %an: %s' v1.0..",
		}},
	}
}

// A tourPerson acts in a directory of the tour, with a home of their own.
type tourPerson struct{ in, name, mailbox, mail string }

// tourPeople are all of them; smtp is the configuration of those who have a mail
// server.
func tourPeople(smtp string) []tourPerson {
	return []tourPerson{
		{"contributor", "Kim Contributor", "kim@example.org", smtp},
		{"maintainer", "Max Maintainer", "max@example.org", smtp},
		{"newcomer", "Nia Newcomer", "nia@example.com", ""},
		{"endpoint", "Endpoint", "endpoint@example.org", ""},
	}
}

// config is what git reads in that person's home.
func (p tourPerson) config() string {
	return fmt.Sprintf("[user]\n\tname = %s\n\temail = %s\n%s[advice]\n\tdetachedHead = false\n[core]\n\tpager = cat\n", p.name, p.mailbox, p.mail)
}

// tourEndpoint configures the web endpoint, which mails as smtp says.
func tourEndpoint(url, listen, smtp string) string {
	return strings.Join([]string{
		"[endpoint]", "name = Greeter Endpoint", "url = " + url, "listen = " + listen,
		"from = patches@endpoint.example.org", `destination = greeter-devel@lists\\.example\\.org`, "database = endpoint.db",
	}, "\n\t") + "\n" + smtp
}

// tourProject makes the project's repository and a clone of it for each person.
const tourProject = `
cd project
git init -q -b main
git add .
git -c user.name='Max Maintainer' -c user.email=max@example.org commit -q -m 'Import the greeter'
git -c user.name='Max Maintainer' -c user.email=max@example.org tag -a -m 'greeter 1.0' v1.0
cd ..
git clone -q project contributor
git clone -q project maintainer
git clone -q project newcomer
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

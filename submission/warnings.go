package submission

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// clockSlack is how far a clock may be behind another one.
const clockSlack = 5 * time.Minute

// delivery finds what may keep lists or servers from taking the mail as it is
// (spec/mail part 3), though it can be sent.
func (s *Submission) delivery() []Problem {
	all := slices.Concat(s.domains(), s.threading(), s.signatures(), s.foreignLetters())
	if word := listCommand(s.Messages[0]); word != "" {
		all = append(all, Problem{Name: "list-command", Next: "begin with another word: see 'kprep cover'",
			Text: fmt.Sprintf("the text begins with %q, which some lists take for a command to them", word)})
	}
	for _, c := range s.Series.Patches {
		for _, line := range trailers.Unreachable(c.Message) {
			all = append(all, Problem{Name: "trailer",
				Text: fmt.Sprintf("commit %s: nobody gets mail for \"%s: %s\", which has no address", c.ID.Short(), line.Key, line.Value)})
		}
	}
	for _, c := range s.Series.Patches {
		if ahead := c.Committer.When.Sub(s.now); ahead > clockSlack {
			all = append(all, Problem{Name: "clock", Next: "set the clock",
				Text: fmt.Sprintf("commit %s is from %s, and the clock says %s: the mail would be dated before it", c.ID.Short(), c.Committer.When.Format(time.DateTime), s.now.Format(time.DateTime))})
			break
		}
	}
	return all
}

// domains compares From with what servers check it against: mail of another
// domain is refused or rewritten by many.
func (s *Submission) domains() []Problem {
	domain := func(mailbox string) string {
		return strings.ToLower(patchmail.Address{Mailbox: mailbox}.Domain())
	}
	from := domain(s.Sender.Mailbox)
	var all []Problem
	if d := domain(s.Envelope); d != "" && d != from {
		all = append(all, Problem{Name: "from-domain",
			Text: fmt.Sprintf("From is of %s and the envelope sender of %s: servers may refuse the mail, or lists rewrite its From", from, d), Next: inBodyFrom})
	}
	if d := domain(s.Mail.User); !s.Mail.ByEndpoint() && d != "" && d != from {
		all = append(all, Problem{Name: "from-domain",
			Text: fmt.Sprintf("From is of %s and the login of %s: servers may refuse the mail, or rewrite its From", from, d), Next: inBodyFrom})
	}
	return all
}

// foreignLetters warns of recipients that no header names, whom a server without
// SMTPUTF8 is not told of; where headers name one, it is told of nobody (spec/mail.md
// 2.7).
func (s *Submission) foreignLetters() []Problem {
	if !s.foreignBcc || s.Kind.private() || s.Mail.ByEndpoint() || s.Mail.ByCommand() {
		return nil
	}
	return []Problem{{Name: "smtputf8", Text: "a Bcc has letters outside of ASCII before its @: a server without SMTPUTF8 does not take it, and the others get the mail all the same"}}
}

// inBodyFrom is what keeps the author of a patch where From is rewritten.
const inBodyFrom = "--force-in-body-from keeps the author of each patch all the same"

// threading warns when a thread is not what the project or its readers expect.
func (s *Submission) threading() []Problem {
	revision := s.Series.Tracking.Revision
	switch answers := s.Answers(); {
	case s.joins != "" && revision > 1:
		return []Problem{{Name: "thread", Text: fmt.Sprintf("v%d answers another discussion: many maintainers want later revisions in a thread of their own", revision)}}
	case s.wantsThread && revision > 1 && answers == "":
		return []Problem{{Name: "thread", Next: "'--in-reply-to MSGID' names it",
			Text: "the mail is to answer an earlier revision, and the message-id of that is not on record"}}
	}
	return nil
}

// listCommand is the first word of a message's text, or of its title, where
// mailing lists know it as a command; "" where they do not.
func listCommand(m Message) string {
	raw, err := m.Raw()
	if err != nil {
		return "" // who reads it to send it says so
	}
	_, body, _ := strings.Cut(string(raw), "\n\n")
	for _, text := range []string{body, m.Draft.Title} {
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		switch word := strings.ToLower(strings.TrimRight(fields[0], ".,:;!")); word {
		case "subscribe", "unsubscribe", "help", "which", "lists", "who", "auth", "approve", "signoff":
			return fields[0]
		}
	}
	return ""
}

// exposed warns of a password in a file that others can read.
func (s *Submission) exposed(ctx context.Context) ([]Problem, error) {
	if s.Mail.Password == "" {
		return nil, nil
	}
	lines, err := s.repo.ConfigOrigins(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"sendemail.smtpPass", "sendemail." + s.Mail.Identity + ".smtpPass"} {
		for _, l := range lines.Of(key) {
			path, ok := strings.CutPrefix(l.Origin, "file:")
			if !ok {
				continue
			}
			if !filepath.IsAbs(path) {
				path = filepath.Join(s.repo.TopLevel, path)
			}
			if info, err := os.Stat(path); err == nil && info.Mode()&0o044 != 0 && runtime.GOOS != "windows" { // which knows access lists, and no such bits
				return []Problem{{Name: "password", Text: fmt.Sprintf("%s holds your password, and others can read it", path),
					Next: "'chmod 600' keeps it to you, a credential helper keeps it better"}}, nil
			}
		}
	}
	return nil, nil
}

// Author is who git says that the user is; its error is that nobody is known.
func (s *Submission) Author() (patchmail.Address, error) {
	author, err := s.repo.Author()
	return patchmail.Address{Name: author.Name, Mailbox: author.Email}, err
}

// Answers is the message-id of another series or discussion that the first
// message answers; "" for none.
func (s *Submission) Answers() string { return s.Messages[0].Draft.Message.InReplyTo }

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
)

// sendHint helps with what stopped a send.
func sendHint(err error) string {
	signing, command := (*submission.SigningError)(nil), (*submission.CommandError)(nil)
	refusals, git := (*submission.Refusals)(nil), (*gitrepo.Error)(nil)
	mailed, thread, open := (*submission.MailedError)(nil), (*threadError)(nil), (*submission.OpenSendError)(nil)
	other, lost := (*submission.OtherRevisionError)(nil), (*submission.LostSendError)(nil)
	switch {
	case errors.As(err, &signing):
		return "nothing was sent; " + signingHint(signing)
	case errors.As(err, new(*sendmail.NoTransportError)):
		return "'kprep help providers' has the settings for many a provider, 'kprep doctor' tests them"
	case errors.As(err, &thread) && len(thread.paths) == 0:
		return "save the thread into a file and name that, or name your archive with 'git config --add kprep.archive PATH'"
	case errors.As(err, &thread):
		return "save the thread into a file and name that"
	case errors.As(err, new(*submission.ApprovalError)):
		return "nothing was sent; look at it again with 'kprep preview', with the same options, which prints the approval of what is there now"
	case errors.As(err, new(*patchmail.EncodingError)):
		return "nothing was sent; 'kprep -c sendemail.transferEncoding=auto' lets each message have what it needs"
	case errors.As(err, &command) && strings.HasPrefix(command.Command.Key, "sendemail."):
		return fmt.Sprintf("nothing was sent; mend the command, or do without it this time, with 'kprep -c %s= send'", command.Command.Key)
	case errors.As(err, &refusals):
		var steps []string
		for _, p := range refusals.Problems {
			if p.Next != "" && !slices.Contains(steps, p.Next) {
				steps = append(steps, p.Next)
			}
		}
		if flags := allowFlags(refusals); flags != "" {
			steps = append(steps, "or send all the same with '"+flags+"'")
		}
		return strings.Join(steps, "; ")
	case errors.As(err, new(*submission.UnwritableError)):
		return "mend the commit's author or title with 'git rebase -i' and 'git commit --amend', with --author where it is the author"
	case errors.As(err, new(*submission.UnknownAliasError)):
		return "write the address as local@domain, or name the alias in a file of sendemail.aliasesFile"
	case errors.As(err, &other):
		return fmt.Sprintf("'kprep set revision %d' says that the patches on the branch are those", other.Sent)
	case errors.As(err, new(*submission.DamagedSendError)):
		return "nothing more is sent from it; 'kprep send --status' shows what is known of it, a backup may bring it back, 'kprep send --abandon' gives it up"
	case errors.As(err, &lost):
		return fmt.Sprintf("nothing of v%d is sent again; bring the journal back from a backup, or 'kprep send --abandon' gives it up and makes the branch v%d", lost.Revision, lost.Revision+1)
	case errors.As(err, &open) && open.Summary.Rootless:
		return rootlessHint
	case errors.As(err, &open) && open.Summary.Final() && !open.Summary.Complete:
		return "'kprep send --accept-refusals' leaves it at that, 'kprep send --abandon' gives it up"
	case errors.As(err, &open):
		return "'kprep send --continue' goes on with it, 'kprep send --abandon' gives it up"
	case errors.As(err, new(*sendmail.BusyError)):
		return "wait for it, or interrupt it and go on with 'kprep send --continue'"
	case errors.As(err, new(*sendmail.UnwritableError)):
		return "nothing was sent or changed; see that you may write to 'kprep/send' in the git directory, and that it has room"
	case errors.As(err, &git) && git.Command == "credential":
		return "run kprep on a terminal, or let a credential helper know the password, see gitcredentials(7)"
	case errors.As(err, new(*sendmail.UncheckedError)), errors.As(err, new(*sendmail.PlainTextError)) && meantProgram(err) != "":
		return "nothing was sent; " + serverHint(err)
	case errors.As(err, new(*submission.RecordedError)):
		return "nothing was changed; 'kprep info' shows what is on record"
	case errors.As(err, &mailed) && mailed.Subject.Revision != mailed.Want:
		return fmt.Sprintf("if that is what was mailed, say so first with 'kprep set revision %d'", mailed.Subject.Revision)
	case errors.As(err, &mailed):
		return "name the cover letter, or the first patch where there is none"
	case errors.As(err, new(*submission.ReflectRouteError)):
		return "if it sends only to the recipients it is given, say so with 'git config sendemail.b4-really-reflect-via COMMAND'"
	case errors.As(err, new(*project.ConsentError)):
		return "read the command; '--trust' agrees to run it, now and in future"
	}
	return ""
}

// signingHint helps with a key that does not sign a series.
func signingHint(e *submission.SigningError) string {
	text := strings.TrimPrefix(attestHint(e.Err), "nothing was signed; ")
	if text == "" {
		text = "see that the key is there and its agent or card answers"
	}
	if e.ByEndpoint {
		return text
	}
	return text + "; '--no-sign' sends unsigned"
}

// unknownHint is what only the user can find out.
const unknownHint = "look for the message in the list's archive and in your inbox: nothing is sent again unasked; " +
	"'kprep send --arrived ID' or '--not-arrived ID' says what you found, '--check-archive PATH' looks into mail; " +
	"'kprep send --abandon' ends this send"

// rootlessHint is for a thread that can have no beginning any more.
const rootlessHint = "what is refused is not tried again: 'kprep send --abandon' gives it up; " +
	"mend what the server objects to, then send anew"

// unfinishedHint says how to go on with a send.
func unfinishedHint(e *submission.UnfinishedError) string {
	next := "'kprep send --continue' goes on, 'kprep send --abandon' gives it up"
	switch {
	case e.Kind == submission.KindReflect || e.Kind == submission.KindPreview:
		next = "try again"
		if e.Summary.Refused > 0 {
			next = "mend what is objected to, then try again"
		}
	case e.Over:
		next = "mend what it objects to, then send anew"
	case e.Refs:
		next = "'kprep send --continue' does only that"
		if first := refsHint(e.Err); first != "" {
			next = first + "; then " + next
		}
	case e.Summary.Unknown > 0 && e.Tells:
		next = "'kprep send --continue' asks the web endpoint what it has; " + unknownHint
	case e.Summary.Unknown > 0:
		next = unknownHint
	case e.Summary.Nameless:
		next = "'kprep send --continue --id-on-wire ID' goes on, with the message-id that your copy of it has"
	case e.Summary.Rootless:
		next = rootlessHint
	case e.Summary.Final() && e.Summary.Accepted > 0:
		next = "'kprep send --accept-refusals' leaves it at that, and makes the branch the next revision"
	}
	if e.Denied {
		next = "'kprep auth status' shows whether it knows your key; " + next
	}
	if e.Status() == statusFailed {
		next = "nothing was sent; " + next
	}
	if first := serverHint(e.Err); first != "" {
		return first + "; " + next
	}
	return next
}

// refsHint helps with what keeps tag and branch from moving once the mail is out.
func refsHint(err error) string {
	if taken := (*gitrepo.RefChangedError)(nil); errors.As(err, &taken) {
		if tag, ok := strings.CutPrefix(taken.Name, "refs/tags/"); ok {
			return fmt.Sprintf("delete the tag that is in the way, with 'git tag -d %s', or rename it", tag)
		}
		return ""
	}
	return strings.TrimPrefix(cmp.Or(seriesHint(err), gitHint(err)), "nothing was changed; ")
}

// serverHint helps with a server that cannot be used.
func serverHint(err error) string {
	login, unchecked := (*sendmail.LoginError)(nil), (*sendmail.UncheckedError)(nil)
	if program := meantProgram(err); program != "" {
		return fmt.Sprintf("if the program of that name was meant, 'git config sendemail.smtpServer %s' names it by its path", program)
	}
	if text := endpointHint(err); text != "" {
		return text
	}
	switch {
	case errors.As(err, &unchecked) && unchecked.Insecure:
		return "leave it out"
	case errors.As(err, &unchecked):
		return "name the certificate to trust there, or unset it; --insecure sends to whoever answers"
	case errors.As(err, new(*sendmail.UTF8Error)):
		return "a server with SMTPUTF8 takes them; else send without those addresses, or with --bcc, which no header names"
	case errors.As(err, new(*sendmail.LookupError)):
		return "check sendemail.smtpServer and your network"
	case errors.As(err, new(*sendmail.ConnectError)):
		return "check sendemail.smtpServer, smtpServerPort and smtpEncryption"
	case errors.As(err, new(*sendmail.StartTLSError)):
		return "check sendemail.smtpEncryption: tls is STARTTLS, ssl is TLS from the start"
	case errors.As(err, new(*sendmail.CertificateError)):
		return "if you trust the server, name the certificate of its authority in sendemail.smtpSSLCertPath"
	case errors.As(err, &login) && login.Code/100 == 5:
		return "check sendemail.smtpUser and the password; some providers want one made for the program"
	}
	return ""
}

// meantProgram is the path of a program that has the name of a server which
// cannot be used; "" when there is none.
func meantProgram(err error) string {
	host := ""
	plain, lookup := (*sendmail.PlainTextError)(nil), (*sendmail.LookupError)(nil)
	switch {
	case errors.As(err, &plain):
		host = plain.Host
	case errors.As(err, &lookup):
		host = lookup.Host
	}
	if host == "" || strings.ContainsAny(host, "./:") {
		return ""
	}
	path, err := exec.LookPath(host)
	if err != nil {
		return ""
	}
	return path
}

// allowFlags are the options that pass over refusals; "" when some of them
// cannot be passed over.
func allowFlags(r *submission.Refusals) string {
	var flags []string
	for _, p := range r.Problems {
		if !slices.Contains(submission.Allowable(), p.Name) {
			return ""
		}
		if flag := "--allow " + p.Name; !slices.Contains(flags, flag) {
			flags = append(flags, flag)
		}
	}
	return strings.Join(flags, " ")
}

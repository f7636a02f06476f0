package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/submission"
	"github.com/kprep/kprep/ui"
)

func (d *desk) Preview(ctx context.Context, r ui.Ref) (*ui.Preview, error) {
	o, err := d.enter(ctx, r, false)
	if err != nil {
		return nil, err
	}
	defer o.close()
	sub, err := o.prepare(o.c, o.series.Series, submission.KindSend)
	if err != nil {
		return nil, hinted(err)
	}
	p := &ui.Preview{Route: sub.Route(), Approval: sub.Approval(), Signing: sub.Signing.String()}
	if sub.Signing.Signer != nil {
		p.Signing = "will be " + p.Signing + " when sent"
	}
	if p.Problems, err = sub.Preflight(ctx, nil); err != nil {
		return nil, hinted(err)
	}
	for i := range sub.Messages {
		m, err := shownMessage(&sub.Messages[i])
		if err != nil {
			return nil, err
		}
		p.Messages = append(p.Messages, m)
	}
	named, err := o.namedBy(ctx)
	if err != nil {
		return nil, err
	}
	p.Recipients = recipientsOf(sub, named)
	if n := sub.Bcc(); n > 0 {
		p.Recipients = append(p.Recipients, ui.Recipient{Address: plural(n, "blind copy", "blind copies"), Field: "no header", Why: []string{"--bcc or sendemail.bcc"}})
	}
	p.Warnings, p.Notes = o.said()
	return p, nil
}

// shownMessage is a message as its readers see it. Date and message-id are new when
// it is sent.
func shownMessage(m *submission.Message) (ui.Message, error) {
	mail, err := m.Draft.Mail()
	if err != nil {
		return ui.Message{}, err
	}
	raw, err := m.Raw()
	if err != nil {
		return ui.Message{}, err
	}
	out := ui.Message{Name: m.Name, Body: string(mail.Body), Notes: m.Notes(), Raw: raw}
	field := func(name, value string) {
		if value != "" {
			out.Header = append(out.Header, ui.Field{Name: name, Value: value})
		}
	}
	field("From", mail.From.String())
	field("To", addressList(mail.To))
	field("Cc", addressList(mail.Cc))
	field("Subject", mail.Subject)
	field("Date", "new when it is sent")
	field("Message-ID", "new when it is sent")
	if mail.InReplyTo != "" {
		field("In-Reply-To", "the first message")
		if m.Draft.Counter == 0 {
			out.Header[len(out.Header)-1].Value = "<" + mail.InReplyTo + ">"
		}
	}
	for _, h := range mail.Headers {
		field(h.Name, h.Value)
	}
	return out, nil
}

func addressList(list []patchmail.Address) string { return strings.Join(printed(list), ", ") }

// namedBy says why MAINTAINERS names whom, by the key of the address. No command is run
// for that: where the project has only one, it is left out.
func (o *office) namedBy(ctx context.Context) (map[string][]string, error) {
	if o.repo.TopLevel == "" || len(o.series.Patches) == 0 {
		return nil, nil
	}
	errNotRun := errors.New("no command is run")
	query := o.maintainersProject(o.repo.TopLevel, o.repo, 0)
	scripts, err := project.UserScripts(o.getenv)
	if err != nil {
		scripts = project.Scripts{}
	}
	got, err := submission.Collect(ctx, o.repo, o.series.Series, submission.CollectOptions{Now: o.now(), Mailer: "kprep " + programVersion(), Home: o.getenv("HOME"), Env: o.environ,
		Scripts: scripts, Project: &query, Consent: func(project.Command) error { return errNotRun }})
	if err != nil {
		return nil, ctx.Err() // only reasons are missing
	}
	named := map[string][]string{}
	for _, f := range got.Found {
		for _, reason := range f.Reasons {
			if text := f.Source + ": " + reason.String(); !slices.Contains(named[f.Key()], text) {
				named[f.Key()] = append(named[f.Key()], text)
			}
		}
	}
	return named, nil
}

// recipientsOf lists everybody whom the headers name, those of To first, with all that
// named them.
func recipientsOf(sub *submission.Submission, named map[string][]string) []ui.Recipient {
	var all []ui.Recipient
	for _, name := range []string{"To", "Cc"} {
		at := map[string]int{} // by key of the address
		for _, m := range sub.Messages {
			list := m.Draft.Message.To
			if name == "Cc" {
				list = m.Draft.Message.Cc
			}
			for _, a := range list {
				i, known := at[a.Key()]
				if !known {
					i = len(all)
					at[a.Key()] = i
					all = append(all, ui.Recipient{Address: a.String(), Field: name, Why: whyOf(sub, a, named)})
				}
				all[i].Messages = append(all[i].Messages, m.Draft.Counter)
			}
		}
	}
	for i := range all {
		if len(all[i].Messages) == len(sub.Messages) {
			all[i].Messages = nil
		}
	}
	return all
}

func whyOf(sub *submission.Submission, a patchmail.Address, named map[string][]string) []string {
	var why []string
	if text := sub.Why(a); text != "" {
		why = append(why, "named by "+text)
	}
	return append(why, named[a.Key()]...)
}

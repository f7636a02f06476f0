package submission

import (
	"context"
	"strings"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

// mapAddresses rewrites everybody who could receive the series as the mailmap
// has them, where sendemail.mailmap wants it. The sender stays as configured.
func (s *Submission) mapAddresses(ctx context.Context, r *Recipients, lists ...[]patchmail.Address) error {
	if !s.Mail.Mailmap {
		return nil
	}
	var all []*patchmail.Address
	for _, list := range append(lists, r.To, r.Cc, r.Bcc) {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	people := func(list []series.Person) {
		for i := range list {
			all = append(all, &list[i].Address)
		}
	}
	for _, d := range s.rendered.Drafts {
		people(d.Persons)
	}
	for _, c := range r.ByCommand {
		people(c.To)
		people(c.Cc)
	}
	contacts := make([]string, len(all))
	for i, a := range all {
		contacts[i] = strings.TrimPrefix(a.Name+" <"+a.Mailbox+">", " ")
	}
	mapped, err := s.repo.Mailmap(ctx, contacts, s.Mail.MailmapFile, s.Mail.MailmapBlob)
	if err != nil {
		return err
	}
	for i, text := range mapped {
		if text == contacts[i] {
			continue
		}
		begin := strings.LastIndexByte(text, '<')
		if begin < 0 || !strings.HasSuffix(text, ">") {
			continue // a name with no address behind it
		}
		*all[i] = patchmail.Address{Name: strings.TrimSpace(text[:begin]), Mailbox: text[begin+1 : len(text)-1]}
	}
	return nil
}

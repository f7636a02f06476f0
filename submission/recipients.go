package submission

import (
	"path"
	"slices"
	"strings"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

// Recipients says who receives a series beyond those its own text names.
type Recipients struct {
	To, Cc []patchmail.Address // standing ones, then those of the command line
	Bcc    []patchmail.Address // envelope only
	// Which option or setting named each of To and Cc, in their order.
	toFrom, ccFrom []string
	Exclude        []string // globs of addresses that never receive anything
	Dropped        []string // keys of addresses that bounce: no copy for being mentioned
	// Suppress leaves out those whom a message only mentions.
	Suppress suppression
	Me       []patchmail.Address // for "self"
	MeToo    bool                // false leaves out Me wherever it comes from
	// ByCommand are whom the user's commands name, by message; nil for nobody.
	ByCommand        []commanded
	ToCover, CcCover bool // every message goes to whom the first one goes to
}

// address gives every draft its To and Cc: the series' own To and Cc, the
// standing ones, whom the cover names, and on each patch whom only that patch
// names. The first message goes to everybody. An address appears once in a
// message, To before Cc. Without any To, Cc takes its place.
func (r Recipients) address(drafts []series.Draft, letterTo, letterCc []patchmail.Address) {
	to := r.keep(letterTo, r.To)
	cc := r.keep(letterCc, r.Cc)
	if len(drafts) > 1 {
		cc = r.keep(cc, r.persons(drafts[0].Persons))
	}
	cc = without(cc, to)
	if len(to) == 0 {
		to, cc = cc, nil
	}
	everyone := append(slices.Clone(to), cc...)
	var toUnion, ccUnion []patchmail.Address
	for i := range drafts {
		ownTo, ownCc := r.commanded(i)
		ownTo = without(ownTo, everyone)
		private := without(r.keep(r.persons(drafts[i].Persons), ownCc), append(slices.Clone(everyone), ownTo...))
		toUnion, ccUnion = r.keep(toUnion, ownTo), r.keep(ccUnion, private)
		drafts[i].Message.To, drafts[i].Message.Cc = join(to, ownTo), join(cc, private)
	}
	first := &drafts[0].Message
	first.To = join(to, toUnion)
	first.Cc = without(join(cc, ccUnion), first.To)
	for i := range drafts {
		m := &drafts[i].Message
		if r.ToCover {
			m.To = first.To
		}
		if r.CcCover {
			m.Cc = first.Cc
		}
		m.Cc = without(m.Cc, m.To)
		if len(m.To) == 0 { // only whom this message names is left
			m.To, m.Cc = m.Cc, nil
		}
	}
}

// persons are those of a message's persons who want a copy.
func (r Recipients) persons(all []series.Person) []patchmail.Address {
	var out []patchmail.Address
	for _, p := range all {
		if !r.suppressed(p) && !slices.Contains(r.Dropped, p.Address.Key()) {
			out = append(out, p.Address)
		}
	}
	return out
}

func (r Recipients) suppressed(p series.Person) bool {
	return r.Suppress.covers(p.Role, r.isMe(p.Address))
}

// commanded are whom the user's commands name for one message.
func (r Recipients) commanded(i int) (to, cc []patchmail.Address) {
	if i >= len(r.ByCommand) {
		return nil, nil
	}
	c := r.ByCommand[i]
	return r.keep(r.persons(c.To)), r.keep(r.persons(c.Cc))
}

func (r Recipients) isMe(a patchmail.Address) bool {
	return slices.ContainsFunc(r.Me, func(me patchmail.Address) bool { return me.Key() == a.Key() })
}

// keep joins lists, each address once, less those that are excluded.
func (r Recipients) keep(lists ...[]patchmail.Address) []patchmail.Address {
	var out []patchmail.Address
	for _, list := range lists {
		for _, a := range list {
			if !r.excluded(a) && !contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

func (r Recipients) excluded(a patchmail.Address) bool {
	if !r.MeToo && r.isMe(a) {
		return true
	}
	return slices.ContainsFunc(r.Exclude, func(glob string) bool {
		ok, err := path.Match(strings.ToLower(glob), a.Key())
		return err == nil && ok
	})
}

func contains(list []patchmail.Address, a patchmail.Address) bool {
	return slices.ContainsFunc(list, func(b patchmail.Address) bool { return b.Key() == a.Key() })
}

// without leaves taken out of a list. It is the list itself where that has none
// of them: the messages of a long series share what most of them have.
func without(list, taken []patchmail.Address) []patchmail.Address {
	also := func(a patchmail.Address) bool { return contains(taken, a) }
	if !slices.ContainsFunc(list, also) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), also)
}

// join is the list itself where more is empty.
func join(list, more []patchmail.Address) []patchmail.Address {
	if len(more) == 0 {
		return slices.Clip(list)
	}
	return slices.Concat(list, more)
}

// envelope lists the mailboxes of a message for the transport, each once, and
// how many of them are To.
func envelope(m patchmail.Message, bcc []patchmail.Address) (all, to []string, err error) {
	for i, list := range [][]patchmail.Address{m.To, m.Cc, bcc} {
		for _, a := range list {
			mailbox, _, err := a.Envelope()
			if err != nil {
				return nil, nil, err
			}
			if !slices.Contains(all, mailbox) {
				all = append(all, mailbox)
			}
		}
		if i == 0 {
			to = slices.Clone(all)
		}
	}
	return all, to, nil
}

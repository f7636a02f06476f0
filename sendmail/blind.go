package sendmail

import (
	"regexp"
	"slices"
)

// Blind stands for a recipient that no header names (spec/mail.md 2.9).
const Blind = "(bcc)"

// Discreet is text without the given addresses. Servers repeat in their answers
// whom they were told of.
func Discreet(blind []string, text string) string {
	for _, mailbox := range blind {
		text = regexp.MustCompile("(?i)"+regexp.QuoteMeta(mailbox)).ReplaceAllLiteralString(text, Blind)
	}
	return text
}

// blind are the recipients that no header of some message names, each once.
func (j *Journal) blind() []string {
	var all []string
	for _, m := range j.plan.Messages {
		all = append(all, m.Bcc...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

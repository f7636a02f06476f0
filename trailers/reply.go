package trailers

import (
	"regexp"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A Given is a trailer as a reply gives it.
type Given struct {
	Trailer            // the value on one line
	Notes     []string // lines in brackets below it, such as "[on hw]"
	Condition string   // the words that it depends on, "" for none
}

// All is the trailer with its notes, as [Merge] takes them.
func (g Given) All() []Trailer {
	all := []Trailer{g.Trailer}
	for _, note := range g.Notes {
		all = append(all, Trailer{Value: note})
	}
	return all
}

// FromReply returns the trailers that the text of a reply gives, in order: lines
// of its own of the form "Name: value", indented or not (b4-interop 9.3). Those
// in quotations, below a signature's "-- ", in a diff and in a patch that the
// reply carries are not given, and neither is what only looks like a trailer. One
// in a sentence, or under words such as "with that fixed", has a condition.
//
// Of a body beyond all measure the beginning counts.
func FromReply(body string) []Given {
	const maxBody = 1 << 20
	if len(body) > maxBody {
		body = body[:strings.LastIndexByte(body[:maxBody], '\n')+1]
	}
	var r reply
	lines := ownLines(body)
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if !line.own {
			r.interrupt()
			continue
		}
		text := line.text
		if i+1 < len(lines) && lines[i+1].own {
			if whole, ok := joinBroken(text, lines[i+1].text); ok {
				text = whole
				i++
			}
		}
		r.read(text)
	}
	return r.given
}

// A reply collects the trailers of a reply line by line.
type reply struct {
	given     []Given
	block     int      // where the trailers of the block at hand begin
	inBlock   bool     // the line before belonged to a trailer
	paragraph []string // the prose that a trailer may come to stand under
	ended     bool     // by a blank line
}

// interrupt begins anew below a quotation.
func (r *reply) interrupt() {
	r.inBlock, r.paragraph, r.ended = false, nil, false
}

func (r *reply) read(text string) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		r.inBlock, r.ended = false, true
		return
	}
	if r.inBlock && strings.HasPrefix(trimmed, "[") && strings.HasSuffix(trimmed, "]") && isPrintable(trimmed) {
		last := &r.given[len(r.given)-1]
		last.Notes = append(last.Notes, trimmed)
		if last.Condition == "" {
			last.Condition = condition(trimmed)
		}
		return
	}
	if t, ok := replyTrailer(trimmed); ok {
		r.add(t, condition(lastSentence(strings.Join(r.paragraph, " "))))
		return
	}
	if t, before, ok := trailerInSentence(trimmed); ok {
		r.add(t, before)
		return
	}
	if r.inBlock { // what follows at once may be about the trailers above
		if words := condition(trimmed); words != "" {
			for i := r.block; i < len(r.given); i++ {
				if r.given[i].Condition == "" {
					r.given[i].Condition = words
				}
			}
		}
	}
	if r.ended || r.inBlock {
		r.paragraph, r.ended = nil, false
	}
	r.inBlock = false
	r.paragraph = append(r.paragraph[max(0, len(r.paragraph)-maxLead+1):], trimmed)
}

// maxLead is how many lines above a trailer may make a condition for it.
const maxLead = 8

func (r *reply) add(t Trailer, words string) {
	if !r.inBlock {
		r.block = len(r.given)
	}
	if _, remark, ok := strings.Cut(t.Value, " #"); ok && words == "" {
		words = condition(strings.TrimSpace(remark))
	}
	r.given = append(r.given, Given{Trailer: t, Condition: shortened(words)})
	r.inBlock = true
}

// shortened is the end of a long text.
func shortened(words string) string {
	const most = 200
	runes := []rune(words)
	if len(runes) <= most {
		return words
	}
	return "…" + string(runes[len(runes)-most:])
}

// replyForm is the form of a trailer in a reply.
var replyForm = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9-]+):\s+(\S.*)$`)

// replyTrailer reads a line that is a trailer and nothing else.
func replyTrailer(line string) (Trailer, bool) {
	m := replyForm.FindStringSubmatch(line)
	if m == nil {
		return Trailer{}, false
	}
	t := Trailer{Key: m[1], Value: tidy(m[2])}
	return t, t.isGiven()
}

// sentenceForm finds somebody's "…-by" behind other words.
var sentenceForm = regexp.MustCompile(`^(.*[^\s>|].*?)\s"?([A-Z][A-Za-z]*(?:-[A-Za-z]+)*-[Bb]y):\s+([^<>"]*<[^<>\s]+@[^<>\s]+>)`)

// trailerInSentence reads a trailer in running text, and what stands before it.
func trailerInSentence(line string) (t Trailer, before string, ok bool) {
	m := sentenceForm.FindStringSubmatch(line)
	if m == nil || strings.ContainsAny(m[1], "<>|") { // "jd> Acked-by: …" is a quotation
		return Trailer{}, "", false
	}
	t = Trailer{Key: m[2], Value: tidy(m[3])}
	return t, m[1], t.isGiven()
}

// tidy takes out of a value what mail programs put there.
func tidy(value string) string {
	value = mailtoForm.ReplaceAllString(value, "")
	return strings.Join(strings.Fields(value), " ")
}

// QUIRK: "Jane Doe <jane@example.org<mailto:jane@example.org>>".
var mailtoForm = regexp.MustCompile(`(?i)<mailto:[^<>]*>`)

// joinBroken joins a trailer that a mail program broke into two lines: the
// address below the name, or the end of the title that Fixes names.
func joinBroken(line, next string) (string, bool) {
	m := replyForm.FindStringSubmatch(strings.TrimSpace(line))
	next = strings.TrimSpace(next)
	switch {
	case m == nil || next == "":
		return "", false
	case strings.EqualFold(m[1], "fixes"):
		if strings.Count(m[2], "(") <= strings.Count(m[2], ")") || !strings.Contains(next, ")") || replyForm.MatchString(next) {
			return "", false
		}
	case strings.ContainsAny(m[2], "<@") || !addressForm.MatchString(next):
		return "", false
	}
	return strings.TrimRight(line, " \t") + " " + next, true
}

var addressForm = regexp.MustCompile(`^<[^<>\s]+@[^<>\s]+>(\s*#.*)?$`)

// isGiven says whether what has the form of a trailer is one that a reply can
// give (b4-interop 9.3).
func (t Trailer) isGiven() bool {
	if !isPrintable(t.Value) {
		return false
	}
	switch key := strings.ToLower(t.Key); {
	case isHeader(key), strings.HasPrefix(key, "prerequisite-"):
		return false
	case key == "fixes":
		return fixesForm.MatchString(t.Value)
	case key == "link" || key == "buglink" || key == "closes" || key == "obsoleted-by":
		return true
	}
	_, ok := t.Person()
	return ok && hasAddress.MatchString(t.Value)
}

var (
	fixesForm  = regexp.MustCompile(`^[0-9a-fA-F]{6,64}\b`)
	hasAddress = regexp.MustCompile(`[^\s@]@[^\s@]+\.[^\s@]`)
)

// isHeader is true of names, in lower case, that stand in the header of a mail,
// in what a mail program puts above a quotation, or below a name as contact.
func isHeader(key string) bool {
	switch key {
	case "author", "from", "sender", "to", "cc", "bcc", "date", "sent", "subject", "reply-to", "in-reply-to", "references",
		"message-id", "subscribe", "unsubscribe", "base-commit", "change-id", "phone", "mail", "email", "e-mail",
		"mailto", "jabber", "xmpp", "matrix", "sip", "skype", "irc", "web":
		return true
	}
	return strings.HasPrefix(key, "list-")
}

func isPrintable(text string) bool { return patchmail.PrintableLine(text) == text }

package trailers

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kprep/kprep/patchmail"
)

// What a trailer may have, in letters, and in bytes.
const (
	maxKey   = 64
	maxName  = 100
	maxValue = 500
	maxBytes = 4 * maxValue
	maxNotes = 5
)

// readGiven reads a line that is a trailer and nothing else (b4-interop 9.3).
// Behind the address of a person a remark that "#" begins belongs to the value;
// other text there is a condition.
func readGiven(line string) (Given, bool) {
	key, raw, ok := replyField(line)
	if !ok || isHeader(strings.ToLower(key)) {
		return Given{}, false
	}
	g := Given{Trailer: Trailer{Key: key, Value: tidy(raw[:min(len(raw), maxBytes+1)])}}
	refused := func(format string, words ...any) (Given, bool) {
		g.Value, g.Condition, g.Refused = shortened(patchmail.PrintableLine(raw)), "", fmt.Sprintf(format, words...)
		return g, true
	}
	names := g.names()
	switch {
	case !names && g.Is("Fixes") && !beginsWithHash(g.Value), names && !strings.Contains(g.Value, "@"), names && strings.Contains(g.Value, "://") && !strings.Contains(g.Value, " #"):
		return Given{}, false
	}
	if len(raw) > maxBytes || utf8.RuneCountInString(g.Value) > maxValue {
		if names && !g.endsInBy() {
			return Given{}, false
		}
		return refused("it is longer than %d letters", maxValue)
	}
	if r, bad := hiddenLetter(raw); bad {
		if names && !g.endsInBy() { // it would be advice
			return Given{}, false
		}
		if r == utf8.RuneError {
			return refused("it is no UTF-8")
		}
		return refused("it holds %U, which nobody sees", r)
	}
	if !names {
		return g, true
	}
	address, rest := splitAddress(g.Value)
	g.Value = address
	person, isPerson := g.Person()
	isPerson = isPerson && isFull(person)
	switch {
	case !isPerson && !g.Vouches():
		return Given{}, false
	case isPerson && utf8.RuneCountInString(person.Name) > maxName:
		return refused("its name is longer than %d letters", maxName)
	case isPerson && namesAnother(rest):
		return refused("it names two addresses")
	case !isPerson:
		return refused("it names no address that can be read")
	case strings.HasPrefix(rest, "#"):
		g.Value, g.Condition = address+" "+rest, condition(strings.TrimLeft(rest, "# "))
	case !isPlain(rest), strings.Contains(rest, "?"), strings.HasPrefix(rest, "(") && len(wordsOf(rest)) > 0, strings.HasPrefix(rest, "["):
		g.Condition = rest
	default:
		g.Condition = condition(person.Name)
	}
	return g, true
}

// names says whether a trailer of this name has to name a person.
func (t Trailer) names() bool {
	return !t.Is("Fixes") && !t.Is("Link") && !t.Is("BugLink") && !t.Is("Closes") && !t.Is("Obsoleted-by")
}

func (t Trailer) endsInBy() bool { return strings.HasSuffix(strings.ToLower(t.Key), "-by") }

// replyField reads "Name: value", with a blank behind the colon.
func replyField(line string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(line, ":")
	if !ok || len(key) < 2 || len(key) > maxKey || key[0] == '-' || strings.Trim(key, keyBytes) != "" {
		return "", "", false
	}
	trimmed := trimBlanks(value)
	return key, trimmed, trimmed != "" && trimmed[0] != value[0]
}

// isBlank is true of blanks that mail programs put for one another, and of no
// control character.
func isBlank(r rune) bool { return r == '\t' || unicode.Is(unicode.Zs, r) }

func trimBlanks(s string) string { return strings.TrimFunc(s, isBlank) }

// tidy takes out of a value what mail programs put there.
func tidy(value string) string {
	return strings.Join(strings.FieldsFunc(cutMailto(value), isBlank), " ")
}

// cutMailto takes out links to mail.
//
// QUIRK: "Jane Doe <jane@example.org<mailto:jane@example.org>>".
func cutMailto(value string) string {
	const mark = "<mailto:"
	for from := 0; ; {
		i := strings.IndexByte(value[from:], '<')
		if i < 0 {
			return value
		}
		i += from
		from = i + 1
		if len(value) < i+len(mark) || !strings.EqualFold(value[i:i+len(mark)], mark) {
			continue
		}
		if end := strings.IndexAny(value[from:], "<>"); end >= 0 && value[from+end] == '>' {
			value, from = value[:i]+value[from+end+1:], i
		}
	}
}

func beginsWithHash(value string) bool {
	digits := len(value) - len(strings.TrimLeft(value, "0123456789abcdefABCDEF"))
	after := firstRune(value[digits:])
	return digits >= 6 && digits <= 64 && !unicode.IsLetter(after) && !unicode.IsDigit(after) && after != '_'
}

// hiddenLetter finds a letter that cannot be seen, such as a control character or
// one that turns the direction of writing; utf8.RuneError where there is none.
func hiddenLetter(text string) (rune, bool) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r != '\t' && !isPrintable(text[i:i+size]) {
			return r, true
		}
		i += size
	}
	return 0, false
}

func isPrintable(text string) bool { return patchmail.PrintableLine(text) == text }

// splitAddress divides a value behind its address.
func splitAddress(value string) (address, rest string) {
	for at := 0; ; {
		open := strings.IndexByte(value[at:], '<')
		if open < 0 {
			break
		}
		open += at
		end := strings.IndexAny(value[open+1:], "<>")
		if end < 0 {
			break
		}
		if end += open + 1; value[end] == '>' && strings.Contains(value[open:end], "@") {
			return value[:end+1], trimBlanks(value[end+1:])
		}
		at = open + 1
	}
	address, rest, _ = strings.Cut(value, " ")
	bare := strings.TrimRight(address, ".,;:!?")
	return bare, trimBlanks(address[len(bare):] + " " + rest)
}

// isFull is true of an address whose domain has at least two labels.
func isFull(a patchmail.Address) bool {
	domain := a.Domain()
	dot := strings.IndexByte(domain, '.')
	return dot > 0 && dot < len(domain)-1
}

// namesAnother says whether an address is in what stands behind one, outside of
// brackets.
func namesAnother(rest string) bool {
	if rest == "" || strings.IndexByte("#([", rest[0]) >= 0 {
		return false
	}
	for _, word := range strings.FieldsFunc(rest, func(r rune) bool { return isBlank(r) || strings.ContainsRune("<>,;()[]", r) }) {
		if local, domain, ok := strings.Cut(word, "@"); ok && local != "" && strings.Contains(domain, ".") {
			return true
		}
	}
	return false
}

// givenInSentence reads a trailer in running text, which has what stands before it
// for a condition.
func givenInSentence(line string) (Given, bool) {
	quoted := strings.IndexAny(line, "<>|") // as in "jd> Acked-by: …"
	for at := 0; ; {
		colon := strings.IndexByte(line[at:], ':')
		if colon < 0 {
			return Given{}, false
		}
		colon += at
		at = colon + 1
		begin := len(strings.TrimRight(line[:colon], keyBytes))
		key := line[begin:colon]
		if key == "" || key[0] < 'A' || key[0] > 'Z' || !(Trailer{Key: key}).endsInBy() {
			continue
		}
		if quoted >= 0 && quoted < begin {
			return Given{}, false
		}
		head := strings.TrimRight(line[:begin], "\"'`(")
		before := trimBlanks(head)
		if before == "" || strings.HasSuffix(head, before) { // no blank is between
			continue
		}
		value := line[colon+1 : min(len(line), colon+1+maxBytes)]
		end := strings.IndexByte(value, '>')
		if end < 0 || !strings.Contains(value[:end], "<") {
			continue
		}
		g, ok := readGiven(key + ":" + value[:end+1])
		if ok && g.Refused == "" {
			g.Condition = before
		}
		return g, ok
	}
}

// joinBroken joins a trailer that a mail program broke into two lines: the
// address below the name, or the end of the title that Fixes names.
func joinBroken(line, next string) (string, bool) {
	key, value, ok := replyField(trimBlanks(line))
	next = trimBlanks(next)
	_, _, isField := replyField(next)
	switch {
	case !ok || next == "":
		return "", false
	case strings.EqualFold(key, "fixes"):
		if strings.Count(value, "(") <= strings.Count(value, ")") || !strings.Contains(next, ")") || isField {
			return "", false
		}
	case strings.ContainsAny(value, "<@") || !isBracketed(next):
		return "", false
	}
	return strings.TrimRightFunc(line, isBlank) + " " + next, true
}

// isBracketed is true of an address in angle brackets, and a remark behind it.
func isBracketed(line string) bool {
	inside, rest, ok := strings.Cut(strings.TrimPrefix(line, "<"), ">")
	local, domain, isAddress := strings.Cut(inside, "@")
	rest = trimBlanks(rest)
	return ok && line[0] == '<' && isAddress && local != "" && domain != "" && !strings.ContainsAny(inside, "< \t") && (rest == "" || rest[0] == '#')
}

// isHeader is true of names, in lower case, that stand in the header of a mail,
// in what a mail program puts above a quotation, or below a name as contact.
func isHeader(key string) bool {
	switch key {
	case "author", "from", "sender", "to", "cc", "bcc", "date", "sent", "subject", "reply-to", "in-reply-to", "references",
		"message-id", "subscribe", "unsubscribe", "base-commit", "change-id", "phone", "mail", "email", "e-mail",
		"mailto", "jabber", "xmpp", "matrix", "sip", "skype", "irc", "web":
		return true
	}
	return strings.HasPrefix(key, "list-") || strings.HasPrefix(key, "prerequisite-")
}

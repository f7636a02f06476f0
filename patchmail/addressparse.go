package patchmail

import (
	"mime"
	"strings"
)

// ParseAddress reads exactly one mailbox, with or without a name. A list, a
// group, or text without local@domain is an *AddressError.
func ParseAddress(s string) (Address, error) {
	p, err := newAddressParser(s)
	if err != nil {
		return Address{}, err
	}
	list, err := p.list()
	if err != nil {
		return Address{}, err
	}
	if len(list) != 1 || p.groups > 0 {
		return Address{}, p.fail("not exactly one address")
	}
	return list[0], nil
}

// ParseAddressList reads an address list of RFC 5322 in order of appearance.
// Groups are expanded and an empty one is nothing; comments belong to the name
// they stand in; quoted names, encoded words and the obsolete forms (routes,
// blanks around dots) are understood. An empty list is no error; anything
// without local@domain is an *AddressError.
func ParseAddressList(s string) ([]Address, error) {
	p, err := newAddressParser(s)
	if err != nil {
		return nil, err
	}
	return p.list()
}

// ParseGroup reads a line that is a group, "name: a@x, b@y;", in the order of its
// members, of which there may be none ("undisclosed-recipients:;"). Text behind
// "#" is dropped. ok is false for anything else.
func ParseGroup(s string) (members []Address, ok bool) {
	if end := strings.LastIndexByte(s, ';'); end >= 0 && strings.HasPrefix(strings.TrimSpace(s[end+1:]), "#") {
		s = s[:end+1]
	}
	p, err := newAddressParser(s)
	if err != nil {
		return nil, false
	}
	members, err = p.list()
	return members, err == nil && p.groups > 0
}

// ParseTrailerAddress reads the value of a person trailer. The line is one
// mailbox, so commas, colons and semicolons belong to the name even without
// quotes. Text behind the address ("# 5.10+", "[fixed typo]") is dropped, unless
// it holds another address: that is an *AddressError, as is a value without
// local@domain.
func ParseTrailerAddress(value string) (Address, error) {
	p, err := newAddressParser(value)
	if err != nil {
		return Address{}, err
	}
	p.trailer = true
	p.skipBlanks()
	return p.one()
}

// An addressParser walks over one string.
type addressParser struct {
	text    string
	pos     int
	trailer bool // the text is one mailbox: no separators, no groups
	inGroup bool
	groups  int
}

func newAddressParser(s string) (*addressParser, error) {
	s = strings.ReplaceAll(s, "\t", " ")
	if reason := unsafeText(s); reason != "" {
		return nil, &AddressError{s, reason}
	}
	return &addressParser{text: s}, nil
}

func (p *addressParser) fail(reason string) error {
	return &AddressError{p.text, reason}
}

// list reads addresses to the end of the text. Empty elements are the obsolete
// list syntax of RFC 5322, section 4.4.
func (p *addressParser) list() ([]Address, error) {
	var list []Address
	for {
		if _, err := p.skipComments(); err != nil {
			return nil, err
		}
		switch {
		case p.pos == len(p.text):
			if p.inGroup {
				return nil, p.fail("group without a closing semicolon")
			}
			return list, nil
		case p.text[p.pos] == ',':
			p.pos++
		case p.text[p.pos] == ';' && p.inGroup:
			p.inGroup = false
			p.pos++
		default:
			opened := p.groups
			a, err := p.one()
			if err != nil {
				return nil, err
			}
			if p.groups == opened {
				list = append(list, a)
			}
		}
	}
}

// one reads a mailbox, or, where groups are allowed, a group's name and colon.
func (p *addressParser) one() (Address, error) {
	var ph phrase
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == ' ':
			p.pos++
			ph.blank()
		case c == '"':
			quoted, err := p.quoted()
			if err != nil {
				return Address{}, err
			}
			ph.add(unquote(quoted), quoted)
		case c == '(':
			comment, err := p.comment()
			if err != nil {
				return Address{}, err
			}
			ph.comment(comment)
		case c == '<':
			return p.angle(ph)
		case c == '[' && strings.HasSuffix(ph.source.String(), "@"):
			end := strings.IndexByte(p.text[p.pos:], ']') + 1
			if end == 0 {
				return Address{}, p.fail("domain literal without ]")
			}
			literal := p.text[p.pos : p.pos+end]
			p.pos += end
			ph.add(literal, literal)
		case p.trailer && c == '#' && ph.afterBlank && strings.Contains(ph.source.String(), "@"):
			return p.bare(ph)
		case !p.trailer && c == ':':
			return Address{}, p.openGroup()
		case !p.trailer && (c == ',' || c == ';'):
			return p.bare(ph)
		case c == '>':
			return Address{}, p.fail("> without <")
		default:
			ph.add(p.text[p.pos:p.pos+1], p.text[p.pos:p.pos+1])
			p.pos++
		}
	}
	return p.bare(ph)
}

func (p *addressParser) openGroup() error {
	if p.inGroup {
		return p.fail("group inside a group")
	}
	p.inGroup = true
	p.groups++
	p.pos++
	return nil
}

// bare finishes a mailbox without brackets. Its name may stand in a comment,
// as RFC 822 had it: j@example.org (Jane Doe).
func (p *addressParser) bare(ph phrase) (Address, error) {
	if !p.trailer && p.pos < len(p.text) && p.text[p.pos] == ';' && !p.inGroup {
		return Address{}, p.fail("semicolon outside a group")
	}
	source := strings.TrimSpace(ph.source.String())
	mailbox, err := parseMailbox(source)
	if err != nil && p.trailer {
		first, rest, _ := strings.Cut(source, " ")
		if strings.Contains(rest, "@") {
			return Address{}, p.fail("more than one address on a trailer line")
		}
		mailbox, err = parseMailbox(first)
	}
	if err != nil {
		return Address{}, err
	}
	return p.finish(ph.lastComment, mailbox)
}

// angle reads "<mailbox>" and what may stand behind it.
func (p *addressParser) angle(ph phrase) (Address, error) {
	p.pos++
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos] != '>' {
		switch p.text[p.pos] {
		case '"':
			if _, err := p.quoted(); err != nil {
				return Address{}, err
			}
		case '<':
			return Address{}, p.fail("< inside <…>")
		default:
			p.pos++
		}
	}
	if p.pos == len(p.text) {
		return Address{}, p.fail("< without >")
	}
	inside := strings.TrimSpace(p.text[start:p.pos])
	p.pos++
	if strings.HasPrefix(inside, "@") {
		// The obsolete source route: <@relay1,@relay2:j@example.org>.
		_, behind, found := strings.Cut(inside, ":")
		if !found {
			return Address{}, p.fail("route without an address")
		}
		inside = behind
	}
	mailbox, err := parseMailbox(inside)
	if err != nil {
		return Address{}, err
	}
	name := ph.name.String()
	if p.trailer {
		rest, _, _ := strings.Cut(p.text[p.pos:], "#")
		if strings.Contains(rest, "@") {
			return Address{}, p.fail("more than one address on a trailer line")
		}
		return p.finish(name, mailbox)
	}
	comment, err := p.skipComments()
	if err != nil {
		return Address{}, err
	}
	if p.pos < len(p.text) && !strings.ContainsRune(",;", rune(p.text[p.pos])) {
		return Address{}, p.fail("text behind the address")
	}
	if name == "" {
		name = comment
	}
	return p.finish(name, mailbox)
}

// finish decodes the name. QUIRK: encoded words are decoded in quoted strings
// too, where RFC 2047 forbids them, since mailers write
// "=?utf-8?q?B=C3=A4r?=" <b@example.org>.
func (p *addressParser) finish(name, mailbox string) (Address, error) {
	decoded, err := new(mime.WordDecoder).DecodeHeader(name)
	if err != nil {
		return Address{}, p.fail(err.Error())
	}
	// What was encoded may be a line feed: look again.
	if reason := unsafeText(decoded); reason != "" {
		return Address{}, p.fail("the name " + reason)
	}
	return Address{Name: decoded, Mailbox: mailbox}, nil
}

func (p *addressParser) skipBlanks() {
	for p.pos < len(p.text) && p.text[p.pos] == ' ' {
		p.pos++
	}
}

// skipComments skips blanks and comments and returns the text of the last one.
func (p *addressParser) skipComments() (last string, err error) {
	for {
		p.skipBlanks()
		if p.pos == len(p.text) || p.text[p.pos] != '(' {
			return last, nil
		}
		if last, err = p.comment(); err != nil {
			return "", err
		}
	}
}

// comment reads a comment, which may hold others, and returns its text.
func (p *addressParser) comment() (string, error) {
	var text strings.Builder
	depth := 0
	for ; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; c {
		case '(':
			if depth > 0 {
				text.WriteByte(c)
			}
			depth++
		case ')':
			if depth--; depth == 0 {
				p.pos++
				return text.String(), nil
			}
			text.WriteByte(c)
		case '\\':
			if p.pos+1 < len(p.text) {
				p.pos++
			}
			text.WriteByte(p.text[p.pos])
		default:
			text.WriteByte(c)
		}
	}
	return "", p.fail("comment without )")
}

// quoted reads a quoted string and returns it as written, quotes included.
func (p *addressParser) quoted() (string, error) {
	end := quotedEnd(p.text[p.pos:])
	if end < 0 {
		return "", p.fail("quote without its end")
	}
	q := p.text[p.pos : p.pos+end]
	p.pos += end
	return q, nil
}

// quotedEnd returns the length of the quoted string s starts with, or -1.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// unquote returns what a quoted string stands for.
func unquote(q string) string {
	var b strings.Builder
	for i := 1; i < len(q)-1; i++ {
		if q[i] == '\\' {
			i++
		}
		b.WriteByte(q[i])
	}
	return b.String()
}

// A phrase collects what stands before a "<" twice: as the name it would be
// and, without comments, as the source of a mailbox in case no "<" comes.
type phrase struct {
	name, source strings.Builder
	afterBlank   bool
	lastComment  string
}

func (ph *phrase) blank() { ph.afterBlank = true }

func (ph *phrase) add(name, source string) {
	if ph.afterBlank {
		if ph.name.Len() > 0 {
			ph.name.WriteByte(' ')
		}
		ph.source.WriteByte(' ')
		ph.afterBlank = false
	}
	ph.name.WriteString(name)
	ph.source.WriteString(source)
}

// comment keeps a comment as part of the name: the "(Intel)" of a kernel
// developer is how she signs.
func (ph *phrase) comment(text string) {
	ph.add("("+text+")", " ")
	ph.lastComment = text
}

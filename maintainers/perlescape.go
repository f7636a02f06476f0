package maintainers

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// escape reads what stands behind a backslash outside of brackets.
func (t *translator) escape() error {
	if t.pos >= len(t.src) {
		return fmt.Errorf("trailing backslash")
	}
	rest := t.src[t.pos:]
	c := rest[0]
	if linear, back, ok := t.shorthand(c); ok {
		t.pos++
		t.atomic(linear, back)
		return nil
	}
	switch {
	case c == 'b' && !strings.HasPrefix(rest, "b{"), c == 'B' && !strings.HasPrefix(rest, "B{"):
		t.pos++
		t.classes, t.atom = true, -1
		t.emit(`\`+rest[:1], t.boundary(c))
		return nil
	case c == 'A', c == 'z':
		t.pos++
		t.atom = -1
		t.emit(`\`+rest[:1], `\`+rest[:1])
		return nil
	case c == 'Z':
		t.pos++
		t.atom = -1
		t.emit(`(?:\n?\z)`, `\Z`)
		return nil
	case c == 'K': // where the match is said to begin: no difference to whether there is one
		t.pos++
		return nil
	case c == 'R':
		t.pos++
		t.atomic(`(?:\r\n|[\n\x0b\f\r])`, `(?:\r\n|[\n\x0b\f\r])`)
		return nil
	case c == 'p' || c == 'P':
		property, err := t.property(rest)
		if err != nil {
			return err
		}
		t.atomic(property, property)
		return nil
	}
	octal := regexp.MustCompile(`^[0-3][0-7]{2}`).MatchString(rest)
	if m := regexp.MustCompile(`^(?:g\{?(-?\d+)\}?|g\{(\w+)\}|k[<{'](\w+)[>}']|([1-9]\d?))`).FindStringSubmatch(rest); m != nil && !octal {
		return t.backReference(m)
	}
	if strings.IndexByte("bBGXCQEUL", c) >= 0 || c == 'N' && strings.HasPrefix(rest, "N{") {
		return fmt.Errorf(`escape \%c is not supported`, c)
	}
	r, size, err := character(rest)
	if err != nil {
		return err
	}
	t.pos += size
	t.literal(r)
	return nil
}

// backReference takes a match of the four ways to write one.
func (t *translator) backReference(m []string) error {
	t.pos += len(m[0])
	name := m[2] + m[3]
	if number := m[1] + m[4]; number != "" {
		n, _ := strconv.Atoi(number)
		if n < 0 {
			n += t.captures + 1
		}
		if n < 1 || n > strings.Count(t.src, "(") {
			return fmt.Errorf("reference to group %s, which is not there", number)
		}
		name = strconv.Itoa(n)
	}
	t.exact = false
	t.atomic("(?s:.*)", `\k<`+name+`>`)
	return nil
}

// shorthand translates the escapes that mean a set of characters.
func (t *translator) shorthand(c byte) (linear, back string, ok bool) {
	switch c {
	case 'h':
		return `[ \t]`, `[ \t]`, true
	case 'H':
		return `[^ \t]`, `[^ \t]`, true
	case 'v':
		return `[\n\x0b\f\r]`, `[\n\x0b\f\r]`, true
	case 'V', 'N':
		if c == 'N' {
			if strings.HasPrefix(t.src[t.pos:], "N{") {
				return "", "", false
			}
			return `[^\n]`, `[^\n]`, true
		}
		return `[^\n\x0b\f\r]`, `[^\n\x0b\f\r]`, true
	}
	inside, negated := shorthandClass(c)
	if inside == "" {
		return "", "", false
	}
	t.classes = true
	linear = "[" + negated + inside + "]"
	if t.era == New {
		return linear, `\` + string(c), true
	}
	return linear, linear, true
}

// shorthandClass is the ASCII meaning of \d, \w, \s and their opposites.
func shorthandClass(c byte) (inside, negated string) {
	switch c {
	case 'D', 'W', 'S':
		negated = "^"
	}
	switch c {
	case 'd', 'D':
		return `0-9`, negated
	case 'w', 'W':
		return `0-9A-Za-z_`, negated
	case 's', 'S':
		return ` \t\n\r\f\x0b`, negated
	}
	return "", ""
}

// boundary writes \b and \B for the backtracking dialect, where they always
// mean Unicode's words.
func (t *translator) boundary(c byte) string {
	if t.era == New {
		return `\` + string(c)
	}
	const w = `[0-9A-Za-z_]`
	if c == 'b' {
		return `(?:(?<=` + w + `)(?!` + w + `)|(?<!` + w + `)(?=` + w + `))`
	}
	return `(?:(?<=` + w + `)(?=` + w + `)|(?<!` + w + `)(?!` + w + `))`
}

func (t *translator) property(rest string) (string, error) {
	m := regexp.MustCompile(`^[pP](?:\{\^?\w+\}|[A-Z])`).FindString(rest)
	if m == "" {
		return "", fmt.Errorf("property %q is not supported", `\`+rest)
	}
	t.pos += len(m)
	if len(m) == 2 { // one letter without braces, which one dialect lacks
		m = m[:1] + "{" + m[1:] + "}"
	}
	return `\` + m, nil
}

// character reads an escape that means one character.
func character(rest string) (r rune, size int, err error) {
	if m := regexp.MustCompile(`^(?:x\{\s*([0-9A-Fa-f]+)\s*\}|x([0-9A-Fa-f]{0,2})|o\{([0-7]+)\}|(0[0-7]{0,2}|[1-7][0-7]{2}))`).FindStringSubmatch(rest); m != nil {
		hex, octal := m[1]+m[2], m[3]+m[4]
		var n uint64
		if octal != "" {
			n, err = strconv.ParseUint(octal, 8, 32)
		} else if hex != "" {
			n, err = strconv.ParseUint(hex, 16, 32)
		}
		if err != nil || n > utf8.MaxRune {
			return 0, 0, fmt.Errorf("character %q is out of range", `\`+m[0])
		}
		return rune(n), len(m[0]), nil
	}
	switch rest[0] {
	case 'a':
		return 7, 1, nil
	case 'e':
		return 0x1b, 1, nil
	case 'f':
		return '\f', 1, nil
	case 'n':
		return '\n', 1, nil
	case 'r':
		return '\r', 1, nil
	case 't':
		return '\t', 1, nil
	case 'c':
		if len(rest) > 1 && rest[1] < utf8.RuneSelf {
			return rune(lowerASCII(rest[1:2])[0]&^0x20 ^ 0x40), 2, nil
		}
		return 0, 0, fmt.Errorf(`escape \c without a letter`)
	}
	r, size = utf8.DecodeRuneInString(rest)
	return r, size, nil
}

// class reads a bracket expression; the opening bracket has been read.
func (t *translator) class() error {
	var linear, back strings.Builder
	linear.WriteByte('[')
	back.WriteByte('[')
	both := func(s string) { linear.WriteString(s); back.WriteString(s) }
	if strings.HasPrefix(t.src[t.pos:], "^") {
		t.pos++
		both("^")
	}
	for first := true; ; first = false {
		if t.pos >= len(t.src) {
			return fmt.Errorf("unmatched [")
		}
		rest := t.src[t.pos:]
		switch {
		case rest[0] == ']' && !first:
			t.pos++
			both("]")
			t.atomic(linear.String(), back.String())
			return nil
		case strings.HasPrefix(rest, "[:") && strings.Contains(rest, ":]"):
			l, b, size, err := t.posix(rest)
			if err != nil {
				return err
			}
			t.pos += size
			linear.WriteString(l)
			back.WriteString(b)
		case rest[0] == '-' && !first && !strings.HasPrefix(rest, "-]"):
			t.pos++
			both("-") // of a range, or literal behind one: both dialects read it so
		case rest[0] == '\\':
			l, b, err := t.classEscape(rest)
			if err != nil {
				return err
			}
			linear.WriteString(l)
			back.WriteString(b)
		default:
			r, size := utf8.DecodeRuneInString(rest)
			t.pos += size
			both(quoteInClass(r))
		}
	}
}

func (t *translator) classEscape(rest string) (linear, back string, err error) {
	if len(rest) < 2 {
		return "", "", fmt.Errorf("unmatched [")
	}
	c := rest[1]
	t.pos += 2
	switch inside, negated := shorthandClass(c); {
	case c == 'b':
		return `\x08`, `\x08`, nil
	case c == 'h':
		return ` \t`, ` \t`, nil
	case c == 'v':
		return `\n\x0b\f\r`, `\n\x0b\f\r`, nil
	case c == 'p' || c == 'P':
		t.pos--
		property, err := t.property(rest[1:])
		return property, property, err
	case inside != "" && negated == "":
		t.classes = true
		if t.era == New {
			return inside, `\` + string(c), nil
		}
		return inside, inside, nil
	case inside != "":
		t.classes = true
		return `\` + string(c), `\` + string(c), nil
	}
	r, size, err := character(rest[1:])
	t.pos += size - 1
	return quoteInClass(r), quoteInClass(r), err
}

func (t *translator) posix(rest string) (linear, back string, size int, err error) {
	end := strings.Index(rest, ":]")
	name := rest[2:end]
	unicode := map[string]string{
		"alpha": `\p{L}`, "digit": `\d`, "alnum": `\p{L}\p{N}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`, "space": `\s`, "word": `\w`,
		"xdigit": `0-9A-Fa-f`, "blank": ` \t`, "cntrl": `\x00-\x1f\x7f`, "punct": `!-/:-@\[-` + "`" + `{-~`, "graph": `!-~`, "print": ` -~`, "ascii": `\x00-\x7f`,
	}
	ascii := map[string]string{
		"alpha": `A-Za-z`, "digit": `0-9`, "alnum": `0-9A-Za-z`, "upper": `A-Z`, "lower": `a-z`, "space": ` \t\n\r\f\x0b`, "word": `0-9A-Za-z_`,
	}
	back, ok := unicode[name]
	if !ok {
		return "", "", 0, fmt.Errorf("class [:%s:] is not supported", name)
	}
	linear = back
	if narrow, differs := ascii[name]; differs {
		t.classes, linear = true, narrow
		if t.era == Old {
			back = narrow
		}
	}
	return linear, back, end + 2, nil
}

func quoteInClass(r rune) string {
	if strings.ContainsRune(`[]^-\&~`, r) {
		return `\` + string(r)
	}
	return string(r)
}

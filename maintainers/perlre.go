package maintainers

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A translation is a Perl regular expression in two dialects.
type translation struct {
	// linear is for package regexp. It matches wherever the original does;
	// when exact is false, elsewhere too, because look-around and
	// back-references are left out.
	linear string
	exact  bool
	// classes is true when the original uses \w, \b and the like, which mean
	// other characters in text that is not ASCII.
	classes bool
	// backtracking is for package regexp2, and exact.
	backtracking string
}

// translate rewrites a Perl regular expression, given as the characters that
// its era sees. extended is Perl's /x: blanks outside of brackets and what
// follows a # mean nothing.
func translate(source string, extended bool, era Era) (translation, error) {
	t := &translator{src: source, era: era, extended: extended, atom: -1}
	t.exact = true
	if err := t.run(); err != nil {
		return translation{}, err
	}
	t.translation.linear = t.linear.String()
	t.translation.backtracking = t.back.String()
	return t.translation, nil
}

// A group is one that is open: what to restore behind its parenthesis.
type group struct {
	extended, multiline bool
	atom                int  // where the group starts in the backtracking dialect
	around              bool // a look-around, left out of the linear dialect
	mute                bool // inside of one
}

type translator struct {
	translation
	src string
	pos int
	era Era

	linear, back strings.Builder
	extended     bool
	multiline    bool
	mute         bool // inside look-around nothing goes to the linear dialect
	groups       []group
	atom         int // where the last atom starts in back, for possessive quantifiers; -1 for none
	quantified   bool
	captures     int
}

func (t *translator) emit(linear, back string) {
	if !t.mute {
		t.linear.WriteString(linear)
	}
	t.back.WriteString(back)
}

// atomic emits something that a quantifier may follow.
func (t *translator) atomic(linear, back string) {
	t.atom, t.quantified = t.back.Len(), false
	t.emit(linear, back)
}

func (t *translator) literal(r rune) {
	q := regexp.QuoteMeta(string(r))
	t.atomic(q, q)
}

func (t *translator) run() error {
	for t.pos < len(t.src) {
		r, size := utf8.DecodeRuneInString(t.src[t.pos:])
		rest := t.src[t.pos:]
		t.pos += size
		var err error
		switch r {
		case ' ', '\t', '\n', '\r', '\f', '\v':
			if !t.extended {
				t.literal(r)
			}
		case '#':
			if t.extended {
				t.skipComment()
			} else {
				t.literal(r)
			}
		case '\\':
			err = t.escape()
		case '[':
			err = t.class()
		case '(':
			err = t.open()
		case ')':
			err = t.close()
		case '|':
			t.atom = -1
			t.emit("|", "|")
		case '^':
			t.atom = -1
			t.emit("^", "^")
		case '$':
			t.atom = -1
			if t.multiline {
				t.emit("$", "$")
			} else { // Perl's also matches before a last line feed
				t.emit(`(?:\n?\z)`, "$")
			}
		case '.':
			t.atomic(".", ".")
		case '*', '+', '?', '{':
			err = t.quantifier(rest)
		default:
			t.literal(r)
		}
		if err != nil {
			return err
		}
	}
	if len(t.groups) > 0 {
		return fmt.Errorf("unmatched (")
	}
	return nil
}

func (t *translator) skipComment() {
	if i := strings.IndexByte(t.src[t.pos:], '\n'); i >= 0 {
		t.pos += i + 1
	} else {
		t.pos = len(t.src)
	}
}

// quantifier reads one quantifier, and the + or ? behind it.
func (t *translator) quantifier(rest string) error {
	q := rest[:1]
	if q == "{" {
		m := regexp.MustCompile(`^\{\s*(\d*)\s*(,?)\s*(\d*)\s*\}`).FindStringSubmatch(rest)
		if m == nil || m[1] == "" && m[3] == "" {
			t.literal('{')
			return nil
		}
		t.pos += len(m[0]) - 1
		q = "{" + m[1] + m[2] + m[3] + "}"
		if m[1] == "" {
			q = "{0" + m[2] + m[3] + "}"
		}
	}
	if t.quantified {
		return fmt.Errorf("nested quantifiers before %q", rest)
	}
	if t.atom < 0 {
		return fmt.Errorf("quantifier %q follows nothing", q)
	}
	linear := q
	if n := strings.Trim(q, "{}"); n != q {
		// Package regexp repeats a thousand times at most.
		least, most, _ := strings.Cut(n, ",")
		a, _ := strconv.Atoi(least)
		b, _ := strconv.Atoi(most)
		if a > 1000 || b > 1000 {
			linear, t.exact = "*", false
		}
	}
	t.emit(linear, q)
	switch {
	case strings.HasPrefix(t.src[t.pos:], "?"):
		t.pos++
		t.emit("?", "?")
	case strings.HasPrefix(t.src[t.pos:], "+"):
		t.pos++
		t.exact = false
		all := t.back.String()
		t.back.Reset()
		t.back.WriteString(all[:t.atom] + "(?>" + all[t.atom:] + ")")
	}
	t.quantified = true
	return nil
}

// open reads what stands behind a parenthesis.
func (t *translator) open() error {
	rest := t.src[t.pos:]
	g := group{extended: t.extended, multiline: t.multiline, atom: t.back.Len(), mute: t.mute}
	push := func(size int, linear, back string) error {
		t.pos += size
		t.emit(linear, back)
		t.groups = append(t.groups, g)
		t.atom = -1
		return nil
	}
	switch {
	case strings.HasPrefix(rest, "*"):
		return fmt.Errorf("backtracking verb %q is not supported", "("+rest)
	case !strings.HasPrefix(rest, "?"):
		t.captures++
		return push(0, "(?:", "(")
	case strings.HasPrefix(rest, "?#"):
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return fmt.Errorf("comment (?# without its end")
		}
		t.pos += end + 1
		return nil
	}
	for _, around := range []string{"?=", "?!", "?<=", "?<!"} {
		if strings.HasPrefix(rest, around) {
			t.exact, g.around = false, true
			t.emit("(?:)", "")
			t.mute = true
			return push(len(around), "", "("+around)
		}
	}
	if strings.HasPrefix(rest, "?>") {
		t.exact = false
		return push(2, "(?:", "(?>")
	}
	if m := regexp.MustCompile(`^\?(?:P?<(\w+)>|'(\w+)')`).FindStringSubmatch(rest); m != nil {
		t.captures++
		return push(len(m[0]), "(?:", "(?<"+m[1]+m[2]+">")
	}
	m := regexp.MustCompile(`^\?(\^?)([a-z]*)(?:-([a-z]*))?([:)])`).FindStringSubmatch(rest)
	if m == nil {
		return fmt.Errorf("group %q is not supported", "("+rest[:min(3, len(rest))])
	}
	flags, err := t.flags(m[1] == "^", m[2], m[3])
	if err != nil {
		return err
	}
	if m[4] == ":" {
		return push(len(m[0]), "(?"+flags+":", "(?"+flags+":")
	}
	t.pos += len(m[0])
	t.atom = -1
	if flags != "" {
		t.emit("(?"+flags+")", "(?"+flags+")")
	}
	return nil
}

// flags takes x for itself and returns the flags that both dialects know.
func (t *translator) flags(reset bool, on, off string) (string, error) {
	if reset {
		t.extended, t.multiline = false, false
		off += "ims"
	}
	keep := func(flags string, value bool) (string, error) {
		kept := ""
		for _, f := range flags {
			switch f {
			case 'x':
				t.extended = value
			case 'm':
				t.multiline = value
				kept += "m"
			case 'i', 's':
				kept += string(f)
			case 'a', 'u', 'l', 'd', 'p', 'n':
				// Which characters \w means, and what is captured.
			default:
				return "", fmt.Errorf("flag %q is not supported", f)
			}
		}
		return kept, nil
	}
	without, err := keep(off, false)
	if err != nil {
		return "", err
	}
	with, err := keep(on, true)
	if err != nil {
		return "", err
	}
	for _, f := range with {
		without = strings.ReplaceAll(without, string(f), "")
	}
	if without != "" {
		without = "-" + without
	}
	return with + without, nil
}

func (t *translator) close() error {
	if len(t.groups) == 0 {
		return fmt.Errorf("unmatched )")
	}
	g := t.groups[len(t.groups)-1]
	t.groups = t.groups[:len(t.groups)-1]
	if g.around {
		t.emit("", ")")
		t.mute = g.mute
	} else {
		t.emit(")", ")")
	}
	t.extended, t.multiline = g.extended, g.multiline
	t.atom, t.quantified = g.atom, false
	return nil
}
